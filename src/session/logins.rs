//! Logging and timeouts common to the logins of both protocols.

use std::fmt;
use std::time::Instant;

use log::Level;

use super::context::Context;
#[cfg(feature = "upgrade")]
use crate::cbor::map;
use crate::config::Limits;
use crate::message::{CloseReason, ConnectionId, UserId};

/// The log's reason for a login without the required password.
pub(super) const NO_PASSWORD: &str = "no password was given";

/// Logs a wrong password and where it was used, never the guess itself.
pub(super) fn log_wrong_password(context: &mut Context<'_>, place: fmt::Arguments<'_>) {
    let peer = context.peer;
    context.log(Level::Warn, format_args!("{peer}: wrong password ({place})"));
}

/// Logs that the server could not check a password.
pub(super) fn log_not_checked(context: &mut Context<'_>, place: fmt::Arguments<'_>) {
    let peer = context.peer;
    context.log(Level::Warn, format_args!("{peer}: password not checked, no memory or no thread ({place})"));
}

/// Logs the login; the end of the connection is logged elsewhere.
pub(super) fn log_login(id: UserId, context: &mut Context<'_>) {
    if let Some(user) = context.hub.users().get(id) {
        let (peer, name) = (context.peer, user.name());
        context.log.line(Level::Info, peer, context.now.instant, format_args!("{peer} {name}: logged in"));
    }
}

/// When a peer must have logged in. The time in which it waits for the server does not count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    until: Instant,
    /// The peer has waited for the server since then.
    waits_since: Option<Instant>,
}

#[cfg(feature = "upgrade")]
map!(Deadline { 0: until, 1: waits_since });

impl Deadline {
    pub(super) fn new(until: Instant) -> Self {
        Self { until, waits_since: None }
    }

    /// The time, if the peer did not wait for the server.
    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// The time, unless the peer waits for the server.
    pub(super) fn time(&self) -> Option<Instant> {
        self.waits_since.is_none().then_some(self.until)
    }

    /// Notes that the peer waits for the server.
    pub(super) fn wait(&mut self, now: Instant) {
        self.waits_since = Some(now);
    }

    /// Notes that the peer waits no longer.
    pub(super) fn go_on(&mut self, now: Instant) {
        if let Some(since) = self.waits_since.take() {
            self.until += now.saturating_duration_since(since);
        }
    }

    /// Closes the connection if the deadline has passed.
    pub(super) fn wake(&self, connection: ConnectionId, context: &mut Context<'_>) {
        if self.time().is_some_and(|until| until <= context.now.instant) {
            let timeout = context.house.config.limits.login_timeout;
            context.out.close(connection, CloseReason::LoginTimeout(timeout));
        }
    }

    /// Moves it to the new timeout.
    pub(super) fn shift(&mut self, old: &Limits, new: &Limits) {
        // It was set at accept, at least the old timeout ago, so this cannot underflow.
        self.until = self.until + new.login_timeout - old.login_timeout;
    }
}
