//! In how many ways an event is encoded: once for each kind of audience that would get other bytes.

use super::crazyit;
use super::house::House;
use super::irc::{self, Capabilities};
use crate::message::Event;

/// How events are encoded for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As lines of the textbook's protocol.
    CrazyIt,
    /// As IRC messages, for a client with these capabilities.
    Irc(Capabilities),
}

/// `dialect`, without what makes no difference for `event`: two sessions with equal variants get the same bytes.
pub fn variant(event: &Event, dialect: Dialect) -> Dialect {
    match dialect {
        Dialect::CrazyIt => Dialect::CrazyIt,
        Dialect::Irc(capabilities) => Dialect::Irc(capabilities.only(irc::relevant(&event.kind))),
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
