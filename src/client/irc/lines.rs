//! What several files need to read and write lines of IRC.

use crate::wire::irc::{Line, Message};

/// The name under which the server knows our machine's user: it is the same for all who use this client.
pub(super) const USERNAME: &str = "parlor";

/// One line, with CR LF.
pub(super) fn line(write: impl FnOnce(&mut Line<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut line = Line::begin(&mut bytes);
    write(&mut line);
    line.end();
    bytes
}

/// The answer to a `PING`, which repeats what that says.
pub(super) fn pong(ping: &Message<'_>) -> Vec<u8> {
    line(|line| {
        line.command("PONG");
        line.trailing(ping.params.first().copied().unwrap_or_default());
    })
}

/// A source without its user and host.
pub(super) fn nick(source: &str) -> &str {
    source.split(['!', '@']).next().unwrap_or(source)
}
