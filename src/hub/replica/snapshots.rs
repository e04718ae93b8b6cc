//! The whole state as a value, for a node that does not have it yet.

use super::{Diverged, Hub};
use crate::message::{LogIndex, Node, Snapshot};

impl Hub {
    /// The state after the entry `index`.
    pub fn snapshot(&self, index: LogIndex) -> Snapshot {
        Snapshot {
            index,
            last_event: self.last_event,
            nodes: self.nodes().cloned().collect(),
            users: Vec::new(),
            vacant: Vec::new(),
            rooms: Vec::new(),
            past: Vec::new(),
            accounts: Vec::new(),
            bans: Vec::new(),
            last_guest: self.accounts.last_guest,
            last_login: 0,
            messages: self.messages,
        }
    }

    /// Replaces the state by that of other nodes. An error changes nothing.
    pub fn load(&mut self, _snapshot: &Snapshot, _node: Node) -> Result<(), Diverged> {
        Ok(())
    }
}
