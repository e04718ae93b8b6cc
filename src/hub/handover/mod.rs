//! The whole state as a value, for the program that takes the place of this one.

mod taking_over;

use std::time::{Instant, SystemTime};

use super::Hub;
use super::membership::Device;
use super::metadata::Details;
use super::rooms::Room;
use super::seats::RoomId;
use super::states::{device_of, state_of_device, state_of_room, state_of_user};
use super::users::User;
use crate::bucket::Bucket;
use crate::cbor::map;
use crate::message::{
    Ban, ConnectionId, DeviceState, EventId, PastState, Rank, RoomState, Tally, UserId, UserState,
};
#[cfg(test)]
use crate::name::RoomName;
use crate::name::UserName;
use crate::origin::Origin;

/// Everything that a hub knows, but for what follows from the rest, from the config, or from the store: the latter lists
/// the registered names.
#[derive(Clone, Debug)]
pub struct HubHandover {
    last_event: EventId,
    /// Users by ascending id.
    users: Vec<HandedUser>,
    /// Ids that are free: the last is used next.
    vacant: Vec<UserId>,
    /// The maximum number of users so far.
    peak: u64,
    /// By ascending id.
    rooms: Vec<HandedRoom>,
    /// Most recent first.
    past: Vec<PastState>,
    bans: Vec<Ban>,
    /// The last number given to a guest.
    last_guest: u32,
    messages: u64,
    refusals: Tally,
    /// Users with accounts stay without connections unless they have chosen otherwise.
    always_on: bool,
}

map!(HubHandover {
    0: last_event,
    1: users,
    2: vacant,
    3: peak,
    4: rooms,
    5: past,
    6: bans,
    7: last_guest,
    8: messages,
    9: refusals,
    10: always_on,
});

#[derive(Clone, Debug)]
struct HandedUser {
    id: UserId,
    state: UserState,
    /// Oldest first.
    connections: Vec<ConnectionId>,
    /// The same ones, if it has an account.
    devices: Vec<HandedDevice>,
    /// Its rooms, as places in the list of all.
    rooms: Vec<u32>,
    watches: Vec<UserName>,
    /// The keys of metadata to which each connection is subscribed.
    subscriptions: Vec<(ConnectionId, Box<str>)>,
    /// How much metadata it may change.
    changes: Option<Bucket>,
    /// Its place is kept until then.
    kept_until: Option<Instant>,
}

map!(HandedUser {
    0: id,
    1: state,
    2: connections,
    3: devices,
    4: rooms,
    5: watches,
    6: subscriptions,
    7: changes,
    8: kept_until,
});

/// A device, and how far it is.
#[derive(Clone, Debug)]
struct HandedDevice {
    state: DeviceState,
    alive: SystemTime,
    behind: Option<EventId>,
    whole_since: SystemTime,
}

map!(HandedDevice { 0: state, 1: alive, 2: behind, 3: whole_since });

#[derive(Clone, Debug)]
struct HandedRoom {
    state: RoomState,
    /// In order.
    members: Vec<(UserId, Rank)>,
    is_lobby: bool,
    /// To whom its memory is charged.
    owner: Option<Origin>,
    renamed: Option<Instant>,
}

map!(HandedRoom { 0: state, 1: members, 2: is_lobby, 3: owner, 4: renamed });

impl Hub {
    /// The state, if the hub is the only one.
    pub fn hand_over(&self) -> HubHandover {
        let mut rooms: Vec<_> = self.rooms.iter().collect();
        rooms.sort_unstable_by_key(|(id, _)| *id);
        let ids: Vec<_> = rooms.iter().map(|(id, _)| *id).collect();
        HubHandover {
            last_event: self.last_event,
            users: self.users.iter().map(|(id, user)| handed_user(id, user, &ids)).collect(),
            vacant: self.users.vacant().to_vec(),
            peak: self.users.peak() as u64,
            rooms: rooms.into_iter().map(|(_, room)| handed_room(room)).collect(),
            past: self.past.states(),
            bans: self.bans.iter(SystemTime::UNIX_EPOCH).cloned().collect(),
            last_guest: self.accounts.last_guest,
            messages: self.messages,
            refusals: self.refusals.clone(),
            always_on: self.accounts.rules.always_on,
        }
    }
}

/// A user, where `rooms` are the ids of all rooms, ascending.
fn handed_user(id: UserId, user: &User, rooms: &[RoomId]) -> HandedUser {
    let membership = user.membership();
    let places = user.seats.iter().filter_map(|seat| rooms.binary_search(&seat.room).ok());
    HandedUser {
        id,
        state: state_of_user(user),
        connections: user.connections(),
        devices: membership
            .map_or(&[][..], |membership| &membership.devices)
            .iter()
            .map(handed_device)
            .collect(),
        rooms: places.filter_map(|place| u32::try_from(place).ok()).collect(),
        watches: user.watches().to_vec(),
        subscriptions: user.all_subscriptions().to_vec(),
        changes: user.details().map(Details::changes),
        kept_until: membership.and_then(|membership| membership.kept_until),
    }
}

fn handed_device(device: &Device) -> HandedDevice {
    let &Device { alive, heard, behind, whole_since, .. } = device;
    HandedDevice { state: DeviceState { heard, ..state_of_device(device) }, alive, behind, whole_since }
}

impl HandedDevice {
    fn to_device(&self) -> Device {
        let &Self { ref state, alive, behind, whole_since } = self;
        Device { alive, behind, whole_since, ..device_of(state) }
    }
}

fn handed_room(room: &Room) -> HandedRoom {
    HandedRoom {
        state: state_of_room(room),
        members: room.members().iter().map(|member| (member.id, member.rank)).collect(),
        is_lobby: room.is_of_server(),
        owner: room.owner(),
        renamed: room.renamed,
    }
}

#[cfg(test)]
impl HubHandover {
    /// The same with rooms by name: new rooms take the places of former ones, which nobody notices and which are not
    /// handed over.
    pub(super) fn with_sorted_rooms(mut self) -> Self {
        let names: Vec<_> = self.rooms.iter().map(|room| room.state.saved.name.clone()).collect();
        self.rooms.sort_by_key(|room| room.state.saved.name.folded());
        let place = |name: &RoomName| {
            self.rooms.iter().position(|room| room.state.saved.name == *name).unwrap() as u32
        };
        let rooms = self.users.iter_mut().flat_map(|user| &mut user.rooms);
        rooms.for_each(|room| *room = place(&names[*room as usize]));
        self
    }
}
