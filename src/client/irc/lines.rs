//! Helpers to read and write lines of IRC.

use crate::wire::irc::{Line, Message};

/// The user name in `USER`, the same for all users of this client.
pub(super) const USERNAME: &str = "parlor";

/// One line, with CR LF.
pub(super) fn line(write: impl FnOnce(&mut Line<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut line = Line::begin(&mut bytes);
    write(&mut line);
    line.end();
    bytes
}

/// The answer to a `PING`.
pub(super) fn pong(ping: &Message<'_>) -> Vec<u8> {
    line(|line| {
        line.command("PONG");
        line.trailing(ping.params.first().copied().unwrap_or_default());
    })
}

/// The nickname in a source.
pub(super) fn nick(source: &str) -> &str {
    source.split(['!', '@']).next().unwrap_or(source)
}
