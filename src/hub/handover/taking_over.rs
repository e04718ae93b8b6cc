//! The hub that another program has handed over. That program may be older or newer: what does not fit together is an
//! error.

use std::collections::HashSet;
use std::time::SystemTime;

use super::{HandedRoom, HandedUser, HubHandover};
use crate::hub::Hub;
use crate::hub::membership::Device;
use crate::hub::seats::RoomId;
use crate::message::{ConnectionId, Now};
use crate::name::RoomName;

impl Hub {
    /// The hub that was handed over. It knows the accounts whose users are here: add all. Set
    /// its memory, the rules for accounts and whether it keeps the history afterwards, as for a new one.
    pub fn take_over(lobby: RoomName, handed: HubHandover, now: Now) -> Result<Self, String> {
        let mut hub = Self::new(lobby, now.time);
        // All of it was allowed.
        hub.users.budget.is_lenient = true;
        hub.take_users(&handed, now)?;
        let rooms = handed.rooms.iter().map(|room| hub.take_room(room, now));
        let rooms = rooms.collect::<Result<Vec<_>, _>>()?;
        handed.users.iter().try_for_each(|user| hub.take_seats(user, &rooms))?;
        handed.users.iter().try_for_each(|user| hub.take_watches(user))?;
        hub.take_bans(&handed)?;
        hub.past.restore(&handed.past);
        hub.users.budget.is_lenient = false;
        hub.users.peaked(usize::try_from(handed.peak).unwrap_or(usize::MAX));
        hub.accounts.last_guest = handed.last_guest;
        hub.accounts.rules.always_on = handed.always_on;
        hub.last_event = handed.last_event;
        hub.messages = handed.messages;
        hub.refusals = handed.refusals;
        Ok(hub)
    }

    fn take_users(&mut self, handed: &HubHandover, now: Now) -> Result<(), String> {
        let states: Vec<_> = handed.users.iter().map(|user| (user.id, &user.state)).collect();
        self.fill_users(&states, handed.vacant.clone(), now)?;
        let mut taken = HashSet::new();
        for user in &handed.users {
            if !user.connections.iter().all(|connection| taken.insert(*connection)) {
                return Err(format!("{} has a connection twice, or that of another user", user.state.name));
            }
            self.take_user(user, now)?;
        }
        let ends = handed.users.iter().filter_map(|user| user.kept_until);
        self.kept_until = ends.min();
        Ok(())
    }

    /// Gives a user its connections and what belongs to them.
    fn take_user(&mut self, handed: &HandedUser, now: Now) -> Result<(), String> {
        let HandedUser { id, ref state, ref connections, ref subscriptions, changes, kept_until, .. } =
            *handed;
        let devices: Vec<_> = handed.devices.iter().map(super::HandedDevice::to_device).collect();
        let same = |device: &Device, connection: &ConnectionId| device.connection == *connection;
        let fit = devices.len() == connections.len()
            && devices.iter().zip(connections).all(|(device, connection)| same(device, connection));
        let account = state.account.as_deref();
        let is_right = account.is_none_or(|account| account.name.as_str() == state.name.as_str() && fit);
        if !is_right || account.is_none() && !devices.is_empty() {
            return Err(format!("the account of {} does not fit", state.name));
        }
        if let Some(account) = account {
            self.accounts.insert(account.id, &account.name);
        }
        let Some(user) = self.users.get_mut(id) else { return Ok(()) };
        user.set_connections(connections.clone());
        if let Some(membership) = user.membership_mut() {
            (membership.devices, membership.kept_until) = (devices, kept_until);
        }
        if let Some(changes) = changes {
            user.details_mut(now.instant).take_over(subscriptions.clone(), changes);
        }
        self.users.recharge(id);
        Ok(())
    }

    fn take_room(&mut self, handed: &HandedRoom, now: Now) -> Result<RoomId, String> {
        let HandedRoom { state, members, is_lobby, owner, renamed } = handed;
        let name = &state.saved.name;
        if *is_lobby && *name != self.lobby {
            return Err(format!("the lobby is {name} until a restart, and cannot become {}", self.lobby));
        }
        if !is_lobby && *name == self.lobby {
            return Err(format!("{name} was no lobby, and becomes one only with a restart"));
        }
        let room = self.fill_room(state, members, now)?;
        // Unless its first member has opened it.
        if self.rooms.get(room).owner() != *owner {
            self.rooms.pay(&mut self.users, room, *owner);
        }
        self.rooms.get_mut(room).renamed = *renamed;
        Ok(room)
    }

    /// Puts the rooms of a user into their order, where `rooms` are all rooms as they were handed over.
    fn take_seats(&mut self, handed: &HandedUser, rooms: &[RoomId]) -> Result<(), String> {
        let order: Vec<_> = handed.rooms.iter().map(|&place| rooms.get(place as usize).copied()).collect();
        let seats = self.users.get_mut(handed.id).map_or(&mut [][..], |user| &mut user.seats);
        let place = |room: RoomId| order.iter().position(|other| *other == Some(room));
        if seats.len() != order.len() || seats.iter().any(|seat| place(seat.room).is_none()) {
            return Err(format!("the rooms of {} do not have it as a member", handed.state.name));
        }
        seats.sort_by_key(|seat| place(seat.room));
        Ok(())
    }

    fn take_watches(&mut self, handed: &HandedUser) -> Result<(), String> {
        let is_watched =
            handed.watches.iter().all(|name| self.watchers.watch(&mut self.users, handed.id, name));
        is_watched.then_some(()).ok_or_else(|| format!("{} watches too many names", handed.state.name))
    }

    fn take_bans(&mut self, handed: &HubHandover) -> Result<(), String> {
        for ban in &handed.bans {
            let added = self.bans.add(ban.clone(), SystemTime::UNIX_EPOCH);
            added.map_err(|why| format!("the ban of {}: {why}", ban.network))?;
        }
        self.recharge_bans();
        Ok(())
    }
}
