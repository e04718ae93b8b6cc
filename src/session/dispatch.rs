//! The session of a connection: which protocol its peer speaks, and on to that.

use std::time::Instant;

use super::context::Context;
use super::conversation::Conversation;
use super::crazyit::CrazyIt;
use super::first_bytes::{FirstBytes, first_bytes};
use super::irc::Irc;
use super::newcomer::Newcomer;
use super::stage::Stage;
use crate::config::Limits;
use crate::hub::Hub;
use crate::message::{CloseReason, ConnectionId, Found, UserId};

/// One peer's conversation.
#[derive(Debug)]
pub struct Session {
    wire: Wire,
}

/// Which protocol the peer speaks. Its first bytes tell.
#[derive(Debug)]
enum Wire {
    /// None of them has come yet.
    Unknown(Newcomer),
    /// The textbook's.
    CrazyIt(CrazyIt),
    /// IRC.
    Irc(Irc),
}

impl Wire {
    fn conversation(&self) -> &dyn Conversation {
        match self {
            Self::Unknown(newcomer) => newcomer,
            Self::CrazyIt(conversation) => conversation,
            Self::Irc(conversation) => conversation,
        }
    }

    fn conversation_mut(&mut self) -> &mut dyn Conversation {
        match self {
            Self::Unknown(newcomer) => newcomer,
            Self::CrazyIt(conversation) => conversation,
            Self::Irc(conversation) => conversation,
        }
    }
}

impl Session {
    /// A conversation that begins now.
    pub fn new(connection: ConnectionId, limits: &Limits, now: Instant) -> Self {
        Self { wire: Wire::Unknown(Newcomer::new(connection, now + limits.login_timeout)) }
    }

    /// Whom the connection belongs to: nobody, before somebody has logged in.
    pub fn user(&self) -> UserId {
        self.wire.conversation().owner()
    }

    /// From now on the connection belongs to this user.
    pub fn set_user(&mut self, user: UserId, context: &Context<'_>) {
        self.wire.conversation_mut().set_owner(user, context);
    }

    /// How far it has come.
    pub fn stage(&self, hub: &Hub) -> Stage {
        match self.wire.conversation().online() {
            Stage::Unknown => Stage::Unknown,
            online if hub.users().get(self.user()).is_some() => online,
            _ => Stage::LoggingIn,
        }
    }

    /// Handles what stands at the beginning of `bytes`, which are not none: one frame, or what is between frames.
    /// Returns how many of them are done with, or `None` when there is nothing whole yet: then they are to be
    /// shown again, with more behind them.
    pub fn receive(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Option<usize> {
        if self.recognizes(bytes, false, context) {
            return Some(0);
        }
        self.wire.conversation_mut().receive(bytes, context)
    }

    /// Handles that the peer sends no more; `rest` is its last frame, which has no end.
    pub fn finish(&mut self, rest: &[u8], context: &mut Context<'_>) {
        if let (Wire::Unknown(_), FirstBytes::Blank(count)) = (&self.wire, first_bytes(rest, true)) {
            return self.finish(&rest[count..], context);
        }
        self.recognizes(rest, true, context);
        self.wire.conversation_mut().finish(rest, context);
    }

    /// True when these are the first bytes of a protocol, which is spoken from now on. At the end of input a mark is too
    /// little for a frame.
    fn recognizes(&mut self, bytes: &[u8], ended: bool, context: &mut Context<'_>) -> bool {
        let Wire::Unknown(newcomer) = &self.wire else { return false };
        let (connection, until) = (newcomer.connection(), newcomer.until());
        self.wire = match first_bytes(bytes, ended) {
            FirstBytes::CrazyIt if !ended => {
                Wire::CrazyIt(CrazyIt::new(connection, context.house.config.limits.frame_bytes, until))
            }
            FirstBytes::Irc => Wire::Irc(Irc::open(connection, until, context)),
            _ => return false,
        };
        true
    }

    /// True while a command goes on that was too much work for one turn. Until it is done, nothing is to be received.
    pub fn is_working(&self) -> bool {
        self.wire.conversation().is_working()
    }

    /// Goes on with that command.
    pub fn go_on(&mut self, context: &mut Context<'_>) {
        self.wire.conversation_mut().go_on(context);
    }

    /// Prepares for the end: what is sent to the peer after this is its own bytes, not events. Returns whom the connection
    /// belonged to.
    pub fn leave(&mut self, context: &mut Context<'_>) -> UserId {
        let user = self.user();
        self.wire.conversation_mut().leave(context);
        self.set_user(UserId::NOBODY, context);
        user
    }

    /// Forgets what is left of a command that goes on.
    pub fn stop_work(&mut self) {
        self.wire.conversation_mut().stop_work();
    }

    /// Tells the peer why its connection ends.
    pub fn farewell(&mut self, reason: &CloseReason, context: &mut Context<'_>) {
        self.wire.conversation_mut().farewell(reason, context);
    }

    /// When the session wants to be woken.
    pub fn deadline(&self) -> Option<Instant> {
        self.wire.conversation().deadline()
    }

    /// Does what is due.
    pub fn wake(&mut self, context: &mut Context<'_>) {
        self.wire.conversation_mut().wake(context);
    }

    /// Goes on with what was found out for the session, which an IRC client called so when it asked for that.
    pub fn found(&mut self, found: Found, label: Option<&str>, context: &mut Context<'_>) {
        self.wire.conversation_mut().found(found, label, context);
    }

    /// Limits have changed: whoever is not logged in yet has the new time since it came, and the next frame that ends
    /// may be as long as the new limit has it.
    pub fn change_limits(&mut self, old: &Limits, new: &Limits) {
        self.wire.conversation_mut().change_limits(old, new);
    }

    /// How much memory is kept for a command that goes on.
    pub fn kept_bytes(&self) -> usize {
        self.wire.conversation().kept_bytes()
    }
}
