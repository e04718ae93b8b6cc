//! Lines for the person at the terminal, before they are laid out.

use std::time::SystemTime;

use crate::client::Manner;

/// A line for the person at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::terminal) struct Shown {
    /// When it happened, by the clock of the server if it tells.
    pub(in crate::terminal) time: Option<SystemTime>,
    /// The room, if it is about one.
    pub(in crate::terminal) room: Option<String>,
    pub(in crate::terminal) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::terminal) enum What {
    /// Somebody spoke in a room.
    Said { from: String, text: String, manner: Manner, emphasis: Emphasis },
    /// Somebody whispered to us.
    Whispered { from: String, text: String, manner: Manner },
    /// We whispered to somebody on another device.
    WhisperedTo { from: String, to: String, text: String, manner: Manner },
    /// Something happened on the server or in a room.
    News(String),
    /// Somebody came or left.
    Movement(String),
    /// A message of the program itself.
    Note(String),
}

/// How a line stands out from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::terminal) enum Emphasis {
    Nothing,
    /// We said it.
    Own,
    /// It mentions us or has a highlighted word.
    StandsOut,
}
