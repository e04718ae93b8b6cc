//! Nodes: servers that share their users and rooms.

use std::fmt;

/// The number of a node while it is up: 1 to [`MOST_NODES`]. The broker gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u8);

/// Most nodes at the same time: their numbers take 6 bits of each event id.
pub const MOST_NODES: usize = 63;

/// Tells the lives of a node apart: each time that it enrols, the broker gives it a larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// The number of a log entry. The first is 1; 0 stands for the state before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogIndex(pub u64);

impl LogIndex {
    /// The number of the entry after it.
    pub fn following(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number of the entry before it; 0 if there is none.
    pub fn preceding(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for LogIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A node that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub id: NodeId,
    pub epoch: Epoch,
    /// Its name, of `--node`.
    pub name: Box<str>,
}
