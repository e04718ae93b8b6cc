//! The connections of a user.

use super::reach::{Reach, Reached};
use super::users::User;
use crate::message::ConnectionId;

impl User {
    /// The user's connections, oldest first.
    pub fn connections(&self) -> Vec<ConnectionId> {
        let mut all = Vec::new();
        self.list_connections(&mut all);
        all
    }

    /// Appends the user's connections to `all`.
    pub(super) fn list_connections(&self, all: &mut Vec<ConnectionId>) {
        match (self.reach.reached(), &self.rare) {
            (Reached::One(only), _) => all.push(only),
            (Reached::Several, Some(rare)) => all.extend_from_slice(&rare.connections),
            (Reached::Several, None) | (Reached::Nobody, _) => {}
        }
    }

    /// Adds a connection, which must be new.
    #[cfg(feature = "store")]
    pub(super) fn add_connection(&mut self, connection: ConnectionId) {
        let mut all = self.connections();
        all.push(connection);
        self.set_connections(all);
    }

    /// Removes a connection, if it is there.
    pub(super) fn remove_connection(&mut self, connection: ConnectionId) {
        let mut all = self.connections();
        all.retain(|&other| other != connection);
        self.set_connections(all);
    }

    fn set_connections(&mut self, connections: Vec<ConnectionId>) {
        self.reach = Reach::of(&connections);
        if connections.len() > 1 {
            self.rare_mut().connections = connections;
        } else if let Some(rare) = &mut self.rare {
            rare.connections = Vec::new();
        }
    }
}
