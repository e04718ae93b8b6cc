//! The rooms a user is in, and its index in each.

use std::mem;
use std::ops::{Deref, DerefMut};

use crate::message::ConnectionId;

/// A room's id. Reused after the room disappears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub(super) u32);

/// A user's membership in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    pub room: RoomId,
    /// The index in the room's list of members.
    pub(super) position: u32,
}

/// Bytes per member in the list of a room.
pub(super) const MEMBER_BYTES: usize = 12;

/// Bytes per seat in the user's list, the room's list and the audience. The lists may have just doubled their
/// capacity. The first seat of a user is charged to its connection.
pub(super) const SEAT_BYTES: usize = 2 * size_of::<Seat>() + 2 * MEMBER_BYTES + size_of::<ConnectionId>();

/// The seats of one user, without spare capacity: most users are in few rooms, and there are many users.
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
