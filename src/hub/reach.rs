//! At which connections a user is reached: one, mostly; none, or several, where it is somebody with an account.

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
