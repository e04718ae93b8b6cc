//! The hub as one of several that are the same: which nodes there are, and where each user is. See doc/CLUSTER.md.

#![allow(dead_code)]

mod coming_back;
mod delivering;
mod nodes;
mod replaying;
mod snapshots;

pub use coming_back::Homecoming;

use std::fmt;

use super::Hub;
use crate::message::{ConnectionId, Dated, EventId, Node, NodeId, Now, UserId};

/// What a hub knows as one of several.
#[derive(Debug)]
pub(super) struct Replica {
    /// Its own node.
    own: Node,
    /// The other nodes that are up.
    others: Vec<Node>,
    /// There were other nodes since the node began.
    has_had_others: bool,
    /// Indexed by user id.
    homes: Vec<Option<Home>>,
    /// The number of the last login.
    last_login: u64,
    journal: Vec<Dated>,
    /// The node whose operations are replayed.
    replayed: Option<NodeId>,
}

/// Where a user is.
#[derive(Clone, Copy, Debug)]
struct Home {
    /// The number of its login: see `Login`.
    login: u64,
    /// Its connection, unless it has an account. Then its devices tell.
    connection: Option<ConnectionId>,
}

/// The state of this hub is not that of the others, for this reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diverged(pub &'static str);

impl fmt::Display for Diverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Diverged {}

impl Hub {
    /// The number of users and that of rooms, to compare with other nodes.
    pub fn counts(&self) -> (u32, u32) {
        let [users, rooms] = [self.users.len(), self.rooms.len()];
        (u32::try_from(users).unwrap_or(u32::MAX), u32::try_from(rooms).unwrap_or(u32::MAX))
    }

    /// Takes what the hub has done since the last call, for the log. All of it was done at the same time.
    pub fn take_operations(&mut self) -> Vec<Dated> {
        self.replica.as_mut().map(|replica| std::mem::take(&mut replica.journal)).unwrap_or_default()
    }

    /// True when something was done that is not in the log yet.
    pub fn has_operations(&self) -> bool {
        self.replica.as_ref().is_some_and(|replica| !replica.journal.is_empty())
    }

    /// The id of an event at this time.
    pub(super) fn next_event(&self, now: Now) -> EventId {
        let next = self.last_event.next(now.time);
        match &self.replica {
            Some(replica) => next.of_node(replica.replayed.unwrap_or(replica.own.id)),
            None => next,
        }
    }

    /// Takes a connection that ends out of reach of its user: it hears nothing more. Call `detach` for it when the log
    /// can be written. `is_whole`: everything that was sent has reached the peer.
    pub fn disconnect(&mut self, _id: UserId, _connection: ConnectionId, _is_whole: bool) {}
}
