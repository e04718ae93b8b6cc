//! The hub as one of several that are the same: which nodes there are, and where each user is. See doc/CLUSTER.md.

mod coming_back;
mod delivering;
mod differences;
mod earlier;
mod ending;
mod homes;
mod journal;
mod nodes;
mod population;
mod replaying;
mod returning;
mod snapshots;

pub use coming_back::Homecoming;
pub(super) use homes::here;
pub(super) use journal::{Outcome, journaled};

use std::fmt;

use super::Hub;
use crate::message::{ConnectionId, EventId, Node, Now, UserId};
use earlier::Earlier;
use homes::Homes;
use journal::Journal;
use replaying::Replayed;

/// What a hub knows as one of several.
#[derive(Debug)]
pub(super) struct Replica {
    /// Its own node.
    own: Node,
    /// The other nodes that are up.
    others: Vec<Node>,
    /// There were other nodes since the node began.
    has_had_others: bool,
    homes: Homes,
    earlier: Earlier,
    journal: Journal,
    /// What is being replayed.
    replayed: Option<Replayed>,
}

impl Replica {
    fn new(own: Node) -> Self {
        Self {
            own,
            others: Vec::new(),
            has_had_others: false,
            homes: Homes::default(),
            earlier: Earlier::default(),
            journal: Journal::default(),
            replayed: None,
        }
    }
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

    /// Bytes kept for users of other nodes.
    pub(super) fn elsewhere_bytes(&self) -> usize {
        self.replica.as_ref().map_or(0, |replica| replica.homes.kept_bytes())
    }

    /// True when the hub is one of several.
    pub(super) fn is_replica(&self) -> bool {
        self.replica.is_some()
    }

    /// True while the hub does what another node has done: that was allowed.
    pub(super) fn is_replaying(&self) -> bool {
        self.replica.as_ref().is_some_and(|replica| replica.replayed.is_some())
    }

    /// The id of an event at this time.
    pub(super) fn next_event(&self, now: Now) -> EventId {
        let next = self.last_event.next(now.time);
        match &self.replica {
            Some(replica) => {
                let replayed = replica.replayed.as_ref().map(|replayed| replayed.node);
                next.of_node(replayed.unwrap_or(replica.own.id))
            }
            None => next,
        }
    }

    /// Makes `last` the last event again: what came later was only told to connections of this node, and other nodes
    /// shall give the same ids.
    pub(super) fn take_back_events(&mut self, last: EventId) {
        if self.is_replica() {
            self.last_event = last;
        }
    }

    /// Takes a connection that ends out of reach of its user: it hears nothing more. Call `detach` for it when the log
    /// can be written. `is_whole`: everything that was sent has reached the peer.
    pub fn disconnect(&mut self, id: UserId, connection: ConnectionId, is_whole: bool) {
        let last = self.last_event;
        if let Some(device) = self.device_mut(id, connection) {
            let heard = device.heard_by_now(is_whole, last);
            (device.heard, device.behind) = (heard, Some(heard));
        }
        self.take_out_of_reach(id, connection);
    }
}
