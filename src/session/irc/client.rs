//! The state of an IRC session.

use std::time::Instant;

use super::registration::Registration;
use super::unfinished::Unfinished;
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
            unfinished: None,
        }
    }
}
