//! IRC from the client's side (modern.ircdocs.horse, IRCv3), for any server that speaks it: how one logs in, what one
//! hears, and how one speaks.

mod hear;
mod login;
mod numerics;
mod replies;
mod speak;
mod turned_away;

pub(super) use hear::Ear;
pub(super) use login::{Greeting, log_in};
pub(super) use speak::{QUIT, confirm, encode, end_of_speech, pieces, sign_of_life};
pub(super) use turned_away::TurnedAway;

use crate::wire::irc::{Line, Message};

/// The name under which the server knows our machine's user: it is the same for all who use this client.
const USERNAME: &str = "parlor";

/// One line, with CR LF.
fn line(write: impl FnOnce(&mut Line<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut line = Line::begin(&mut bytes);
    write(&mut line);
    line.end();
    bytes
}

/// The answer to a `PING`, which repeats what that says.
fn pong(ping: &Message<'_>) -> Vec<u8> {
    line(|line| {
        line.command("PONG");
        line.trailing(ping.params.first().copied().unwrap_or_default());
    })
}

/// A source without its user and host.
fn nick(source: &str) -> &str {
    source.split(['!', '@']).next().unwrap_or(source)
}
