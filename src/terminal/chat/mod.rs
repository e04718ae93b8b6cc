//! The state of the conversation: rooms, their members, the last whisperer, who is ignored. It knows no sockets and
//! no terminal: events and typed lines go in, lines to show and requests come out.

mod commands;
// Only the line editor uses it.
#[cfg_attr(not(feature = "editor"), allow(dead_code))]
mod completion;
mod folding;
mod hear;
mod memory;
mod movement;
mod past;
mod place;
mod rare;
mod recalled;
mod room;
mod shown;
#[cfg(test)]
mod tests_support;

pub(super) use shown::{Emphasis, Shown, What};

use std::time::Instant;

use crate::client::Request;
use crate::name::{RoomName, same_name};
use crate::wire::Wire;
use folding::Folding;
use memory::PEOPLE_BYTES;
use room::Room;

/// The state of the conversation.
#[derive(Debug)]
pub(super) struct Chat {
    wire: Wire,
    /// Our own name.
    name: String,
    /// In the order of joining.
    rooms: Vec<Room>,
    /// The program has asked a question, so a line may be its answer.
    is_asked: bool,
    /// Where lines go: an index of `rooms`. `None` after that room was lost, until another is chosen.
    here: Option<usize>,
    /// The room in the current prompt. `None` before the first prompt.
    prompted: Option<Prompted>,
    /// The room of the last `/join`: lines go there once we are in.
    wanted: Option<String>,
    /// Who whispered to us last.
    whisperer: Option<String>,
    ignored: Vec<String>,
    /// Words that are highlighted like our name.
    highlights: Vec<String>,
    away: bool,
    folding: Folding,
    /// A warning about limits that is still to be shown.
    warning: Option<String>,
    /// The warning has been given.
    has_warned: bool,
    #[cfg(feature = "editor")]
    /// The line, before and after the cursor, when a key switched the room.
    typed: Option<(String, String)>,
    /// Number of messages, to order members by their last one.
    said: u64,
}

/// Where lines go according to the prompt on the screen.
#[derive(Debug)]
enum Prompted {
    Nowhere,
    /// To the room of this name.
    Room(String),
}

/// What the program does about a typed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Send(Request),
    /// Show this to the writer.
    Tell(String),
    /// Show the last lines of a room.
    Recall {
        room: String,
        count: usize,
    },
    /// Search a room for a text.
    Search {
        room: String,
        text: String,
    },
    /// Log in to this account.
    LogIn(String),
    /// Register this name as an account.
    Register(String),
    /// Clear the screen.
    Clear,
    /// Drop the queued lines.
    Stop,
    Quit,
}

impl Chat {
    /// A conversation that will be in these rooms.
    pub(super) fn new(wire: Wire, name: &str, rooms: &[RoomName], highlights: &[String]) -> Self {
        Self {
            wire,
            name: name.to_owned(),
            rooms: rooms.iter().map(|room| Room::new(room.as_str())).collect(),
            is_asked: false,
            here: (!rooms.is_empty()).then_some(0),
            prompted: None,
            wanted: None,
            whisperer: None,
            ignored: Vec::new(),
            highlights: highlights.to_vec(),
            away: false,
            folding: Folding::default(),
            warning: None,
            has_warned: false,
            #[cfg(feature = "editor")]
            typed: None,
            said: 0,
        }
    }

    /// Keeps the line, before and after the cursor, for the prompt of another room.
    #[cfg(feature = "editor")]
    pub(super) fn keep_typed(&mut self, before: &str, behind: &str) {
        self.typed = Some((before.to_owned(), behind.to_owned()));
    }

    /// True if a line was kept.
    #[cfg(feature = "editor")]
    pub(super) fn has_typed(&self) -> bool {
        self.typed.is_some()
    }

    /// Takes the line that was kept.
    #[cfg(feature = "editor")]
    pub(super) fn take_typed(&mut self) -> Option<(String, String)> {
        self.typed.take()
    }

    /// Whether the program waits for an answer.
    pub(super) fn ask(&mut self, is_asked: bool) {
        self.is_asked = is_asked;
    }

    /// Our own name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// True if lines must name their room.
    pub(super) fn has_several_rooms(&self) -> bool {
        self.rooms.len() > 1
    }

    /// When [`Chat::unfold`] returns something.
    pub(super) fn unfolds_at(&self) -> Option<Instant> {
        self.folding.due()
    }

    /// The counts of joins and departures that are due, and a warning.
    pub(super) fn unfold(&mut self, now: Instant) -> Vec<Shown> {
        let crowds = self.folding.take(now);
        let shown = crowds.into_iter().map(|(room, text)| {
            let room = (!room.is_empty()).then_some(room);
            Shown { time: None, room, what: What::Movement(text) }
        });
        let warning =
            self.warning.take().map(|text| Shown { time: None, room: None, what: What::Note(text) });
        shown.chain(warning).collect()
    }

    /// Memory left for names, in bytes.
    fn people_bytes_left(&self) -> usize {
        PEOPLE_BYTES.saturating_sub(self.rooms.iter().map(Room::bytes).sum())
    }

    /// Warns once if something did not fit.
    fn warn_unless(&mut self, fits: bool, what: &str) {
        if !fits && !self.has_warned {
            self.has_warned = true;
            self.warning =
                Some(format!("the server names more {what} than are remembered; Tab offers only some"));
        }
    }

    fn room(&mut self, name: &str) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| same_name(&room.name, name))
    }

    fn has_rooms(&self) -> bool {
        self.wire == Wire::Irc
    }

    fn is_ignored(&self, name: &str) -> bool {
        self.ignored.iter().any(|ignored| same_name(ignored, name))
    }
}
