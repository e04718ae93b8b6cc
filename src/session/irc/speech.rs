//! Encodes messages of users.

use super::encode::Writer;
use crate::message::{Capabilities, Speech, SpeechKind};
use crate::wire::irc::{Line, Tags, split_text};

/// The beginning of the text of a CTCP action.
pub(super) const CTCP_ACTION: &str = "\x01ACTION ";

impl Writer<'_> {
    pub(super) fn speech(&self, target: &str, speech: &Speech, out: &mut Vec<u8>) {
        let command = match speech.kind {
            SpeechKind::Message => "PRIVMSG",
            SpeechKind::Notice => "NOTICE",
            SpeechKind::TagsOnly => {
                if self.capabilities.has(Capabilities::MESSAGE_TAGS) {
                    self.spoken(0, "TAGMSG", target, speech, out).end();
                }
                return;
            }
        };
        let (before, text, after) = action(&speech.text).unwrap_or(("", &speech.text, ""));
        // Any other CTCP request ends with a mark, so it must not be split.
        if text.starts_with('\x01') {
            let mut line = self.spoken(0, command, target, speech, out);
            line.trailing(text);
            return line.end();
        }
        let finish = |mut line: Line<'_>, piece: &str| {
            if before.is_empty() {
                line.trailing(piece);
            } else {
                line.trailing(&[before, piece, after].concat());
            }
            line.end();
        };
        let start = out.len();
        let line = self.spoken(0, command, target, speech, out);
        // Every part has the same room, because tags do not count.
        let mut pieces = split_text(text, line.room().saturating_sub(before.len() + after.len()));
        match pieces.next() {
            Some(piece) => finish(line, piece),
            None => return out.truncate(start),
        }
        let most = start + self.house.answer_bytes();
        for (part, piece) in (1..).zip(pieces) {
            // Text made of newlines grows a hundredfold here, and must not fill an outbox.
            if out.len() > most {
                return;
            }
            finish(self.spoken(part, command, target, speech, out), piece);
        }
    }

    /// Begins a line of a message, with an id and the sender's client tags. Each line of a long text has its own id.
    fn spoken<'b>(
        &self,
        part: usize,
        command: &str,
        target: &str,
        speech: &Speech,
        out: &'b mut Vec<u8>,
    ) -> Line<'b> {
        let mut line = Line::begin(out);
        self.tags(&mut line);
        if self.capabilities.has(Capabilities::MESSAGE_TAGS) {
            let id = self.event.id;
            match part {
                0 => line.plain_tag("msgid", id),
                _ => line.plain_tag("msgid", format_args!("{id}-{part}")),
            }
            for (key, value) in Tags(&speech.tags).raw() {
                line.raw_tag(key, value);
            }
        }
        self.source(&mut line);
        line.command(command);
        line.param(target);
        line
    }
}

/// The prefix, text and optional end mark of a CTCP action. Each part of a long one must be an action.
fn action(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_at_checked(CTCP_ACTION.len())?;
    let end = rest.strip_suffix('\x01').map_or(rest.len(), str::len);
    let (text, after) = rest.split_at(end);
    (before == CTCP_ACTION && !text.is_empty()).then_some((before, text, after))
}
