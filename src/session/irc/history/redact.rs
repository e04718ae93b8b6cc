//! `REDACT` (IRCv3 `draft/message-redaction`): removes a message for everybody, and from the history.

use crate::hub::{NotRedacted, REDACTABLE};
use crate::message::{Answer, Capabilities, EventId, Query, RecallFor};
use crate::name::RoomName;
use crate::session::Context;
use crate::session::irc::client::Irc;
use crate::session::irc::rooms::{KICK_CHARS, cut};
use crate::session::irc::writer::Writer;
use crate::wire::irc::Message;

const COMMAND: &str = "REDACT";

impl Irc {
    /// `REDACT channel msgid [reason]`.
    pub(in crate::session::irc) fn redact(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let (target, id) = (message.params[0], message.params[1]);
        let of = RoomName::new(target).ok().and_then(|room| self.readable(&room, context));
        let Some(of) = of else {
            let text = "You can only delete messages from a channel that you are in";
            return self.fail_about(COMMAND, "INVALID_TARGET", &[target], text, context);
        };
        let Ok(id) = id.parse() else {
            return self.unknown_message(target, id, context);
        };
        let reason = cut(message.params.get(2).copied().unwrap_or_default(), KICK_CHARS).to_owned();
        let purpose = RecallFor::Redaction { room: of.room.clone(), id, reason };
        self.recall(Query::Message { of: of.into(), id }, purpose, context);
    }

    pub(super) fn redaction_recalled(
        &self,
        room: &RoomName,
        id: EventId,
        reason: String,
        answer: Answer,
        context: &mut Context<'_>,
    ) {
        let about = [room.as_str(), &id.to_string()];
        match answer {
            Answer::Message(Some(message)) => {
                let done = context.hub.redact(self.user, room, &message, reason, context.now, context.out);
                match done {
                    Ok(()) => {}
                    Err(NotRedacted::Forbidden) => {
                        let text = "Only its author and operators of the channel may delete this message";
                        self.fail_about(COMMAND, "REDACT_FORBIDDEN", &about, text, context);
                    }
                    Err(NotRedacted::TooOld) => {
                        let window = REDACTABLE.as_secs().to_string();
                        let about = [about[0], about[1], &window];
                        let text = "Your message is too old to be deleted; ask an operator of the channel";
                        self.fail_about(COMMAND, "REDACT_WINDOW_EXPIRED", &about, text, context);
                    }
                }
            }
            _ => self.unknown_message(about[0], about[1], context),
        }
    }

    fn unknown_message(&self, target: &str, id: &str, context: &mut Context<'_>) {
        let text = "This message does not exist or is too old";
        self.fail_about(COMMAND, "UNKNOWN_MSGID", &[target, id], text, context);
    }
}

impl Writer<'_> {
    /// Tells clients that know redactions.
    pub(in crate::session::irc) fn redacted(
        &self,
        room: &RoomName,
        message: EventId,
        reason: &str,
        out: &mut Vec<u8>,
    ) {
        if self.capabilities.has(Capabilities::REDACTION) {
            self.line(COMMAND, out, |line| {
                line.param(room.as_str());
                line.param(&message.to_string());
                if !reason.is_empty() {
                    line.trailing(reason);
                }
            });
        }
    }
}
