//! One peer's conversation: its phases, and the way from its frames through the hub to its replies. It is
//! given the time, and adds what it causes to [`Effects`]; of sockets and buffers it knows nothing.

mod cloak;
mod conversation;
mod crazyit;
mod dialect;
mod first_bytes;
mod house;
mod irc;
mod newcomer;
mod stage;

pub use dialect::{Differences, encode};
pub use house::{House, uptime};
pub use stage::Stage;

use std::fmt;
use std::time::Instant;

use log::Level;

use crate::config::Limits;
use crate::hub::Hub;
use crate::logging::PeerLog;
use crate::message::{CloseReason, ConnectionId, Effects, Found, Now, Peer, UserId};
use conversation::Conversation;
use crazyit::CrazyIt;
use first_bytes::{FirstBytes, first_bytes};
use irc::Irc;
use newcomer::Newcomer;

/// What a session works with while it handles something.
pub struct Context<'a> {
    /// Who is here.
    pub hub: &'a mut Hub,
    /// What is to be sent, and who is to be closed.
    pub out: &'a mut Effects,
    /// The time of this turn.
    pub now: Now,
    /// The peer's address.
    pub peer: Peer,
    /// Nobody on the way can read what goes over the connection.
    pub is_secure: bool,
    /// What the server says of itself, and what it asks of its guests.
    pub house: &'a House,
    /// How many connections are open, logged in or not.
    pub connections: usize,
    /// Where what the peer causes is logged.
    pub log: &'a mut PeerLog,
}

impl Context<'_> {
    /// Logs a line that the peer has caused.
    fn log(&mut self, level: Level, line: fmt::Arguments<'_>) {
        self.log.line(level, self.peer, self.now.instant, line);
    }
}

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

/// What the log says of who gives no password where one is asked for.
const NO_PASSWORD: &str = "no password was given";

/// Tells the log that somebody does not know a password, and where it was asked for; never what was given.
fn log_wrong_password(context: &mut Context<'_>, place: fmt::Arguments<'_>) {
    let peer = context.peer;
    context.log(Level::Warn, format_args!("{peer}: wrong password ({place})"));
}

/// Tells the log that the server could not find out whether somebody knows a password.
fn log_not_checked(context: &mut Context<'_>, place: fmt::Arguments<'_>) {
    let peer = context.peer;
    context.log(Level::Warn, format_args!("{peer}: password not checked, no memory or no thread ({place})"));
}

/// Tells the log that the user has come; the connection's end tells it that they have gone.
fn log_login(id: UserId, context: &mut Context<'_>) {
    if let Some(user) = context.hub.users().get(id) {
        let (peer, name) = (context.peer, user.name());
        context.log.line(Level::Info, peer, context.now.instant, format_args!("{peer} {name}: logged in"));
    }
}

/// Moves the time by which a peer has to log in.
fn shift(until: &mut Instant, old: &Limits, new: &Limits) {
    // It came as long as the old time before that, so this is not before it came.
    *until = *until + new.login_timeout - old.login_timeout;
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
