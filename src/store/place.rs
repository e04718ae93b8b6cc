//! Rooms and private messages: each place has a history of its own.

use std::borrow::Cow;

use crate::message::AccountId;
use crate::name::RoomName;

/// A room, or the private messages of two accounts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Room(RoomName),
    /// The smaller number first.
    Talk([AccountId; 2]),
}

impl Place {
    /// The name that no other place has, without its letter case. Names of rooms begin with `#`.
    pub(super) fn folded(&self) -> String {
        match self {
            Self::Room(room) => room.folded(),
            Self::Talk([smaller, larger]) => format!("{} {}", smaller.0, larger.0),
        }
    }

    /// The name.
    pub(super) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Room(room) => room.as_str().into(),
            Self::Talk(_) => self.folded().into(),
        }
    }

    /// The accounts whose private messages these are.
    pub(super) fn accounts(&self) -> [Option<u32>; 2] {
        match self {
            Self::Room(_) => [None; 2],
            Self::Talk(between) => between.map(|account| Some(account.0)),
        }
    }
}
