//! A node's part in the cluster.

use std::time::Instant;

use super::request::{Reply, Request};
use crate::message::{
    Epoch, EventId, LogEntry, LogIndex, Node, NodeId, Now, Operation, Relay, Relayed, Snapshot,
};

/// What a node must know of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberConfig {
    /// Its name.
    pub name: Box<str>,
    /// The number of shards.
    pub shards: u16,
    /// Identifies the options that must be the same on all nodes.
    pub settings: u64,
    /// Most bytes of messages that wait for the broker.
    pub buffer_bytes: usize,
}

/// What the server must do.
#[derive(Debug)]
pub enum News {
    /// This node founds the cluster: its state is what the store remembers, or what it knows itself if it has lost the
    /// others. Then call `founded`.
    Found(Node),
    /// Replace the state by this one, which others share. Own users are not in it: bring them back under the lock.
    Load { node: Node, snapshot: Box<Snapshot> },
    /// The node has the lock and knows every entry: carry out what waits, then call `append`.
    Locked,
    /// Apply the entry of another node.
    Entry(LogEntry),
    /// Another node needs a snapshot of the state as it is now: call `offer`.
    Offer(Epoch),
    /// Another node has no lease any more: note it under the lock.
    Gone(NodeId, Epoch),
    /// Deliver a message.
    Relayed(Box<Relayed>),
    /// The broker cannot be reached, for this reason.
    Unreachable(String),
    /// The broker can be reached again. This many messages did not fit into the buffer.
    Reachable { lost: u64 },
    /// The node has to rejoin, for this reason.
    Rejoins(&'static str),
    /// The broker does not accept the node, for this reason, which does not change by itself.
    Refused(String),
}

/// A node's part in the cluster: see doc/CLUSTER.md.
#[derive(Debug)]
pub struct Member {
    config: MemberConfig,
}

impl Member {
    /// A node that has not enrolled yet. It does so when the broker is up.
    pub fn new(config: MemberConfig) -> Self {
        Self { config }
    }

    /// Takes a reply.
    pub fn heard(&mut self, _reply: Reply, _now: Now) {}

    /// What the server must do next.
    pub fn news(&mut self) -> Option<News> {
        None
    }

    /// The next request to the broker.
    pub fn request(&mut self) -> Option<Request> {
        None
    }

    /// When to call `expire`.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Does what is due.
    pub fn expire(&mut self, _now: Now) {}

    /// Asks for the lock: something shared shall change.
    pub fn want_lock(&mut self) {}

    /// True when the server may change shared state now.
    pub fn has_lock(&self) -> bool {
        false
    }

    /// True when the node has the shared state.
    pub fn is_joined(&self) -> bool {
        false
    }

    /// Ends the use of the lock with what was done, which may be nothing.
    pub fn append(&mut self, _operations: Vec<(EventId, Operation)>, _users: u32, _rooms: u32, _now: Now) {}

    /// Notes that the server has the state of a founder.
    pub fn founded(&mut self, _users: u32, _rooms: u32, _now: Now) {}

    /// Hands out the snapshot that another node needs.
    pub fn offer(&mut self, _to: Epoch, _snapshot: &Snapshot) {}

    /// Sends a message to other nodes. `shard` is that of its room.
    pub fn relay(&mut self, _relay: Relay) {}

    /// Sets the shards that are read: those of rooms with members here.
    pub fn read_shards(&mut self, _shards: &[u16]) {}

    /// Ends the node's part: call it when all users have left. `has_ended` tells when it is done.
    pub fn end(&mut self) {}

    /// True when it is over.
    pub fn has_ended(&self) -> bool {
        true
    }

    /// The memory of messages that wait for the broker, in bytes.
    pub fn queued_bytes(&self) -> usize {
        0
    }

    /// The broker's clock minus the node's, in milliseconds.
    pub fn clock_offset(&self) -> i64 {
        0
    }

    /// The last entry that was applied.
    pub fn applied(&self) -> LogIndex {
        LogIndex::default()
    }

    /// The number of other nodes that are up.
    pub fn others(&self) -> usize {
        0
    }

    /// Its config.
    pub fn config(&self) -> &MemberConfig {
        &self.config
    }
}
