//! A peer whose protocol is not detected yet.

use std::time::Instant;

use super::context::Context;
use super::conversation::Conversation;
use super::first_bytes::{FirstBytes, first_bytes};
use super::irc;
use super::logins::Deadline;
use super::stage::Stage;
use crate::config::Limits;
use crate::message::{CloseReason, ConnectionId, Found, UserId};

/// For peers that speak another protocol.
const NEITHER: &str = "bytes outside a frame: begin with \u{220f}\u{2211}name\u{220f}\u{2211}, or with an IRC command such as NICK";

/// For peers that start TLS on a plain port.
const TLS_HERE: &str = "TLS at a port without it: connect without TLS, or to the server's port for TLS";

#[derive(Debug)]
pub(super) struct Newcomer {
    connection: ConnectionId,
    /// The connection closes then, unless the peer logs in.
    deadline: Deadline,
}

impl Newcomer {
    pub(super) fn new(connection: ConnectionId, until: Instant) -> Self {
        Self { connection, deadline: Deadline::new(until) }
    }

    /// When the connection closes, unless the peer logs in.
    pub(super) fn login_deadline(&self) -> Deadline {
        self.deadline
    }
}

impl Conversation for Newcomer {
    fn connection(&self) -> ConnectionId {
        self.connection
    }

    fn owner(&self) -> UserId {
        UserId::NOBODY
    }

    fn set_owner(&mut self, user: UserId, _: &Context<'_>) {
        debug_assert_eq!(user, UserId::NOBODY, "a user needs a detected protocol");
    }

    fn online(&self) -> Stage {
        Stage::Unknown
    }

    /// Handles bytes that do not show a protocol: waits for more, or closes.
    fn receive(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Option<usize> {
        match first_bytes(bytes, false) {
            FirstBytes::NeedMore => None,
            FirstBytes::Blank(count) => Some(count),
            FirstBytes::Tls => {
                context.out.close(self.connection, CloseReason::Malformed(TLS_HERE.into()));
                Some(bytes.len())
            }
            FirstBytes::CrazyIt | FirstBytes::Irc | FirstBytes::Neither => {
                context.out.close(self.connection, CloseReason::Malformed(NEITHER.into()));
                Some(bytes.len())
            }
        }
    }

    fn finish(&mut self, rest: &[u8], context: &mut Context<'_>) {
        if !rest.is_empty() {
            irc::error_line(self.connection, NEITHER, context.out);
        }
    }

    /// Sent as IRC, the most likely protocol of a silent peer.
    fn farewell(&mut self, reason: &CloseReason, context: &mut Context<'_>) {
        irc::farewell(self.connection, reason, context);
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline.time()
    }

    fn wake(&mut self, context: &mut Context<'_>) {
        self.deadline.wake(self.connection, context);
    }

    fn found(&mut self, _: Found, _: Option<&str>, _: &mut Context<'_>) {}

    fn change_limits(&mut self, old: &Limits, new: &Limits) {
        self.deadline.shift(old, new);
    }
}
