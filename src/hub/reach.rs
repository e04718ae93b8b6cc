//! A user's connections: usually one, but users with accounts may have none or several.

use crate::message::ConnectionId;

/// A user's connections in 32 bits. When there are several, the list is in the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach(u32);

/// A decoded [`Reach`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Nobody,
    One(ConnectionId),
    /// See the user's list.
    #[cfg(feature = "store")]
    Several,
}

impl Reach {
    /// No connection has these numbers: processes do not have so many descriptors.
    const NOBODY: Self = Self(u32::MAX);
    #[cfg(feature = "store")]
    const SEVERAL: Self = Self(u32::MAX - 1);

    pub(super) fn of(connections: &[ConnectionId]) -> Self {
        match connections {
            [] => Self::NOBODY,
            [ConnectionId(only)] => Self(*only),
            #[cfg(feature = "store")]
            [_, _, ..] => Self::SEVERAL,
            // Without accounts, a user has no second one.
            #[cfg(not(feature = "store"))]
            [_, _, ..] => Self::NOBODY,
        }
    }

    pub(super) fn reached(self) -> Reached {
        match self {
            Self::NOBODY => Reached::Nobody,
            #[cfg(feature = "store")]
            Self::SEVERAL => Reached::Several,
            Self(key) => Reached::One(ConnectionId(key)),
        }
    }
}

#[cfg(all(test, feature = "store"))]
mod tests {
    use super::*;

    #[test]
    fn none_one_and_several_connections_are_told_apart() {
        let [a, b] = [1, 2].map(ConnectionId);
        for (connections, reached) in
            [(&[][..], Reached::Nobody), (&[a], Reached::One(a)), (&[a, b], Reached::Several)]
        {
            assert_eq!(Reach::of(connections).reached(), reached);
        }
    }
}
