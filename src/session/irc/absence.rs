//! Being away at one device of several, and coming without anybody there (IRCv3 `draft/pre-away`).

use super::client::{Irc, Phase};
use crate::message::{Capabilities, Command, UserChange};
use crate::session::Context;
use crate::wire::irc::numeric;

impl Irc {
    /// Sets the away message of this client. False after an error.
    pub(super) fn set_away(&mut self, away: Option<String>, context: &mut Context<'_>) -> bool {
        match &mut self.phase {
            Phase::Registering(registration) if self.capabilities.has(Capabilities::PRE_AWAY) => {
                registration.away = away.map(Into::into);
                true
            }
            Phase::Registering(_) => {
                self.say(numeric::ERR_NOTREGISTERED, "Request draft/pre-away, or register first", context);
                false
            }
            Phase::Online { .. } if context.hub.account_of(self.user).is_some() => {
                let (user, now) = (self.user, context.now);
                let left = context.hub.leave_device(user, self.connection, away.as_deref(), now, context.out);
                if let Err(why) = &left {
                    self.refuse(why, context);
                }
                left.is_ok()
            }
            Phase::Online { .. } => self.ask(Command::Change(UserChange::Away(away)), context),
        }
    }
}
