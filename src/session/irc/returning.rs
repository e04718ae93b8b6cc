//! A client that comes back.

#[cfg(feature = "upgrade")]
use crate::cbor::map;
use crate::footprint::vec_bytes;
use crate::name::RoomName;
use crate::session::missed::Missed;

/// A client that is told what it has missed.
#[derive(Debug)]
pub(super) struct Return {
    pub(super) missed: Missed,
    /// The client may still ask itself: see `history::waiting`.
    pub(super) may_ask: bool,
    /// Channels that its user has joined meanwhile on other devices.
    pub(super) joined: Vec<RoomName>,
}

#[cfg(feature = "upgrade")]
map!(Return { 0: missed, 1: may_ask, 2: joined });

impl Return {
    /// Its memory, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        self.missed.kept_bytes() + vec_bytes(&self.joined)
    }
}
