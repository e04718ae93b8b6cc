//! Clients with `znc.in/playback` can ask for the past, but The Lounge asks only in channels that are new to it, and
//! Textual only before it joins. So after `JOIN` the server sends a `PING`. If the client answers it and has not asked
//! before that, it sees what it missed.

use std::mem;

use super::replay::Replay;
use crate::hub::ROOMS_PER_USER;
use crate::message::{EventId, Scope};
use crate::session::Context;
use crate::session::irc::client::{Irc, Unfinished};
use crate::wire::irc::{Line, Message};

/// The token of the `PING`.
const TOKEN: &str = "replay";

impl Irc {
    /// Lets a replay wait until the client asks, or answers a `PING` without having asked.
    pub(super) fn wait_to_replay(&mut self, replay: Replay, context: &mut Context<'_>) {
        let new = replay.selections;
        self.unfinished(|unfinished| {
            let waiting = &mut unfinished.replay;
            waiting.retain(|old| new.iter().all(|new| !is_same(&new.of, &old.of)));
            waiting.extend(new);
            let excess = waiting.len().saturating_sub(ROOMS_PER_USER);
            waiting.drain(..excess);
        });
        self.let_ask(context);
    }

    /// Waits until the client asks for the past, or answers a `PING` without having asked.
    pub(super) fn let_ask(&self, context: &mut Context<'_>) {
        context.out.write(self.connection, |bytes| {
            let mut line = Line::begin(bytes);
            line.command("PING");
            line.trailing(TOKEN);
            line.end();
        });
    }

    /// Lets nothing wait of this past, for which the client has asked itself. Returns where its replay would have ended:
    /// everything later the client has heard.
    pub(super) fn take_waiting(&mut self, of: &Scope) -> Option<EventId> {
        if let Some(end) = self.asks_itself(of) {
            return Some(end);
        }
        self.unfinished(|Unfinished { replay, .. }| {
            let index = replay.iter().position(|selection| is_same(&selection.of, of))?;
            Some(replay.swap_remove(index).interval.before)
        })
    }

    /// The client has answered a `PING`.
    pub(in crate::session::irc) fn replay_after_pong(
        &mut self,
        message: &Message<'_>,
        context: &mut Context<'_>,
    ) {
        if message.params.contains(&TOKEN) {
            let selections = self.unfinished(|unfinished| mem::take(&mut unfinished.replay));
            Replay { selections }.begin(self, context);
            self.returns_unasked(context);
        }
    }
}

/// True for the past of the same channel, even if it was opened again, or of the same users.
fn is_same(one: &Scope, other: &Scope) -> bool {
    match (one, other) {
        (Scope::Room(one), Scope::Room(other)) => one.room == other.room,
        _ => one == other,
    }
}
