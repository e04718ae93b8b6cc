//! Protocols as bytes: bytes to meaning and back. No sockets, no clock, and nothing of users or rooms, so the
//! server and the client share it.

#[doc(hidden)]
pub mod crazyit;
#[doc(hidden)]
pub mod irc;
mod splitter;

use std::fmt;

#[doc(hidden)]
pub use splitter::{Split, Splitter};

/// The protocols by name, for who must choose one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// IRC.
    #[default]
    Irc,
    /// The textbook's.
    CrazyIt,
}

impl Wire {
    /// The wire of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Irc, Self::CrazyIt].into_iter().find(|wire| wire.to_string() == name)
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Irc => "irc",
            Self::CrazyIt => "crazyit",
        })
    }
}
