//! One peer's conversation: its phases, and the way from its frames through the hub to its replies. It is
//! given the time, and adds what it causes to [`Effects`]; of sockets and buffers it knows nothing.

mod cloak;
mod crazyit;
mod dialect;
mod first_bytes;
mod house;
mod irc;
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
use crazyit::CrazyIt;
use first_bytes::{FirstBytes, first_bytes};
use irc::Irc;

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
    /// None of them has come yet; closed at this time.
    Unknown { connection: ConnectionId, until: Instant },
    /// The textbook's.
    CrazyIt(CrazyIt),
    /// IRC.
    Irc(Irc),
}

/// What is told to who speaks neither protocol.
const NEITHER: &str = "bytes outside a frame: begin with \u{220f}\u{2211}name\u{220f}\u{2211}, or with an IRC command such as NICK";

/// What is told to who speaks TLS where it is not spoken.
const TLS_HERE: &str = "TLS at a port without it: connect without TLS, or to the server's port for TLS";

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

impl Session {
    /// A conversation that begins now.
    pub fn new(connection: ConnectionId, limits: &Limits, now: Instant) -> Self {
        Self { wire: Wire::Unknown { connection, until: now + limits.login_timeout } }
    }

    fn connection(&self) -> ConnectionId {
        match &self.wire {
            Wire::Unknown { connection, .. } => *connection,
            Wire::CrazyIt(conversation) => conversation.connection(),
            Wire::Irc(conversation) => conversation.connection(),
        }
    }

    /// Whom the connection belongs to: nobody, before somebody has logged in.
    pub fn user(&self) -> UserId {
        match &self.wire {
            Wire::Unknown { .. } => UserId::NOBODY,
            Wire::CrazyIt(conversation) => conversation.user_id(),
            Wire::Irc(conversation) => conversation.user_id(),
        }
    }

    /// From now on the connection belongs to this user.
    pub fn set_user(&mut self, user: UserId, context: &mut Context<'_>) {
        match &mut self.wire {
            // Without a wire there is nothing to hear with.
            Wire::Unknown { .. } => {}
            Wire::CrazyIt(conversation) => conversation.set_user(user),
            Wire::Irc(conversation) => conversation.set_user(user, context),
        }
    }

    /// Handles what stands at the beginning of `bytes`, which are not none: one frame, or what is between frames.
    /// Returns how many of them are done with, or `None` when there is nothing whole yet: then they are to be
    /// shown again, with more behind them.
    pub fn receive(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Option<usize> {
        match &mut self.wire {
            Wire::Unknown { connection, until } => match first_bytes(bytes, false) {
                FirstBytes::NeedMore => None,
                FirstBytes::Blank(count) => Some(count),
                FirstBytes::CrazyIt => {
                    let conversation =
                        CrazyIt::new(*connection, context.house.config.limits.frame_bytes, *until);
                    self.wire = Wire::CrazyIt(conversation);
                    Some(0)
                }
                FirstBytes::Irc => {
                    self.wire = Wire::Irc(Irc::open(*connection, *until, context));
                    Some(0)
                }
                FirstBytes::Tls => {
                    context.out.close(*connection, CloseReason::Malformed(TLS_HERE.into()));
                    Some(bytes.len())
                }
                FirstBytes::Neither => {
                    context.out.close(*connection, CloseReason::Malformed(NEITHER.into()));
                    Some(bytes.len())
                }
            },
            Wire::CrazyIt(conversation) => conversation.receive(bytes, context),
            Wire::Irc(conversation) => conversation.receive(bytes, context),
        }
    }

    /// True while a command goes on that was too much work for one turn. Until it is done, nothing is to be received.
    pub fn is_working(&self) -> bool {
        match &self.wire {
            Wire::Irc(conversation) => conversation.is_working(),
            Wire::Unknown { .. } | Wire::CrazyIt(_) => false,
        }
    }

    /// Goes on with that command.
    pub fn go_on(&mut self, context: &mut Context<'_>) {
        match &mut self.wire {
            Wire::Irc(conversation) => conversation.go_on(context),
            Wire::Unknown { .. } | Wire::CrazyIt(_) => {}
        }
    }

    /// Handles that the peer sends no more; `rest` is its last frame, which has no end.
    pub fn finish(&mut self, rest: &[u8], context: &mut Context<'_>) {
        match &mut self.wire {
            Wire::Unknown { .. } if rest.is_empty() => {}
            Wire::Unknown { connection, until } => match first_bytes(rest, true) {
                FirstBytes::Blank(count) => self.finish(&rest[count..], context),
                FirstBytes::Irc => {
                    let mut conversation = Irc::open(*connection, *until, context);
                    conversation.finish(rest, context);
                    self.wire = Wire::Irc(conversation);
                }
                FirstBytes::NeedMore | FirstBytes::Tls | FirstBytes::CrazyIt | FirstBytes::Neither => {
                    irc::error_line(*connection, NEITHER, context.out);
                }
            },
            Wire::CrazyIt(conversation) => conversation.finish(!rest.is_empty(), context),
            Wire::Irc(conversation) => conversation.finish(rest, context),
        }
    }

    /// Prepares for the end: what was held back from the peer is sent. What is sent to it after this is its own bytes, not
    /// events. Returns whom the connection belonged to.
    pub fn leave(&mut self, context: &mut Context<'_>) -> UserId {
        match &mut self.wire {
            Wire::CrazyIt(conversation) => conversation.end_quiet(context),
            Wire::Irc(conversation) => conversation.stop_work(),
            Wire::Unknown { .. } => {}
        }
        let user = self.user();
        self.set_user(UserId::NOBODY, context);
        user
    }

    /// Forgets what is left of a command that goes on.
    pub fn stop_work(&mut self) {
        if let Wire::Irc(conversation) = &mut self.wire {
            conversation.stop_work();
        }
    }

    /// Tells the peer why its connection ends.
    pub fn farewell(&mut self, reason: &CloseReason, context: &mut Context<'_>) {
        match &mut self.wire {
            Wire::CrazyIt(conversation) => conversation.notice(&reason.to_string(), context),
            // Who has said nothing yet reads this as well as anything.
            Wire::Unknown { .. } | Wire::Irc(_) => irc::farewell(self.connection(), reason, context),
        }
    }

    /// When the session wants to be woken.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.wire {
            Wire::Unknown { until, .. } => Some(*until),
            Wire::CrazyIt(conversation) => conversation.deadline(),
            Wire::Irc(conversation) => Some(conversation.deadline()),
        }
    }

    /// Does what is due.
    pub fn wake(&mut self, context: &mut Context<'_>) {
        match &mut self.wire {
            Wire::Unknown { connection, until } => {
                if *until <= context.now.instant {
                    let timeout = context.house.config.limits.login_timeout;
                    context.out.close(*connection, CloseReason::LoginTimeout(timeout));
                }
            }
            Wire::CrazyIt(conversation) => conversation.wake(context),
            Wire::Irc(conversation) => conversation.wake(context),
        }
    }

    /// Goes on with what was found out for the session, which an IRC client called so when it asked for that.
    pub fn found(&mut self, found: Found, label: Option<&str>, context: &mut Context<'_>) {
        match &mut self.wire {
            Wire::CrazyIt(conversation) => conversation.found(found, context),
            Wire::Irc(conversation) => conversation.found(found, label, context),
            // It has not said anything yet.
            Wire::Unknown { .. } => {}
        }
    }

    /// Limits have changed: whoever is not logged in yet has the new time since it came, and the next frame that ends
    /// may be as long as the new limit has it.
    pub fn change_limits(&mut self, old: &Limits, new: &Limits) {
        match &mut self.wire {
            Wire::Unknown { until, .. } => shift(until, old, new),
            Wire::CrazyIt(conversation) => conversation.change_limits(old, new),
            Wire::Irc(conversation) => conversation.change_limits(old, new),
        }
    }

    /// How much memory is kept for a command that goes on.
    pub fn kept_bytes(&self) -> usize {
        match &self.wire {
            Wire::Irc(conversation) => conversation.kept_bytes(),
            Wire::Unknown { .. } | Wire::CrazyIt(_) => 0,
        }
    }
}
