//! Ends connections of a user, also those to other nodes.

use super::homes::Place;
use super::{Hub, journaled};
use crate::message::{CloseReason, ConnectionId, Effects, NodeId, Now, UserId};

impl Hub {
    /// The connections of a user. Of one without an account who is on another node, this stands for the only one.
    pub fn all_connections(&self, id: UserId) -> Vec<ConnectionId> {
        let place = self.replica.as_ref().and_then(|replica| replica.homes.get(id)).map(|home| home.place);
        match place {
            Some(Place::Devices) => self.devices(id).iter().map(|device| device.connection).collect(),
            Some(Place::At(node)) => vec![ConnectionId(0).at(node)],
            Some(Place::Here(_)) | None => self.users.connections(id),
        }
    }

    /// Ends some of all connections of a user: `by` is the name of who wants it.
    pub fn end_connections(
        &mut self,
        id: UserId,
        connections: &[ConnectionId],
        (by, reason): (&str, &str),
        now: Now,
        out: &mut Effects,
    ) {
        let killed = CloseReason::Killed { by: by.to_owned(), reason: reason.to_owned() };
        let elsewhere = |connection: &ConnectionId| Some((connection.node()?, connection.own()));
        let devices: Vec<_> = connections.iter().filter_map(elsewhere).collect();
        let own = connections.iter().filter(|connection| connection.node().is_none());
        own.for_each(|&connection| out.close(connection, killed.clone()));
        if devices.is_empty() {
            return;
        }
        if self.account_of(id).is_none() {
            return self.leave_together(vec![(id, killed.to_string())], now, out);
        }
        let (by, reason) = (by.into(), reason.into());
        journaled!(self, EndDevices { user: id, devices, by, reason }, ());
    }

    /// Ends those of these connections that are to this node.
    pub(super) fn end_devices(
        &self,
        id: UserId,
        devices: &[(NodeId, ConnectionId)],
        reason: &CloseReason,
        out: &mut Effects,
    ) {
        let Some(own) = self.own_node() else { return };
        let here = devices.iter().filter(|(node, _)| *node == own.id).map(|(_, connection)| *connection);
        let is_there = |connection: &ConnectionId| self.users.connections(id).contains(connection);
        here.filter(is_there).for_each(|connection| out.close(connection, reason.clone()));
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Instant, SystemTime};

    use super::*;
    use crate::hub::Arrival;
    use crate::message::{
        Account, AccountId, Dated, Effect, Epoch, EventId, LogEntry, LogIndex, Node, Operation, Peer, Profile,
    };
    use crate::name::{RoomName, UserName};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn now() -> Now {
        Now { instant: Instant::now(), time: NOW }
    }

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    fn profile() -> Profile {
        Profile {
            is_secure: false,
            username: "u".into(),
            host: "h".into(),
            realname: "r".into(),
            peer: Peer::Unix,
            away: None,
        }
    }

    fn node(id: u8) -> Node {
        Node { id: NodeId(id), epoch: Epoch(id.into()), name: format!("n{id}").into() }
    }

    /// The connections that are closed.
    fn closed(mut out: Effects) -> Vec<u32> {
        let mut closed = Vec::new();
        while let Some(effect) = out.pop() {
            if let Effect::Close(ConnectionId(id), _) = effect {
                closed.push(id);
            }
        }
        closed
    }

    /// Lets a hub repeat what that of this node has done. Returns the connections that are closed.
    fn repeat(operations: Vec<Dated>, of: u8, hub: &mut Hub) -> Vec<u32> {
        let (users, rooms, node) = (u32::MAX, u32::MAX, node(of));
        let (index, id, epoch) = (LogIndex(1), node.id, node.epoch);
        let entry = LogEntry { index, node: id, epoch, time: NOW, operations, users, rooms };
        let mut out = Effects::default();
        hub.replay(&entry, now(), &mut out).unwrap();
        closed(out)
    }

    /// The hubs of two nodes.
    fn hubs() -> [Hub; 2] {
        let mut hubs = [1, 2].map(|id| {
            let mut hub = Hub::new(RoomName::new("#lobby").unwrap(), NOW);
            hub.become_node(node(id));
            hub
        });
        for (own, other) in [(0, 2), (1, 1)] {
            let operation = Operation::Hello { node: node(other), attempt: 0 };
            let after = EventId::default();
            repeat(vec![Dated { after, operation }], other, &mut hubs[own]);
        }
        hubs
    }

    #[test]
    fn a_device_on_another_node_ends_there() {
        let [mut cellar, mut attic] = hubs();
        let account = Account::new(AccountId(1), name("ana"), NOW);
        cellar.add_account(account.id, &account.name);
        let enter = |hub: &mut Hub, connection| {
            let arrival = Arrival { connection: ConnectionId(connection), device: "irc", profile: profile() };
            hub.enter_account(&arrival, account.clone(), now(), &mut Effects::default()).unwrap().user
        };
        let user = enter(&mut cellar, 5);
        repeat(cellar.take_operations(), 1, &mut attic);
        assert_eq!(enter(&mut attic, 9), user);
        repeat(attic.take_operations(), 2, &mut cellar);

        let there = ConnectionId(5).at(NodeId(1));
        assert_eq!(attic.all_connections(user), [there, ConnectionId(9)]);
        let mut out = Effects::default();
        attic.end_connections(user, &[there], ("ana", "LOGOUT"), now(), &mut out);
        assert_eq!(closed(out), [0; 0]);
        assert_eq!(repeat(attic.take_operations(), 2, &mut cellar), [5]);

        let mut out = Effects::default();
        attic.end_connections(user, &[ConnectionId(9)], ("ana", "LOGOUT"), now(), &mut out);
        assert_eq!((closed(out), attic.take_operations().len()), (vec![9], 0));
    }

    #[test]
    fn a_user_without_an_account_on_another_node_leaves() {
        let [mut cellar, mut attic] = hubs();
        let user =
            cellar.log_in(ConnectionId(5), name("eve"), profile(), now(), &mut Effects::default()).unwrap();
        repeat(cellar.take_operations(), 1, &mut attic);
        let all = attic.all_connections(user);
        assert_eq!(all.len(), 1);
        attic.end_connections(user, &all, ("ana", "GHOST"), now(), &mut Effects::default());
        assert!(attic.users().get(user).is_none());
        assert_eq!(repeat(attic.take_operations(), 2, &mut cellar), [5]);
        assert!(cellar.users().get(user).is_none());
    }
}
