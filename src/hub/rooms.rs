//! Rooms and their members. A room lists its members; a user lists its seats, each a room and an index into its
//! members. So joining and leaving are O(1) in the size of the room, and a message to all is a walk along one array.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;
#[cfg(feature = "store")]
use std::time::Instant;
use std::time::SystemTime;

use slab::Slab;

use super::reach::{Reach, Reached};
#[cfg(feature = "store")]
use super::registration::Registration;
use super::seats::{MEMBER_BYTES, RoomId, Seat};
use super::settings::Settings;
use super::users::Users;
use crate::footprint::{heap_bytes, shared_bytes};
#[cfg(feature = "store")]
use crate::message::EventId;
use crate::message::{Audience, ConnectionId, Rank, UserId};
use crate::name::RoomName;
use crate::origin::Origin;

/// Lists with at most this much spare capacity are not shrunk.
const MOST_SPARE: usize = 64;

/// All rooms. Some exist without members: see `Tenure`.
#[derive(Debug, Default)]
pub struct Rooms {
    by_name: HashMap<RoomName, RoomId>,
    rooms: Slab<Room>,
}

/// A room with its settings and members.
#[derive(Debug)]
pub struct Room {
    /// Its name, as its first member wrote it.
    pub name: RoomName,
    /// Topic, modes and lists.
    pub settings: Box<Settings>,
    pub(super) tenure: Tenure,
    /// The last event before it was opened.
    #[cfg(feature = "store")]
    pub(super) opened: EventId,
    /// When it was last renamed.
    #[cfg(feature = "store")]
    pub(super) renamed: Option<Instant>,
    /// The address of the user who opened it, or the account of its founder, to which its memory is charged.
    owner: Option<Origin>,
    /// The bytes charged to the budget.
    charged: u32,
    members: Vec<Member>,
    /// A cache of all members' connections. Cleared whenever a member or connection comes or goes.
    everybody: OnceCell<Rc<[ConnectionId]>>,
}

/// How long a room exists, and to whom it belongs.
#[derive(Debug)]
pub(super) enum Tenure {
    /// While it has members. The first becomes its operator.
    Passing,
    /// Always. It belongs to the server.
    OfServer,
    /// Until its registration ends. It belongs to its founder.
    #[cfg(feature = "store")]
    Registered(Box<Registration>),
}

/// A user in a room.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    pub id: UserId,
    /// The user's rank in the room.
    pub rank: Rank,
    /// A copy of the user's connections, for fast access.
    pub(super) reach: Reach,
}

/// Maximum bytes per room in the list and index of rooms, which may both have just doubled their capacity.
const PLACE_BYTES: usize = 2 * (size_of::<Room>() + 32);

const _: () = assert!(size_of::<Member>() <= MEMBER_BYTES, "as counted for the budget");

/// The bytes of a new room called `name`.
pub(super) fn new_room_bytes(name: &RoomName) -> usize {
    PLACE_BYTES + Settings::NEW_BYTES + shared_bytes(name.as_str().len())
}

impl Room {
    /// True when it exists without members.
    pub(super) fn stays(&self) -> bool {
        !matches!(self.tenure, Tenure::Passing)
    }

    /// True when it belongs to the server: its operators are those of the server.
    pub fn is_of_server(&self) -> bool {
        matches!(self.tenure, Tenure::OfServer)
    }

    /// The registration, if it has one.
    #[cfg(feature = "store")]
    pub fn registration(&self) -> Option<&Registration> {
        match &self.tenure {
            Tenure::Registered(registration) => Some(registration),
            Tenure::Passing | Tenure::OfServer => None,
        }
    }

    #[cfg(feature = "store")]
    pub(super) fn registration_mut(&mut self) -> Option<&mut Registration> {
        match &mut self.tenure {
            Tenure::Registered(registration) => Some(registration),
            Tenure::Passing | Tenure::OfServer => None,
        }
    }

    /// The address to which its memory is charged.
    pub(super) fn owner(&self) -> Option<Origin> {
        self.owner
    }

    /// Its memory without its members, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        #[cfg(feature = "store")]
        let registration = self.registration().map_or(0, Registration::kept_bytes);
        #[cfg(not(feature = "store"))]
        let registration = 0;
        PLACE_BYTES
            + registration
            + heap_bytes(size_of::<Settings>())
            + self.settings.kept_bytes()
            + shared_bytes(self.name.as_str().len())
    }

    /// All members, unordered: when one leaves, the last takes its place.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The members' ids.
    pub fn ids(&self) -> impl Iterator<Item = UserId> {
        self.members.iter().map(|member| member.id)
    }

    /// True when a connection hears it.
    #[cfg(feature = "cluster")]
    pub fn is_heard(&self) -> bool {
        self.members.iter().any(|member| member.reach.reached() != Reached::Nobody)
    }

    /// All members as an audience. Shared until somebody joins, leaves or changes connections.
    pub(super) fn everybody(&self, users: &Users) -> Audience {
        let all = self.everybody.get_or_init(|| self.connections(users).into());
        Audience { all: Rc::clone(all), except: None }
    }

    fn connections(&self, users: &Users) -> Vec<ConnectionId> {
        let mut connections = Vec::with_capacity(self.members.len());
        self.members.iter().for_each(|member| member.connections(users, &mut connections));
        connections
    }
}

impl Member {
    /// Appends the member's connections to `all`.
    #[cfg_attr(not(feature = "store"), expect(unused_variables, reason = "users have one connection"))]
    pub(super) fn connections(&self, users: &Users, all: &mut Vec<ConnectionId>) {
        match self.reach.reached() {
            Reached::Nobody => {}
            Reached::One(only) => all.push(only),
            #[cfg(feature = "store")]
            Reached::Several => {
                if let Some(user) = users.get(self.id) {
                    user.list_connections(all);
                }
            }
        }
    }
}

impl Rooms {
    /// Opens a permanent room called `name`.
    pub(super) fn open_to_stay(&mut self, name: RoomName, now: SystemTime) {
        let room = self.open(name, now);
        self.get_mut(room).tenure = Tenure::OfServer;
    }

    pub(super) fn open(&mut self, name: RoomName, now: SystemTime) -> RoomId {
        if let Some(&room) = self.by_name.get(&name) {
            return room;
        }
        let settings = Box::new(Settings::new(now));
        let key = self.rooms.insert(Room {
            name: name.clone(),
            settings,
            tenure: Tenure::Passing,
            #[cfg(feature = "store")]
            opened: EventId::MIN,
            #[cfg(feature = "store")]
            renamed: None,
            owner: None,
            charged: 0,
            members: Vec::new(),
            everybody: OnceCell::new(),
        });
        let room = RoomId(u32::try_from(key).expect("fewer rooms than seats, whose number memory bounds"));
        self.by_name.insert(name, room);
        room
    }

    /// Adds the user `id`, which must not be a member yet, to the room called `name`. The first member of a room
    /// becomes its operator unless the room stays.
    pub(super) fn enter(&mut self, users: &mut Users, id: UserId, name: RoomName, now: SystemTime) -> RoomId {
        let room = self.open(name, now);
        let Some(user) = users.get_mut(id) else {
            debug_assert!(false, "{id:?} enters a room but has no name");
            return room;
        };
        debug_assert!(!user.seats.iter().any(|seat| seat.room == room), "{id:?} enters {room:?} twice");
        let Room { members, tenure, everybody, owner, .. } = self.get_mut(room);
        // A user of another node changes nothing here, and many may join at once.
        #[cfg(feature = "cluster")]
        let is_reached = user.reach.reached() != Reached::Nobody;
        #[cfg(not(feature = "cluster"))]
        let is_reached = true;
        if is_reached {
            everybody.take();
        }
        let rank = match tenure {
            Tenure::Passing if members.is_empty() => {
                *owner = user.owner();
                Rank::OPERATOR
            }
            Tenure::Passing | Tenure::OfServer => Rank::NONE,
            #[cfg(feature = "store")]
            Tenure::Registered(registration) => {
                user.account().map_or(Rank::NONE, |account| registration.rank_of(account.id))
            }
        };
        let seats = user.seats.len();
        user.seats.push(Seat { room, position: members.len() as u32 });
        members.push(Member { id, rank, reach: user.reach });
        users.recharge_seats(id, seats);
        // Only new rooms are charged here: members do not count.
        if self.get(room).charged == 0 {
            self.recharge(users, room);
        }
        room
    }

    /// Removes the user `id` from `room`. False when it was not a member.
    pub(super) fn leave(&mut self, users: &mut Users, id: UserId, room: RoomId) -> bool {
        let Some(user) = users.get_mut(id) else { return false };
        let Some(index) = user.seats.iter().position(|seat| seat.room == room) else { return false };
        let seats = user.seats.len();
        let seat = user.seats.swap_remove(index);
        users.recharge_seats(id, seats);
        self.vacate(users, seat);
        true
    }

    /// Removes the user `id` from all rooms.
    pub(super) fn leave_all(&mut self, users: &mut Users, id: UserId) {
        let seats = users.get(id).map_or(0, |user| user.seats.len());
        while let Some(seat) = users.get_mut(id).and_then(|user| user.seats.pop()) {
            self.vacate(users, seat);
        }
        users.recharge_seats(id, seats);
    }

    /// Updates the rooms of the user `id` after its connections changed.
    pub(super) fn connections_changed(&mut self, users: &Users, id: UserId) {
        let Some(user) = users.get(id) else { return };
        for seat in user.seats.iter() {
            let room = self.get_mut(seat.room);
            room.members[seat.position as usize].reach = user.reach;
            room.everybody.take();
        }
    }

    /// Removes the member of a seat that the user's list no longer contains.
    fn vacate(&mut self, users: &mut Users, seat: Seat) {
        let room = self.get_mut(seat.room);
        room.members.swap_remove(seat.position as usize);
        room.everybody.take();
        if let Some(&moved) = room.members.get(seat.position as usize) {
            let seats = users.get_mut(moved.id).into_iter().flat_map(|user| user.seats.iter_mut());
            for other in seats.filter(|other| other.room == seat.room) {
                other.position = seat.position;
            }
        }
        if room.members.capacity() > MOST_SPARE.max(4 * room.members.len()) {
            room.members.shrink_to(2 * room.members.len());
        }
        self.close_if_empty(users, seat.room);
    }

    /// Removes `room` if nobody is there and it does not stay.
    pub(super) fn close_if_empty(&mut self, users: &mut Users, id: RoomId) {
        let room = self.get(id);
        if room.members.is_empty() && !room.stays() {
            let mut room = self.rooms.remove(id.0 as usize);
            users.budget.recharge(room.owner, &mut room.charged, 0);
            self.by_name.remove(&room.name);
            if self.by_name.capacity() > MOST_SPARE.max(4 * self.by_name.len()) {
                self.by_name.shrink_to(2 * self.by_name.len());
                self.rooms.shrink_to_fit();
            }
        }
    }

    /// Gives `room` a name that no other room has.
    #[cfg(feature = "store")]
    pub(super) fn rename(&mut self, users: &mut Users, id: RoomId, name: RoomName) {
        let Self { by_name, rooms } = self;
        let room = &mut rooms[id.0 as usize];
        // Removed first, because `insert` would keep the old key when only the letter case changes.
        by_name.remove(&room.name);
        by_name.insert(name.clone(), id);
        room.name = name;
        self.recharge(users, id);
    }

    /// Updates the bytes charged for `room` after a change.
    pub(super) fn recharge(&mut self, users: &mut Users, room: RoomId) {
        let room = self.get_mut(room);
        let now = room.kept_bytes();
        users.budget.recharge(room.owner, &mut room.charged, now);
    }

    /// Charges the memory of `room` to `owner` from now on.
    #[cfg(feature = "store")]
    pub(super) fn pay(&mut self, users: &mut Users, room: RoomId, owner: Option<Origin>) {
        let there = self.get_mut(room);
        users.budget.recharge(there.owner, &mut there.charged, 0);
        there.owner = owner;
        self.recharge(users, room);
    }

    pub(super) fn charged_bytes(&self) -> usize {
        self.iter().map(|(_, room)| room.charged as usize).sum()
    }

    /// The room called `name`, ignoring letter case.
    pub fn find(&self, name: &RoomName) -> Option<RoomId> {
        self.by_name.get(name).copied()
    }

    /// True while a room has this id.
    pub(super) fn exists(&self, id: RoomId) -> bool {
        self.rooms.contains(id.0 as usize)
    }

    /// The room `id`, which must exist.
    pub fn get(&self, id: RoomId) -> &Room {
        &self.rooms[id.0 as usize]
    }

    pub(super) fn get_mut(&mut self, id: RoomId) -> &mut Room {
        &mut self.rooms[id.0 as usize]
    }

    /// The member entry of the user `id` in `room`, if there is one.
    pub fn member(&self, users: &Users, id: UserId, room: RoomId) -> Option<Member> {
        let seat = users.get(id)?.seats.iter().find(|seat| seat.room == room)?;
        Some(self.get(room).members[seat.position as usize])
    }

    /// Grants or revokes a rank of the user `id` in `room`. False when nothing changes.
    pub(super) fn set_rank(
        &mut self,
        users: &Users,
        id: UserId,
        room: RoomId,
        rank: Rank,
        given: bool,
    ) -> bool {
        let seats = users.get(id).map_or(&[][..], |user| &user.seats);
        let Some(seat) = seats.iter().find(|seat| seat.room == room) else { return false };
        let member = &mut self.get_mut(room).members[seat.position as usize];
        let old = member.rank;
        member.rank = old.with(rank, given);
        member.rank != old
    }

    /// Gives the user `id` exactly this rank in `room`.
    #[cfg(feature = "store")]
    pub(super) fn give_rank(&mut self, users: &Users, id: UserId, room: RoomId, rank: Rank) {
        let seats = users.get(id).map_or(&[][..], |user| &user.seats);
        if let Some(seat) = seats.iter().find(|seat| seat.room == room) {
            self.get_mut(room).members[seat.position as usize].rank = rank;
        }
    }

    /// The number of rooms.
    pub fn len(&self) -> usize {
        self.rooms.len()
    }

    /// True when there are no rooms.
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    /// All rooms, unordered.
    pub fn iter(&self) -> impl Iterator<Item = (RoomId, &Room)> {
        self.rooms.iter().map(|(key, room)| (RoomId(key as u32), room))
    }

    /// The first room at index `first` or later, with its index. Indices do not change while a room exists.
    pub fn at_or_after(&self, first: usize) -> Option<(usize, RoomId, &Room)> {
        let mut places = first..self.rooms.capacity();
        places.find_map(|place| Some((place, RoomId(place as u32), self.rooms.get(place)?)))
    }

    /// Panics when members and seats disagree. Costs O(n); for tests.
    pub fn check(&self, users: &Users) {
        assert_eq!(self.by_name.len(), self.rooms.len(), "as many names as rooms");
        let mut members = 0;
        for (id, room) in self.iter() {
            assert_eq!(self.by_name.get(&room.name), Some(&id), "a room is found by its name");
            assert!(room.stays() || !room.members.is_empty(), "{:?} is empty and still here", room.name);
            members += room.members.len();
            let everybody = room.everybody.get();
            assert!(everybody.is_none_or(|all| **all == *room.connections(users)), "{:?}", room.name);
            for (position, member) in room.members.iter().enumerate() {
                let user = users.get(member.id).expect("every member is a user");
                assert_eq!(member.reach, user.reach, "{:?} is reached", member.id);
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
    use crate::hub::tests::profile;
    use crate::message::Now;
    use crate::name::UserName;

    fn room(text: &str) -> RoomName {
        RoomName::new(text).unwrap()
    }

    fn users(count: u32) -> Users {
        let mut users = Users::default();
        for n in 0..count {
            let name = UserName::new(&format!("u{n}")).unwrap();
            assert_eq!(users.claim(Some(ConnectionId(n)), name, profile(), Now::read()), Ok(UserId(n)));
        }
        users
    }

    #[test]
    fn a_room_disappears_with_its_last_member_unless_it_is_permanent() {
        let (mut users, mut rooms, now) = (users(2), Rooms::default(), SystemTime::now());
        rooms.open_to_stay(room("#lobby"), now);
        for id in [UserId(0), UserId(1)] {
            rooms.enter(&mut users, id, room("#lobby"), now);
            rooms.enter(&mut users, id, room("#tea"), now);
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
    fn the_first_member_is_operator_except_in_a_permanent_room() {
        let (mut users, mut rooms, now) = (users(2), Rooms::default(), SystemTime::now());
        rooms.open_to_stay(room("#lobby"), now);
        for (name, rank) in [("#lobby", Rank::NONE), ("#tea", Rank::OPERATOR)] {
            let id = rooms.enter(&mut users, UserId(0), room(name), now);
            assert_eq!(rooms.member(&users, UserId(0), id).unwrap().rank, rank);
            rooms.enter(&mut users, UserId(1), room(name), now);
            assert_eq!(rooms.member(&users, UserId(1), id).unwrap().rank, Rank::NONE);
        }
    }

    #[test]
    fn a_member_moved_into_a_gap_still_knows_its_seat() {
        let (mut users, mut rooms, now) = (users(5), Rooms::default(), SystemTime::now());
        for n in 0..5 {
            rooms.enter(&mut users, UserId(n), room("#a"), now);
            rooms.enter(&mut users, UserId(4 - n), room("#b"), now);
        }
        let a = rooms.find(&room("#a")).unwrap();
        assert!(rooms.leave(&mut users, UserId(2), a));
        assert!(!rooms.leave(&mut users, UserId(2), a));
        rooms.check(&users);
        for n in [1, 3, 0, 4, 2] {
            rooms.leave_all(&mut users, UserId(n));
            rooms.check(&users);
        }
        assert!(rooms.is_empty());
    }
}
