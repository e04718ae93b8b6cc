//! Encodes and decodes the protocols. No sockets, no clock, no users or rooms, so server and client share it.

#[doc(hidden)]
pub mod crazyit;
pub(crate) mod http;
#[doc(hidden)]
pub mod irc;
mod splitter;
#[cfg(feature = "web")]
#[doc(hidden)]
pub mod websocket;

use std::fmt;

#[doc(hidden)]
pub use splitter::{Split, Splitter};

/// The protocols, for a choice by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// IRC.
    #[default]
    Irc,
    /// The protocol of the CrazyIt textbook.
    CrazyIt,
}

impl Wire {
    /// The protocol of this name.
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
