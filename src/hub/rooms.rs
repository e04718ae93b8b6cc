//! Rooms and their members. A room lists its members, and each user lists its seats: which room, and which
//! place in that list. So entering and leaving are O(1) in the size of the room, and telling everybody is a
//! walk along one array.

use std::collections::HashMap;

use slab::Slab;

use super::users::Users;
use crate::message::UserId;
use crate::name::RoomName;

/// A room's number, used again once the room is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoomId(u32);

/// A user's place in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Which room.
    pub room: RoomId,
    /// Where in that room's list of members.
    position: u32,
}

/// All rooms. One exists while it has members; those opened to stay exist always.
#[derive(Debug, Default)]
pub struct Rooms {
    by_name: HashMap<RoomName, RoomId>,
    rooms: Slab<Room>,
}

/// One room.
#[derive(Debug)]
pub struct Room {
    /// Its name, as its first member wrote it.
    pub name: RoomName,
    /// Everybody in it, in no particular order: leaving fills the gap with the last.
    pub members: Vec<UserId>,
    /// Exists without members too.
    stays: bool,
}

impl Rooms {
    /// The room called `name`, which exists from now on whether somebody is in it or not.
    pub fn open_to_stay(&mut self, name: RoomName) -> RoomId {
        let room = self.open(name);
        self.rooms[room.0 as usize].stays = true;
        room
    }

    fn open(&mut self, name: RoomName) -> RoomId {
        if let Some(&room) = self.by_name.get(&name) {
            return room;
        }
        let key = self.rooms.insert(Room { name: name.clone(), members: Vec::new(), stays: false });
        let room = RoomId(u32::try_from(key).expect("fewer rooms than connections, whose keys are 32 bits"));
        self.by_name.insert(name, room);
        room
    }

    /// Puts the user `id` into the room called `name`. False when it was there already, or is no user.
    pub fn join(&mut self, users: &mut Users, id: UserId, name: RoomName) -> bool {
        let Some(user) = users.get_mut(id) else { return false };
        let room = self.open(name);
        if user.seats.iter().any(|seat| seat.room == room) {
            return false;
        }
        let members = &mut self.rooms[room.0 as usize].members;
        user.seats.push(Seat { room, position: members.len() as u32 });
        members.push(id);
        true
    }

    /// Takes the user `id` out of every room.
    pub fn leave_all(&mut self, users: &mut Users, id: UserId) {
        while let Some(seat) = users.get_mut(id).and_then(|user| user.seats.pop()) {
            self.vacate(users, seat);
        }
    }

    /// Empties a seat that its user has given up already.
    fn vacate(&mut self, users: &mut Users, seat: Seat) {
        let room = &mut self.rooms[seat.room.0 as usize];
        room.members.swap_remove(seat.position as usize);
        if let Some(&moved) = room.members.get(seat.position as usize) {
            let seats = users.get_mut(moved).into_iter().flat_map(|user| &mut user.seats);
            for other in seats.filter(|other| other.room == seat.room) {
                other.position = seat.position;
            }
        }
        if room.members.is_empty() && !room.stays {
            let room = self.rooms.remove(seat.room.0 as usize);
            self.by_name.remove(&room.name);
        }
    }

    /// The room called `name`, in any letter case.
    pub fn find(&self, name: &RoomName) -> Option<RoomId> {
        self.by_name.get(name).copied()
    }

    /// The room `id`, which exists.
    pub fn get(&self, id: RoomId) -> &Room {
        &self.rooms[id.0 as usize]
    }

    /// How many rooms there are.
    pub fn len(&self) -> usize {
        self.rooms.len()
    }

    /// True when there is no room.
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    /// Panics where members and seats disagree. Costs O(n): for tests.
    pub fn check(&self, users: &Users) {
        assert_eq!(self.by_name.len(), self.rooms.len(), "as many names as rooms");
        let mut members = 0;
        for (key, room) in &self.rooms {
            let id = RoomId(key as u32);
            assert_eq!(self.by_name.get(&room.name), Some(&id), "a room is found by its name");
            assert!(room.stays || !room.members.is_empty(), "{:?} is empty and still here", room.name);
            members += room.members.len();
            for (position, &member) in room.members.iter().enumerate() {
                let user = users.get(member).expect("every member is a user");
                let seats: Vec<_> = user.seats.iter().filter(|seat| seat.room == id).collect();
                assert_eq!(seats, [&Seat { room: id, position: position as u32 }]);
            }
        }
        assert_eq!(users.iter().map(|(_, user)| user.seats.len()).sum::<usize>(), members);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::UserName;

    fn room(text: &str) -> RoomName {
        RoomName::new(text).unwrap()
    }

    fn users(count: u32) -> Users {
        let mut users = Users::default();
        for n in 0..count {
            users.claim(UserId(n), UserName::new(&format!("u{n}")).unwrap()).unwrap();
        }
        users
    }

    #[test]
    fn a_room_is_gone_with_its_last_member_unless_it_stays() {
        let (mut users, mut rooms) = (users(2), Rooms::default());
        rooms.open_to_stay(room("#lobby"));
        for id in [UserId(0), UserId(1)] {
            assert!(rooms.join(&mut users, id, room("#lobby")));
            assert!(rooms.join(&mut users, id, room("#tea")));
        }
        rooms.check(&users);
        rooms.leave_all(&mut users, UserId(0));
        assert!(rooms.find(&room("#TEA")).is_some());
        rooms.leave_all(&mut users, UserId(1));
        assert!(rooms.find(&room("#tea")).is_none());
        assert!(rooms.find(&room("#lobby")).is_some());
        rooms.check(&users);
    }

    #[test]
    fn joining_twice_takes_one_seat() {
        let (mut users, mut rooms) = (users(1), Rooms::default());
        assert!(rooms.join(&mut users, UserId(0), room("#tea")));
        assert!(!rooms.join(&mut users, UserId(0), room("#Tea")));
        rooms.check(&users);
    }

    #[test]
    fn whoever_is_moved_into_a_gap_still_knows_its_seat() {
        let (mut users, mut rooms) = (users(5), Rooms::default());
        for n in 0..5 {
            rooms.join(&mut users, UserId(n), room("#a"));
            rooms.join(&mut users, UserId(4 - n), room("#b"));
        }
        for n in [1, 3, 0, 4, 2] {
            rooms.leave_all(&mut users, UserId(n));
            rooms.check(&users);
        }
        assert!(rooms.is_empty());
    }
}
