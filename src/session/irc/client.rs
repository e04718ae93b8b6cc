//! What is known of a client on IRC.

use std::fmt;
use std::time::Instant;

use super::registration::Registration;
use crate::message::{Capabilities, ConnectionId, Dialect, Effect, UserId};
use crate::session::Context;
use crate::wire::Splitter;
use crate::wire::irc::{CLIENT_TAGS_BYTES, LINE_BYTES};

/// One peer's conversation.
#[derive(Debug)]
pub(in crate::session) struct Irc {
    pub(super) connection: ConnectionId,
    /// Whom it belongs to: nobody before registration.
    pub(super) user: UserId,
    pub(super) splitter: Splitter,
    /// The rest of a line that was too long, up to its end, is not looked at.
    pub(super) skips_line: bool,
    pub(super) capabilities: Capabilities,
    /// Cannot give up `cap-notify`, which comes with version 302.
    pub(super) keeps_cap_notify: bool,
    pub(super) phase: Phase,
    /// When the client was last heard of.
    pub(super) heard: Instant,
    /// Has been asked for a sign of life since.
    pub(super) asked: bool,
    /// A command that goes on in the next turn. Few connections have one, and a pointer is a third of its size.
    pub(super) pending: Option<Box<Pending>>,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// Not logged in yet.
    Registering(Box<Registration>),
    /// In the hub, under a name; whether it is still there is looked at this time.
    Online { check: Instant },
}

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// There is.
    More,
    /// The command is answered.
    Done,
}

/// What is left of a command.
pub(super) trait Work {
    /// Does one piece of it: one target, or as many lines of a list as the budget allows.
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress;
}

/// A command that goes on in the next turn.
pub(super) struct Pending {
    pub(super) work: Box<dyn Work>,
    /// The batch with its answer is open: the client asked under a label.
    pub(super) is_labelled: bool,
}

/// Without what is left: every kind would have to say that.
impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("is_labelled", &self.is_labelled).finish_non_exhaustive()
    }
}

impl Irc {
    /// A conversation that begins, and ends at `until` unless the peer logs in.
    pub(in crate::session) fn open(
        connection: ConnectionId,
        until: Instant,
        context: &mut Context<'_>,
    ) -> Self {
        let irc = Self::new(connection, until);
        irc.hear(context);
        irc
    }

    /// From now on the client hears of events as one with its capabilities.
    pub(super) fn hear(&self, context: &mut Context<'_>) {
        context.out.push(Effect::Hear(self.connection, Dialect::Irc(self.capabilities)));
    }

    fn new(connection: ConnectionId, until: Instant) -> Self {
        Self {
            connection,
            user: UserId::NOBODY,
            splitter: Splitter::new(CLIENT_TAGS_BYTES + LINE_BYTES),
            skips_line: false,
            capabilities: Capabilities::default(),
            keeps_cap_notify: false,
            phase: Phase::Registering(Box::new(Registration::new(until))),
            heard: until,
            asked: false,
            pending: None,
        }
    }
}
