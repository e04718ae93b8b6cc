//! The conversation as the person at the terminal knows it: which rooms, who is in them, who whispered last, whom to
//! ignore. It knows neither sockets nor the terminal; events and typed lines go in, what to show and to send comes out.

mod commands;
// Without a line editor nobody asks.
#[cfg_attr(not(feature = "editor"), allow(dead_code))]
mod completion;
mod folding;
mod hear;
mod memory;
mod movement;
mod past;
mod place;
mod rare;
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

/// What is known of the conversation.
#[derive(Debug)]
pub(super) struct Chat {
    wire: Wire,
    /// Our own name.
    name: String,
    /// In the order in which we came into them.
    rooms: Vec<Room>,
    /// The program has asked something, so a line may be the answer to that.
    is_asked: bool,
    /// Where lines go: an index of `rooms`. After a room was lost there is none until they choose another.
    here: Option<usize>,
    /// The room in the prompt that a line is typed behind. `None` before there is a prompt.
    prompted: Option<Prompted>,
    /// The room that we asked to come into last: lines go there once we are in.
    wanted: Option<String>,
    /// Who whispered to us last.
    whisperer: Option<String>,
    ignored: Vec<String>,
    /// Words that stand out as our name does.
    highlights: Vec<String>,
    away: bool,
    folding: Folding,
    /// What is to be told about the limits of what is remembered.
    warning: Option<String>,
    /// That was told once.
    has_warned: bool,
    #[cfg(feature = "editor")]
    /// What was typed, on both sides of the cursor, when a key turned to another room.
    typed: Option<(String, String)>,
    /// Counts what is said, so that it is known who spoke last.
    said: u64,
}

/// What a prompt that is on the screen says of where lines go.
#[derive(Debug)]
enum Prompted {
    Nowhere,
    /// To the room of this name.
    Room(String),
}

/// What a typed line asks the program to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Send(Request),
    /// Tell the writer of the line.
    Tell(String),
    /// Show these lines again.
    Show(Vec<Shown>),
    /// Clear the screen.
    Clear,
    /// Send no more of what waits.
    Stop,
    Quit,
}

impl Chat {
    /// A conversation in these rooms, once we are in them.
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

    /// Keeps what was typed, on both sides of the cursor, for the prompt of another room.
    #[cfg(feature = "editor")]
    pub(super) fn keep_typed(&mut self, before: &str, behind: &str) {
        self.typed = Some((before.to_owned(), behind.to_owned()));
    }

    /// Something was kept.
    #[cfg(feature = "editor")]
    pub(super) fn has_typed(&self) -> bool {
        self.typed.is_some()
    }

    /// What was kept.
    #[cfg(feature = "editor")]
    pub(super) fn take_typed(&mut self) -> Option<(String, String)> {
        self.typed.take()
    }

    /// The program has asked something, or waits for no answer any more.
    pub(super) fn ask(&mut self, is_asked: bool) {
        self.is_asked = is_asked;
    }

    /// Our own name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// True where lines must tell which room they are of.
    pub(super) fn has_several_rooms(&self) -> bool {
        self.rooms.len() > 1
    }

    /// When [`Chat::unfold`] has something to tell.
    pub(super) fn unfolds_at(&self) -> Option<Instant> {
        self.folding.due()
    }

    /// Tells of those who came and left in a crowd.
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

    /// Tells once, if something did not fit into what is remembered.
    fn warn_unless(&mut self, fits: bool, what: &str) {
        if !fits && !self.has_warned {
            self.has_warned = true;
            self.warning =
                Some(format!("the server names more {what} than are kept here; Tab offers only some"));
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
