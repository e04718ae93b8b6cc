//! Nodes that come and go.

use super::homes::Place;
use super::{Diverged, Hub, Replica};
use crate::hub::replica::journaled;
use crate::message::{ConnectionId, Effects, Epoch, EventId, Node, NodeId, Now, UserId};

impl Hub {
    /// Makes the hub that of a node, the first: it notes what it does from now on. Call this before anything is restored
    /// from the store, and drop the operations of that.
    pub fn become_node(&mut self, node: Node) {
        self.accounts.keep_names();
        self.replica = Some(Box::new(Replica::new(node)));
        let users: Vec<_> = self.users.iter().map(|(id, _)| id).collect();
        for id in users {
            let has_account = self.account_of(id).is_some();
            let connection = self.users.connections(id).first().copied();
            self.note_home(id, connection.filter(|_| !has_account));
        }
    }

    /// Makes the hub that of the only node, which founds the cluster anew: users of other nodes leave.
    pub fn found(&mut self, node: Node, now: Now, out: &mut Effects) {
        let others = self.replica.as_mut().map(|replica| std::mem::take(&mut replica.others));
        for other in others.unwrap_or_default() {
            self.remove_node(&other, now, out);
        }
        match &mut self.replica {
            Some(replica) => replica.own = node,
            None => self.become_node(node),
        }
        self.take_operations();
    }

    /// The own node, if there are several.
    pub fn own_node(&self) -> Option<&Node> {
        self.replica.as_ref().map(|replica| &replica.own)
    }

    /// The nodes that are up, the own one first.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.replica.iter().flat_map(|replica| [&replica.own].into_iter().chain(&replica.others))
    }

    /// Notes that another node is up. If an earlier life of it was, that is over.
    pub(super) fn node_up(&mut self, node: Node, now: Now, out: &mut Effects) -> Result<(), Diverged> {
        let Some(replica) = &mut self.replica else { return Ok(()) };
        if replica.own.id == node.id || replica.own.name == node.name {
            return Err(Diverged("another node uses the name of this one"));
        }
        let is_same = |known: &Node| known.id == node.id || known.name == node.name;
        while let Some(earlier) = self.other_node(|known| is_same(known) && *known != node) {
            self.remove_node(&earlier, now, out);
        }
        if let Some(replica) = &mut self.replica
            && !replica.others.contains(&node)
        {
            replica.others.push(node);
            replica.has_had_others = true;
        }
        Ok(())
    }

    fn other_node(&self, is_meant: impl Fn(&Node) -> bool) -> Option<Node> {
        self.replica.as_ref()?.others.iter().find(|node| is_meant(node)).cloned()
    }

    /// Notes that a node is down: its users leave. Does nothing if that is known.
    pub fn node_down(&mut self, id: NodeId, epoch: Epoch, now: Now, out: &mut Effects) {
        if let Some(node) = self.other_node(|node| node.id == id && node.epoch == epoch) {
            journaled!(self, Down { node: id, epoch }, self.remove_node(&node, now, out));
        }
    }

    /// Removes a node, and the users whose only connections were to it.
    fn remove_node(&mut self, node: &Node, now: Now, out: &mut Effects) {
        if let Some(replica) = &mut self.replica {
            replica.others.retain(|known| known != node);
        }
        let ids: Vec<_> = self.users.iter().map(|(id, _)| id).collect();
        let leavers = ids.into_iter().filter(|&id| self.lose_node(id, node.id, now, out));
        let reason = format!("The node {} is down", node.name);
        let leavers = leavers.map(|id| (id, reason.clone())).collect();
        self.leave_together(leavers, now, out);
    }

    /// Removes the connections that the user `id` has to a node. True when it has to leave.
    fn lose_node(&mut self, id: UserId, node: NodeId, now: Now, out: &mut Effects) -> bool {
        let place = self.replica.as_ref().and_then(|replica| replica.homes.get(id)).map(|home| home.place);
        if place != Some(Place::Devices) {
            return place == Some(Place::At(node));
        }
        let devices = self.devices(id).iter().filter(|device| device.connection.node() == Some(node));
        let devices: Vec<ConnectionId> = devices.map(|device| device.connection).collect();
        let mut leaves = false;
        for connection in devices {
            if let Some(device) = self.device_mut(id, connection) {
                // Nobody knows what has reached it since it came.
                device.behind = Some(EventId::before(device.since));
            }
            leaves = self.lose(id, connection, true, now, out);
        }
        leaves
    }
}
