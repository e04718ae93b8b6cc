//! Encodes an event once for each group of receivers that gets the same bytes.

use super::crazyit;
use super::house::House;
use super::irc;
use crate::message::{Capabilities, Dialect, Event};
#[cfg(feature = "web")]
use crate::wire::websocket;

/// The capabilities that affect how some events are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differences(Capabilities);

impl Differences {
    /// Adds the capabilities that matter for `event`.
    pub fn add(&mut self, event: &Event) {
        self.0 = self.0.and(irc::relevant(event));
    }

    /// `dialect` without the capabilities that do not matter: sessions with equal variants get the same bytes.
    pub fn variant(self, dialect: Dialect) -> Dialect {
        match dialect {
            Dialect::CrazyIt => Dialect::CrazyIt,
            Dialect::Irc(capabilities) => Dialect::Irc(capabilities.only(self.0)),
            #[cfg(feature = "web")]
            Dialect::Framed(framing, capabilities) => Dialect::Framed(framing, capabilities.only(self.0)),
        }
    }
}

/// Appends the bytes that tell a session of this dialect of `event`; nothing if it has no form there.
pub fn encode(event: &Event, dialect: Dialect, house: &House, out: &mut Vec<u8>) {
    match dialect {
        Dialect::CrazyIt => crazyit::encode(event, house, out),
        Dialect::Irc(capabilities) => irc::encode(event, capabilities, house, out),
        #[cfg(feature = "web")]
        Dialect::Framed(_, capabilities) => {
            let mut lines = Vec::new();
            irc::encode(event, capabilities, house, &mut lines);
            append(&lines, dialect, out);
        }
    }
}

/// Appends lines that were encoded without frames.
pub fn append(lines: &[u8], dialect: Dialect, out: &mut Vec<u8>) {
    match dialect {
        Dialect::CrazyIt | Dialect::Irc(_) => out.extend_from_slice(lines),
        #[cfg(feature = "web")]
        Dialect::Framed(framing, _) => websocket::frame_lines(framing, lines, out),
    }
}
