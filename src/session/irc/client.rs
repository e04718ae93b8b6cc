//! The state of an IRC session, and what its client has begun and not finished.

use std::fmt;
use std::time::Instant;

#[cfg(feature = "store")]
use super::draft::Batch;
#[cfg(feature = "store")]
use super::exchange::Sasl;
use super::registration::Registration;
#[cfg(feature = "store")]
use super::returning::Return;
#[cfg(feature = "store")]
use crate::footprint::vec_bytes;
#[cfg(feature = "store")]
use crate::message::Selection;
use crate::message::{Capabilities, ConnectionId, Dialect, Effect, Errand, UserId};
#[cfg(feature = "store")]
use crate::name::RoomName;
use crate::session::Context;
use crate::session::logins::Deadline;
use crate::wire::Splitter;
use crate::wire::irc::{CLIENT_TAGS_BYTES, LINE_BYTES};

/// Memory of an unfinished command, in bytes: at most a line with tags, split into targets.
const WORK_BYTES: usize = 8 * 1024;

/// A question without its channels, and those who wait for it. Words to search for are as long as a line at most.
#[cfg(feature = "store")]
const QUESTION_BYTES: usize = 1024;

/// Memory of a question for each channel, in bytes, in a list that has just grown.
#[cfg(feature = "store")]
const CHANNEL_BYTES: usize = 2 * size_of::<Selection>();

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
    /// Boxed because few connections have something.
    pub(super) unfinished: Option<Box<Unfinished>>,
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

    /// True if the rest may change what nodes share.
    #[cfg(feature = "cluster")]
    fn needs_lock(&self) -> bool;

    /// Leaves out what needs the lock, and tells the client.
    #[cfg(feature = "cluster")]
    fn decline(&mut self, _: &Irc, _: &mut Context<'_>) {}
}

/// What a client has begun and not finished.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    /// A command to continue in the next turn.
    pub(super) pending: Option<Pending>,
    /// A message of several lines that is not complete.
    #[cfg(feature = "store")]
    pub(super) batch: Option<Batch>,
    /// An exchange of `AUTHENTICATE`.
    #[cfg(feature = "store")]
    pub(super) sasl: Option<Box<Sasl>>,
    /// The parts of the past to replay unless the client asks for them.
    #[cfg(feature = "store")]
    pub(super) replay: Vec<Selection>,
    /// Channels whose members are listed one after the other when the client has read everything before.
    #[cfg(feature = "store")]
    pub(super) names_due: Vec<RoomName>,
    /// The client is told what it has missed.
    #[cfg(feature = "store")]
    pub(super) returning: Option<Box<Return>>,
    /// The number of channels that a question to the store is about, until it is answered.
    #[cfg(feature = "store")]
    pub(super) asked: usize,
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

impl Unfinished {
    /// Its memory, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        let bytes = if self.pending.is_some() { WORK_BYTES } else { 0 };
        #[cfg(feature = "store")]
        let bytes = {
            let returning = self.returning.as_ref().map_or(0, |returning| returning.kept_bytes());
            let waiting = asked_bytes(self.replay.len());
            let batch = self.batch.as_ref().map_or(0, Batch::kept_bytes);
            let sasl = self.sasl.as_ref().map_or(0, |sasl| sasl.kept_bytes());
            bytes + waiting + batch + sasl + asked_bytes(self.asked) + vec_bytes(&self.names_due) + returning
        };
        bytes
    }

    #[cfg(feature = "store")]
    fn is_empty(&self) -> bool {
        let has_begun = self.pending.is_some() || self.sasl.is_some() || self.batch.is_some();
        let has_asked = !self.replay.is_empty() || self.asked > 0;
        let has_more = !self.names_due.is_empty() || self.returning.is_some();
        !has_begun && !has_asked && !has_more
    }

    #[cfg(not(feature = "store"))]
    fn is_empty(&self) -> bool {
        self.pending.is_none()
    }
}

impl Irc {
    /// A new conversation, which ends at `deadline` unless the client registers.
    pub(in crate::session) fn open(
        connection: ConnectionId,
        deadline: Deadline,
        context: &mut Context<'_>,
    ) -> Self {
        let irc = Self::new(connection, deadline, context.now.instant);
        irc.hear(context);
        irc
    }

    /// Encodes further events according to the client's current capabilities.
    pub(super) fn hear(&self, context: &mut Context<'_>) {
        context.out.push(Effect::Hear(self.connection, Dialect::Irc(self.capabilities)));
    }

    pub(super) fn new(connection: ConnectionId, deadline: Deadline, now: Instant) -> Self {
        Self {
            connection,
            user: UserId::NOBODY,
            splitter: Splitter::new(CLIENT_TAGS_BYTES + LINE_BYTES),
            skips_line: false,
            capabilities: Capabilities::default(),
            keeps_cap_notify: false,
            phase: Phase::Registering(Box::new(Registration::new(deadline))),
            heard: now,
            asked: false,
            unfinished: None,
        }
    }

    /// Goes on an errand.
    pub(super) fn send_on(&mut self, errand: Errand, context: &mut Context<'_>) {
        if let Phase::Registering(registration) = &mut self.phase {
            registration.deadline.wait(context.now.instant);
        }
        context.out.push(Effect::Errand(self.connection, errand));
    }

    /// Changes what is unfinished.
    pub(super) fn unfinished<T>(&mut self, change: impl FnOnce(&mut Unfinished) -> T) -> T {
        let unfinished = self.unfinished.get_or_insert_default();
        let result = change(unfinished);
        if unfinished.is_empty() {
            self.unfinished = None;
        }
        result
    }
}

/// Memory of a question about this many channels that waits for the store, in bytes.
#[cfg(feature = "store")]
fn asked_bytes(channels: usize) -> usize {
    if channels == 0 { 0 } else { QUESTION_BYTES + channels * CHANNEL_BYTES }
}
