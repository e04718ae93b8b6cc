//! In how many ways an event is encoded: once for each kind of audience that would get other bytes.

use super::crazyit;
use super::house::House;
use super::irc;
use crate::message::{Capabilities, Dialect, Event};

/// What makes a difference for how some events are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differences(Capabilities);

impl Differences {
    /// Adds what makes one for `event`.
    pub fn add(&mut self, event: &Event) {
        self.0 = self.0.and(irc::relevant(&event.kind));
    }

    /// `dialect`, without what makes none: two sessions for which this is equal get the same bytes.
    pub fn variant(self, dialect: Dialect) -> Dialect {
        match dialect {
            Dialect::CrazyIt => Dialect::CrazyIt,
            Dialect::Irc(capabilities) => Dialect::Irc(capabilities.only(self.0)),
        }
    }
}

/// Writes the bytes by which a session of this dialect hears of `event` at the end of `out`; nothing when it does
/// not.
pub fn encode(event: &Event, dialect: Dialect, house: &House, out: &mut Vec<u8>) {
    match dialect {
        Dialect::CrazyIt => crazyit::encode(event, out),
        Dialect::Irc(capabilities) => irc::encode(event, capabilities, house, out),
    }
}
