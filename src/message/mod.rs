//! Plain values that the parts hand to each other. They hold no sockets, no bytes of any wire, no clock.

mod capabilities;
mod check;
mod close;
mod command;
mod dialect;
mod effects;
mod errand;
mod event;
mod event_id;
mod frame;
mod refusal;
mod tally;

pub use capabilities::Capabilities;
pub use check::{Check, Outcome, Purpose};
pub use close::{CloseReason, PASSWORD_NOT_CHECKED};
pub use command::{Command, Profile, UserChange};
pub use dialect::Dialect;
pub use effects::{Audience, Effect, Effects, Encoded};
pub use errand::{Errand, ErrandKind, Found};
pub use event::{
    Event, EventKind, Identity, MaskList, Rank, RoomChange, RoomFlag, Source, Speech, SpeechKind,
};
pub use event_id::EventId;
pub use frame::Frame;
pub use refusal::{Mute, Refusal};
pub use tally::Tally;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::{Instant, SystemTime};

/// A connection. A number is used again as soon as its connection has left, so nobody keeps one beyond that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u32);

/// A user, by the number that the hub has given it. It is used again once the user has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub u32);

impl UserId {
    /// No user has this: it stands for whoever has not logged in.
    pub const NOBODY: Self = Self(u32::MAX);
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Somebody on the network, at this address and port. Of an IPv6 address its zone is left out, because there is
    /// a peer for every connection and every user.
    Tcp(IpAddr, u16),
    /// Somebody on this machine, whose end of a Unix socket has no name.
    Unix,
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address.ip(), address.port())
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Tcp(ip, port) => write!(f, "{}", SocketAddr::new(ip, port)),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// The time of one turn. Only the reactor reads the clocks; everybody else is given this.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For deadlines: never goes back.
    pub instant: Instant,
    /// For people: the time of day, which may be set.
    pub time: SystemTime,
}

impl Now {
    /// Reads both clocks.
    pub fn read() -> Self {
        Self { instant: Instant::now(), time: SystemTime::now() }
    }
}
