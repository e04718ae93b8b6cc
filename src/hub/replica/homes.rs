//! Where each user is.

use super::Hub;
use crate::footprint::vec_bytes;
use crate::hub::membership::USER_BYTES;
use crate::hub::seats::SEAT_BYTES;
use crate::message::{ConnectionId, Login, Node, NodeId, UserId};

/// The memory of a user at another node, with its first seat, in bytes.
const ELSEWHERE_BYTES: usize = USER_BYTES + SEAT_BYTES;

/// The homes of all users.
#[derive(Debug, Default)]
pub(super) struct Homes {
    /// Indexed by user id.
    by_id: Vec<Option<Home>>,
    /// The number of users at other nodes, without those who have accounts.
    elsewhere: usize,
    /// The number of the last login.
    pub(super) last_login: u64,
}

/// Where a user is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home {
    /// The number of its login, because ids are used again.
    pub(super) login: u64,
    pub(super) place: Place,
}

/// The place of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At this connection of the own node.
    Here(ConnectionId),
    /// On another node.
    At(NodeId),
    /// It has an account, whose devices tell.
    Devices,
}

impl Home {
    fn is_elsewhere(self) -> bool {
        matches!(self.place, Place::At(_))
    }
}

impl Place {
    pub(super) fn of(connection: Option<ConnectionId>) -> Self {
        match connection {
            Some(connection) => connection.node().map_or(Self::Here(connection), Self::At),
            None => Self::Devices,
        }
    }
}

impl Homes {
    pub(super) fn get(&self, id: UserId) -> Option<Home> {
        self.by_id.get(id.0 as usize).copied().flatten()
    }

    /// Sets where the user `id` is. One who was not here has logged in.
    pub(super) fn set(&mut self, id: UserId, place: Place) {
        let login = self.get(id).map_or(self.last_login.wrapping_add(1), |home| home.login);
        self.last_login = self.last_login.max(login);
        self.insert(id, Home { login, place });
    }

    pub(super) fn insert(&mut self, id: UserId, home: Home) {
        let index = id.0 as usize;
        if index >= self.by_id.len() {
            self.by_id.resize(index + 1, None);
        }
        let before = self.by_id[index].replace(home);
        self.elsewhere += usize::from(home.is_elsewhere());
        self.elsewhere -= usize::from(before.is_some_and(Home::is_elsewhere));
    }

    pub(super) fn forget(&mut self, id: UserId) {
        let before = self.by_id.get_mut(id.0 as usize).and_then(Option::take);
        self.elsewhere -= usize::from(before.is_some_and(Home::is_elsewhere));
    }

    pub(super) fn clear(&mut self) {
        (self.by_id, self.elsewhere) = (Vec::new(), 0);
    }

    /// The memory of the homes, and of users at other nodes: that of others is charged to connections and accounts. In
    /// bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        vec_bytes(&self.by_id) + self.elsewhere * ELSEWHERE_BYTES
    }
}

/// The connection, if it is one of this node.
pub(in crate::hub) fn here(connection: ConnectionId) -> Option<ConnectionId> {
    connection.node().is_none().then_some(connection)
}

impl Hub {
    /// Notes that the user `id` is at this connection, or has an account.
    pub(in crate::hub) fn note_home(&mut self, id: UserId, connection: Option<ConnectionId>) {
        if let Some(replica) = &mut self.replica {
            replica.homes.set(id, Place::of(connection));
        }
    }

    /// Notes that the user `id` has left.
    pub(in crate::hub) fn forget_home(&mut self, id: UserId) {
        let Some(replica) = &mut self.replica else { return };
        replica.homes.forget(id);
        if self.users.is_empty() {
            replica.homes.clear();
        }
    }

    /// True when the connection is that of the user `id`, or one of its own. The id may have become that of another.
    pub(in crate::hub) fn is_at(&self, id: UserId, connection: ConnectionId) -> bool {
        let Some(replica) = &self.replica else { return true };
        match replica.homes.get(id).map(|home| home.place) {
            Some(Place::Devices) => self.devices(id).iter().any(|device| device.connection == connection),
            Some(place) => place == Place::of(Some(connection)),
            None => false,
        }
    }

    /// The login of the user `id`.
    pub(super) fn login_of(&self, id: UserId) -> Option<Login> {
        let home = self.replica.as_ref()?.homes.get(id)?;
        Some(Login { user: id, login: home.login })
    }

    /// The nodes at which a user is, each once.
    pub(super) fn nodes_of(&self, id: UserId) -> Vec<NodeId> {
        let Some(replica) = &self.replica else { return Vec::new() };
        let mut nodes = match replica.homes.get(id).map(|home| home.place) {
            Some(Place::Here(_)) => vec![replica.own.id],
            Some(Place::At(node)) => vec![node],
            Some(Place::Devices) => {
                let devices = self.devices(id).iter();
                devices.map(|device| device.connection.node().unwrap_or(replica.own.id)).collect()
            }
            None => Vec::new(),
        };
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// The node of a user; that of one of its devices if it has an account, the own one if possible.
    pub fn node_of(&self, id: UserId) -> Option<&Node> {
        let own = self.own_node()?.id;
        let nodes = self.nodes_of(id);
        let node = nodes.iter().find(|&&node| node == own).or(nodes.first())?;
        self.nodes().find(|known| known.id == *node)
    }

    /// Panics unless everybody is somewhere. For tests.
    pub(in crate::hub) fn check_homes(&self) {
        let Some(replica) = &self.replica else { return };
        let homes = &replica.homes;
        assert_eq!(homes.by_id.iter().flatten().count(), self.users.len(), "every user is somewhere");
        assert_eq!(homes.elsewhere, homes.by_id.iter().flatten().filter(|home| home.is_elsewhere()).count());
        for (id, user) in self.users.iter() {
            let place = homes.get(id).map(|home| home.place);
            let connections = user.connections();
            let is_right = match place {
                // It may have ended.
                Some(Place::Here(connection)) => connections.is_empty() || connections == [connection],
                Some(Place::At(node)) => connections.is_empty() && node != replica.own.id,
                Some(Place::Devices) => true,
                None => false,
            };
            assert!(is_right, "{} is at {place:?} with {connections:?}", user.name());
            let has_account = user.account().is_some();
            assert_eq!(place == Some(Place::Devices), has_account, "{} is somewhere", user.name());
            assert!(homes.get(id).is_some_and(|home| home.login <= homes.last_login));
        }
    }
}
