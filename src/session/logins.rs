//! What both protocols have in common where somebody logs in.

use std::fmt;
use std::time::Instant;

use log::Level;

use super::context::Context;
use crate::config::Limits;
use crate::message::UserId;

/// What the log says of who gives no password where one is asked for.
pub(super) const NO_PASSWORD: &str = "no password was given";

/// Tells the log that somebody does not know a password, and where it was asked for; never what was given.
pub(super) fn log_wrong_password(context: &mut Context<'_>, place: fmt::Arguments<'_>) {
    let peer = context.peer;
    context.log(Level::Warn, format_args!("{peer}: wrong password ({place})"));
}

/// Tells the log that the server could not find out whether somebody knows a password.
pub(super) fn log_not_checked(context: &mut Context<'_>, place: fmt::Arguments<'_>) {
    let peer = context.peer;
    context.log(Level::Warn, format_args!("{peer}: password not checked, no memory or no thread ({place})"));
}

/// Tells the log that the user has come; the connection's end tells it that they have gone.
pub(super) fn log_login(id: UserId, context: &mut Context<'_>) {
    if let Some(user) = context.hub.users().get(id) {
        let (peer, name) = (context.peer, user.name());
        context.log.line(Level::Info, peer, context.now.instant, format_args!("{peer} {name}: logged in"));
    }
}

/// Moves the time by which a peer has to log in.
pub(super) fn shift(until: &mut Instant, old: &Limits, new: &Limits) {
    // It came as long as the old time before that, so this is not before it came.
    *until = *until + new.login_timeout - old.login_timeout;
}
