//! A peer whose protocol is not detected yet.

use std::time::Instant;

use super::context::Context;
use super::conversation::Conversation;
use super::first_bytes::{FirstBytes, first_bytes};
use super::irc;
use super::logins::Deadline;
use super::stage::Stage;
#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer, read_fields, write_fields};
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
    until: Instant,
    /// It closes then, because its peer asks over HTTP.
    #[cfg(feature = "web")]
    asks_until: Option<Instant>,
}

#[cfg(feature = "upgrade")]
impl ToCbor for Newcomer {
    fn write(&self, out: &mut Writer) {
        let Self { connection, until, .. } = self;
        #[cfg(feature = "web")]
        let asks_until = &self.asks_until;
        #[cfg(not(feature = "web"))]
        let asks_until = &None::<Instant>;
        write_fields!(out; 0: connection, 1: until, 2: asks_until);
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for Newcomer {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 0: connection, 1: until, 2: asks_until);
        let _: &Option<Instant> = &asks_until;
        Ok(Self {
            connection,
            until,
            #[cfg(feature = "web")]
            asks_until,
        })
    }
}

impl Newcomer {
    pub(super) fn new(connection: ConnectionId, until: Instant) -> Self {
        Self {
            connection,
            until,
            #[cfg(feature = "web")]
            asks_until: None,
        }
    }

    #[cfg(feature = "web")]
    pub(super) fn asks_until(&mut self, until: Option<Instant>) {
        self.asks_until = until;
    }

    /// When the connection closes, unless the peer logs in.
    pub(super) fn login_deadline(&self) -> Deadline {
        Deadline::new(self.until)
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
        #[cfg(feature = "web")]
        if let Some(until) = self.asks_until {
            return Some(until.min(self.until));
        }
        Some(self.until)
    }

    fn wake(&mut self, context: &mut Context<'_>) {
        #[cfg(feature = "web")]
        if self.asks_until.is_some_and(|until| until <= context.now.instant) {
            return context.out.close(self.connection, CloseReason::Answered);
        }
        self.login_deadline().wake(self.connection, context);
    }

    fn found(&mut self, _: Found, _: Option<&str>, _: &mut Context<'_>) {}

    #[cfg(feature = "cluster")]
    fn needs_lock(&self, _: &[u8]) -> bool {
        false
    }

    #[cfg(feature = "cluster")]
    fn needs_lock_for(&self, _: &Found) -> bool {
        false
    }

    /// Nothing needs the lock before the protocol is detected.
    #[cfg(feature = "cluster")]
    fn decline(&mut self, bytes: &[u8], _: &mut Context<'_>) -> usize {
        bytes.len()
    }

    #[cfg(feature = "cluster")]
    fn found_too_late(&mut self, _: Found, _: Option<&str>, _: &mut Context<'_>) {}

    fn change_limits(&mut self, old: &Limits, new: &Limits) {
        let mut deadline = self.login_deadline();
        deadline.shift(old, new);
        self.until = deadline.until();
    }
}
