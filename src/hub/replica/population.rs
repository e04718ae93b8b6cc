//! How many users each node has.

use super::Hub;
use crate::message::{MOST_NODES, Node};

impl Hub {
    /// The nodes that are up, the own one first, with the number of users at each. A user with devices at several nodes
    /// counts at each of them.
    pub fn users_by_node(&self) -> Vec<(&Node, usize)> {
        let mut counts = [0; MOST_NODES + 1];
        for (id, _) in self.users.iter() {
            for node in self.nodes_of(id) {
                if let Some(count) = counts.get_mut(usize::from(node.0)) {
                    *count += 1;
                }
            }
        }
        let count = |node: &Node| counts.get(usize::from(node.id.0)).copied().unwrap_or_default();
        self.nodes().map(|node| (node, count(node))).collect()
    }
}
