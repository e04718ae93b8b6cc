//! Which connections a user has: one, mostly; none, or several, where it is somebody with an account.

use std::slice;

use crate::message::ConnectionId;

/// The connections of one user, in the order in which they came.
#[derive(Debug, Default)]
pub(super) enum Connections {
    #[default]
    None,
    One(ConnectionId),
    /// Two at least.
    Several(Box<[ConnectionId]>),
}

/// The same in 32 bits, for where there is one of these for every seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach(u32);

/// What can be told of a [`Reach`] without asking the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Nobody,
    One(ConnectionId),
    /// The user knows which.
    Several,
}

impl Connections {
    pub(super) fn as_slice(&self) -> &[ConnectionId] {
        match self {
            Self::None => &[],
            Self::One(only) => slice::from_ref(only),
            Self::Several(all) => all,
        }
    }

    /// Adds one that is not there.
    pub(super) fn add(&mut self, connection: ConnectionId) {
        debug_assert!(!self.as_slice().contains(&connection), "{connection:?} comes twice");
        match self {
            Self::None => *self = Self::One(connection),
            Self::One(_) | Self::Several(_) => {
                *self = Self::Several([self.as_slice(), &[connection]].concat().into());
            }
        }
    }

    /// Takes one out, if it is there.
    pub(super) fn remove(&mut self, connection: ConnectionId) {
        match self {
            Self::None => {}
            Self::One(only) if *only == connection => *self = Self::None,
            Self::One(_) => {}
            Self::Several(all) => {
                let others: Vec<_> = all.iter().copied().filter(|&other| other != connection).collect();
                *self = if let [only] = others[..] { Self::One(only) } else { Self::Several(others.into()) };
            }
        }
    }

    pub(super) fn reach(&self) -> Reach {
        match self {
            Self::None => Reach::NOBODY,
            Self::One(ConnectionId(key)) => Reach(*key),
            Self::Several(_) => Reach::SEVERAL,
        }
    }
}

impl Reach {
    /// No connection has these numbers: a process has not so many descriptors.
    const NOBODY: Self = Self(u32::MAX);
    const SEVERAL: Self = Self(u32::MAX - 1);

    pub(super) fn reached(self) -> Reached {
        match self {
            Self::NOBODY => Reached::Nobody,
            Self::SEVERAL => Reached::Several,
            Self(key) => Reached::One(ConnectionId(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_come_and_go_in_order_and_the_reach_follows() {
        let [a, b, c] = [1, 2, 3].map(ConnectionId);
        let mut all = Connections::default();
        assert_eq!((all.as_slice(), all.reach().reached()), (&[][..], Reached::Nobody));
        all.add(a);
        all.remove(b);
        assert_eq!((all.as_slice(), all.reach().reached()), (&[a][..], Reached::One(a)));
        all.add(b);
        all.add(c);
        assert_eq!((all.as_slice(), all.reach().reached()), (&[a, b, c][..], Reached::Several));
        all.remove(a);
        all.remove(c);
        assert_eq!((all.as_slice(), all.reach().reached()), (&[b][..], Reached::One(b)));
        all.remove(b);
        assert_eq!(all.as_slice(), &[]);
    }
}
