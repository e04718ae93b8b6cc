//! Where each user is.

use super::Hub;
use crate::message::{ConnectionId, Login, Node, NodeId, UserId};

/// The homes of all users.
#[derive(Debug, Default)]
pub(super) struct Homes {
    /// Indexed by user id.
    by_id: Vec<Option<Home>>,
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
        self.by_id[index] = Some(home);
    }

    pub(super) fn forget(&mut self, id: UserId) {
        if let Some(home) = self.by_id.get_mut(id.0 as usize) {
            *home = None;
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_id = Vec::new();
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

    /// The user of a login, if it is still here.
    pub(super) fn user_of_login(&self, login: Login) -> Option<UserId> {
        (self.login_of(login.user) == Some(login)).then_some(login.user)
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
}
