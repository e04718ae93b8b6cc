//! Which places in which rooms a user has.

use std::mem;
use std::ops::{Deref, DerefMut};

use crate::message::ConnectionId;

/// A room's number, used again once the room is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoomId(pub(super) u32);

/// A user's place in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Which room.
    pub room: RoomId,
    /// Where in that room's list of members.
    pub(super) position: u32,
}

/// What a member takes in the list of a room, in bytes.
pub(super) const MEMBER_BYTES: usize = 12;

/// What a seat takes in the user's list of seats and the room's list of members, both of which may have just grown, and
/// in the list for events. A user's first one is part of what its connection takes.
pub(super) const SEAT_BYTES: usize = 2 * size_of::<Seat>() + 2 * MEMBER_BYTES + size_of::<ConnectionId>();

/// The seats of one user, without room for more: most users are in few rooms, and there are many users.
#[derive(Debug, Default)]
pub struct Seats(Box<[Seat]>);

impl Seats {
    pub(super) fn push(&mut self, seat: Seat) {
        self.change(|seats| {
            seats.reserve_exact(1);
            seats.push(seat);
        });
    }

    pub(super) fn pop(&mut self) -> Option<Seat> {
        self.change(Vec::pop)
    }

    pub(super) fn swap_remove(&mut self, index: usize) -> Seat {
        self.change(|seats| seats.swap_remove(index))
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Vec<Seat>) -> T) -> T {
        let mut seats = mem::take(&mut self.0).into_vec();
        let result = change(&mut seats);
        self.0 = seats.into_boxed_slice();
        result
    }
}

impl Deref for Seats {
    type Target = [Seat];

    fn deref(&self) -> &[Seat] {
        &self.0
    }
}

impl DerefMut for Seats {
    fn deref_mut(&mut self) -> &mut [Seat] {
        &mut self.0
    }
}
