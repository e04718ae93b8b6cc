//! Plain values passed between the parts. They contain no sockets, no protocol's bytes and no clock.

#[cfg(feature = "store")]
mod account;
mod ban;
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
#[cfg(feature = "store")]
mod history;
#[cfg(feature = "cluster")]
mod node;
#[cfg(feature = "cluster")]
mod operation;
mod refusal;
#[cfg(any(feature = "cluster", feature = "upgrade"))]
mod state;
mod tally;

#[cfg(feature = "store")]
pub use account::{
    Account, AccountAnswer, AccountChange, AccountErrand, AccountFound, AccountId, AccountInfo,
    AccountPurpose, AccountQuery, CertificateHash, MOST_CERTIFICATES, MOST_DEVICES, MOST_MARKERS, Proven,
    SavedRoom, SavedUser, ServiceStep,
};
pub use ban::{Ban, BanError, MOST_BANS};
pub use capabilities::Capabilities;
pub use check::{Check, Outcome, Purpose};
pub use close::{CloseReason, PASSWORD_NOT_CHECKED};
pub use command::{Command, Profile, UserChange};
pub use dialect::Dialect;
#[cfg(feature = "web")]
pub use dialect::Framing;
pub use effects::{Audience, Effect, Effects, Encoded};
pub use errand::{Errand, ErrandKind, Found};
pub use event::{
    Event, EventKind, Identity, MaskList, Rank, RoomChange, RoomFlag, Source, Speech, SpeechKind,
};
pub use event_id::{EventId, NoEventId};
pub use frame::Frame;
#[cfg(feature = "store")]
pub use history::{
    Answer, First, HistoryLimit, Interval, Query, Readable, Recall, RecallFor, Record, Scope, Selected,
    Selection,
};
#[cfg(feature = "cluster")]
pub use node::{Epoch, LogIndex, MOST_NODES, Node, NodeId};
#[cfg(feature = "cluster")]
pub use operation::{
    Dated, Described, LogEntry, Login, NodeUser, Operation, Relay, Relayed, Returning, Route, Snapshot,
};
pub use refusal::{Mute, Refusal};
#[cfg(any(feature = "cluster", feature = "upgrade"))]
pub use state::{DeviceState, PastState, RoomState, UserState};
pub use tally::Tally;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::{Instant, SystemTime};

/// A connection. Ids are reused as soon as a connection is removed, so nothing may keep one longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u32);

/// Connections of other nodes have the number of their node from this bit on. No process has so many.
#[cfg(any(feature = "cluster", feature = "upgrade"))]
const NODE_SHIFT: u32 = 24;

#[cfg(any(feature = "cluster", feature = "upgrade"))]
impl ConnectionId {
    /// A connection of another node as this one knows it.
    #[cfg(feature = "cluster")]
    pub fn at(self, node: NodeId) -> Self {
        Self(self.own().0 | u32::from(node.0) << NODE_SHIFT)
    }

    /// As its own node knows it.
    pub fn own(self) -> Self {
        Self(self.0 & ((1 << NODE_SHIFT) - 1))
    }

    /// The node of a connection of another node.
    #[cfg(feature = "cluster")]
    pub fn node(self) -> Option<NodeId> {
        let node = u8::try_from(self.0 >> NODE_SHIFT).ok().filter(|&node| node > 0);
        node.map(NodeId)
    }
}

/// A user's id, assigned by the hub. Reused after the user leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub u32);

impl UserId {
    /// Stands for a peer that is not logged in.
    pub const NOBODY: Self = Self(u32::MAX);
}

/// The remote end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// An IP address and port. IPv6 zones are dropped to save memory per connection and user.
    Tcp(IpAddr, u16),
    /// A peer on this machine, connected to a Unix socket.
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

/// The time of one turn. Only the reactor reads the clocks.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Monotonic, for deadlines.
    pub instant: Instant,
    /// The time of day, for people. May jump.
    pub time: SystemTime,
}

impl Now {
    /// Reads both clocks.
    pub fn read() -> Self {
        Self { instant: Instant::now(), time: SystemTime::now() }
    }
}
