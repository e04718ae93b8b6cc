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
        match self.reach.reached() {
            Reached::One(only) => all.push(only),
            #[cfg(feature = "store")]
            Reached::Several => all.extend(self.rare.iter().flat_map(|rare| &rare.connections)),
            Reached::Nobody => {}
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

    pub(super) fn set_connections(&mut self, connections: Vec<ConnectionId>) {
        self.reach = Reach::of(&connections);
        #[cfg(feature = "store")]
        if connections.len() > 1 {
            self.rare_mut().connections = connections;
        } else if let Some(rare) = &mut self.rare {
            rare.connections = Vec::new();
        }
    }
}
