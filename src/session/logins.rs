//! Logging and timeouts common to the logins of both protocols.

use std::fmt;
use std::time::Instant;

use log::Level;

use super::context::Context;
use crate::config::Limits;
use crate::message::UserId;

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

/// Moves a login deadline to the new timeout.
pub(super) fn shift(until: &mut Instant, old: &Limits, new: &Limits) {
    // The deadline was set at accept, at least the old timeout ago, so this cannot underflow.
    *until = *until + new.login_timeout - old.login_timeout;
}
