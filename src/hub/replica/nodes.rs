//! Nodes that come and go.

use super::{Hub, Replica};
use crate::message::{Effects, Epoch, Node, NodeId, Now, UserId};

impl Hub {
    /// Makes the hub that of a node, the first: it notes what it does from now on. Call this before anything is restored
    /// from the store, and drop the operations of that.
    pub fn become_node(&mut self, node: Node) {
        self.replica = Some(Box::new(Replica {
            own: node,
            others: Vec::new(),
            has_had_others: false,
            homes: Vec::new(),
            last_login: 0,
            journal: Vec::new(),
            replayed: None,
        }));
    }

    /// Makes the hub that of the only node, which founds the cluster anew: users of other nodes leave.
    pub fn found(&mut self, node: Node, _now: Now, _out: &mut Effects) {
        self.become_node(node);
    }

    /// The own node, if there are several.
    pub fn own_node(&self) -> Option<&Node> {
        self.replica.as_ref().map(|replica| &replica.own)
    }

    /// The nodes that are up, the own one first.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.replica.iter().flat_map(|replica| [&replica.own].into_iter().chain(&replica.others))
    }

    /// The node of a user; that of one of its devices if it has an account, the own one if possible.
    pub fn node_of(&self, _id: UserId) -> Option<&Node> {
        self.own_node()
    }

    /// Notes that a node is down: its users leave. Does nothing if that is known.
    pub fn node_down(&mut self, _id: NodeId, _epoch: Epoch, _now: Now, _out: &mut Effects) {}
}
