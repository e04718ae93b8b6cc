//! The state of an IRC session.

use std::fmt;
use std::time::Instant;

#[cfg(feature = "store")]
use super::history::Replay;
#[cfg(feature = "store")]
use super::multiline::Batch;
use super::registration::Registration;
use crate::message::{Capabilities, ConnectionId, Dialect, Effect, UserId};
use crate::session::Context;
use crate::wire::Splitter;
use crate::wire::irc::{CLIENT_TAGS_BYTES, LINE_BYTES};

#[derive(Debug)]
pub(in crate::session) struct Irc {
    pub(super) connection: ConnectionId,
    /// The user; nobody before registration.
    pub(super) user: UserId,
    pub(super) splitter: Splitter,
    /// Skipping the rest of a line that was too long.
    pub(super) skips_line: bool,
    pub(super) capabilities: Capabilities,
    /// The client cannot disable `cap-notify`, which version 302 of `CAP` implies.
    pub(super) keeps_cap_notify: bool,
    pub(super) phase: Phase,
    /// When the client last sent something.
    pub(super) heard: Instant,
    /// A `PING` was sent since then.
    pub(super) asked: bool,
    /// A question waits for the store.
    #[cfg(feature = "store")]
    pub(super) has_asked: bool,
    /// What to replay unless the client asks for it.
    #[cfg(feature = "store")]
    pub(super) waiting_replay: Option<Box<Replay>>,
    /// A command to continue in the next turn. Boxed because few connections have one.
    pub(super) pending: Option<Box<Pending>>,
    /// A message of several lines that is not complete.
    #[cfg(feature = "store")]
    pub(super) batch: Option<Box<Batch>>,
}

#[derive(Debug)]
pub(super) enum Phase {
    /// Not registered yet.
    Registering(Box<Registration>),
    /// Registered; when to check next whether the client still responds.
    Online { check: Instant },
}

/// Whether a command is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Continue in the next turn.
    More,
    /// Finished.
    Done,
}

/// The remaining part of a command.
pub(super) trait Work {
    /// Does one unit of work: one target, or as many lines of a list as the budget allows.
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress;
}

/// A command to continue in the next turn.
pub(super) struct Pending {
    pub(super) work: Box<dyn Work>,
    /// The command has a label, and the batch of its answer is open.
    pub(super) is_labelled: bool,
}

/// Omits the work, which would otherwise need `Debug` in every kind.
impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("is_labelled", &self.is_labelled).finish_non_exhaustive()
    }
}

impl Irc {
    /// A new conversation, which ends at `until` unless the client registers.
    pub(in crate::session) fn open(
        connection: ConnectionId,
        until: Instant,
        context: &mut Context<'_>,
    ) -> Self {
        let irc = Self::new(connection, until);
        irc.hear(context);
        irc
    }

    /// Encodes further events according to the client's current capabilities.
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
            #[cfg(feature = "store")]
            has_asked: false,
            #[cfg(feature = "store")]
            waiting_replay: None,
            pending: None,
            #[cfg(feature = "store")]
            batch: None,
        }
    }
}
