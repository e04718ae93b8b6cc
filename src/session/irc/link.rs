//! `PING`, `PONG`, `ERROR`, `QUIT`: commands that keep or end a connection.

use super::client::Irc;
use crate::message::CloseReason;
use crate::session::Context;
use crate::wire::irc::{Message, numeric};

impl Irc {
    pub(super) fn ping(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let token = message.params[0];
        if token.is_empty() {
            return self.say(numeric::ERR_NOORIGIN, "No origin specified", context);
        }
        let name = context.house.name.clone();
        self.send("PONG", context, |line| {
            line.param(&name);
            line.trailing(token);
        });
    }

    /// `PONG token`: for the connection, receiving it is enough.
    #[cfg(feature = "store")]
    pub(super) fn pong(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        self.replay_after_pong(message, context);
    }

    /// `PONG token`: receiving it is enough.
    #[cfg(not(feature = "store"))]
    pub(super) fn pong(&mut self, _: &Message<'_>, _: &mut Context<'_>) {}

    /// `ERROR`: ignored from clients.
    pub(super) fn error(&mut self, _: &Message<'_>, _: &mut Context<'_>) {}

    pub(super) fn quit(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let reason = message.params.first().copied().unwrap_or_default();
        context.out.close(self.connection, CloseReason::Quit(reason.to_owned()));
    }
}
