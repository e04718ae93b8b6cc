//! Which connections a user has: one, mostly; none, or several, where it is somebody with an account.

use super::users::User;
use crate::message::ConnectionId;

/// The connections of a user in 32 bits: where there are several, the user has a list of them besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach(u32);

/// What a [`Reach`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Nobody,
    One(ConnectionId),
    /// The user knows which.
    Several,
}

impl Reach {
    /// No connection has these numbers: a process has not so many descriptors.
    const NOBODY: Self = Self(u32::MAX);
    const SEVERAL: Self = Self(u32::MAX - 1);

    /// That of somebody with these connections.
    pub(super) fn of(connections: &[ConnectionId]) -> Self {
        match connections {
            [] => Self::NOBODY,
            [ConnectionId(only)] => Self(*only),
            [_, _, ..] => Self::SEVERAL,
        }
    }

    pub(super) fn reached(self) -> Reached {
        match self {
            Self::NOBODY => Reached::Nobody,
            Self::SEVERAL => Reached::Several,
            Self(key) => Reached::One(ConnectionId(key)),
        }
    }
}

impl User {
    /// The user's connections, in the order in which they came.
    pub fn connections(&self) -> Vec<ConnectionId> {
        let mut all = Vec::new();
        self.list_connections(&mut all);
        all
    }

    /// Adds the user's connections to `all`.
    pub(super) fn list_connections(&self, all: &mut Vec<ConnectionId>) {
        match (self.reach.reached(), &self.rare) {
            (Reached::One(only), _) => all.push(only),
            (Reached::Several, Some(rare)) => all.extend_from_slice(&rare.connections),
            (Reached::Several, None) | (Reached::Nobody, _) => {}
        }
    }

    /// Adds a connection that is not there.
    pub(super) fn add_connection(&mut self, connection: ConnectionId) {
        let mut all = self.connections();
        all.push(connection);
        self.set_connections(all);
    }

    /// Takes a connection out, if it is there.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_connection_one_and_several_are_told_apart() {
        let [a, b] = [1, 2].map(ConnectionId);
        for (connections, reached) in
            [(&[][..], Reached::Nobody), (&[a], Reached::One(a)), (&[a, b], Reached::Several)]
        {
            assert_eq!(Reach::of(connections).reached(), reached);
        }
    }
}
