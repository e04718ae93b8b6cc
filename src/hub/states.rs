//! Users and rooms as values, and back.

use super::Hub;
use super::membership::{Device, Membership};
use super::registration::{Holder, Registration};
use super::rooms::Room;
use super::saving::saved;
use super::seats::RoomId;
use super::users::User;
use crate::message::{AccountId, DeviceState, EventId, Now, Profile, Rank, RoomState, UserId, UserState};

/// A user without its connections and rooms.
pub(super) fn state_of_user(user: &User) -> UserState {
    let membership = user.membership();
    UserState {
        name: user.name().clone(),
        profile: profile_of(user),
        is_invisible: user.is_invisible,
        is_operator: user.is_operator,
        is_bot: user.identity.is_bot,
        hears_wallops: user.hears_wallops,
        since: user.since(),
        spoke: user.spoke(),
        invitations: user.dated_invitations(),
        account: membership.map(|membership| Box::new(membership.account.clone())),
        seen: membership.map_or(user.since(), |membership| membership.seen),
        is_dismissed: membership.is_some_and(|membership| membership.is_dismissed),
        metadata: user.own_metadata().to_vec(),
    }
}

/// The profile of a user, with its changes since the login.
pub(super) fn profile_of(user: &User) -> Profile {
    Profile {
        is_secure: user.is_secure,
        username: user.identity.username().into(),
        host: user.identity.host().to_owned(),
        realname: user.identity.realname().into(),
        peer: user.peer,
        away: user.away().cloned(),
    }
}

/// A device as others know it: how far it is, only its node knows.
pub(super) fn state_of_device(device: &Device) -> DeviceState {
    DeviceState {
        connection: device.connection.own(),
        name: device.name.clone(),
        peer: device.peer,
        is_secure: device.is_secure,
        since: device.since,
        heard: EventId::before(device.since),
        away: device.away.clone(),
    }
}

/// The device of this state, at this server.
pub(super) fn device_of(state: &DeviceState) -> Device {
    let DeviceState { connection, name, peer, is_secure, since, heard, away } = state.clone();
    Device {
        connection,
        name,
        peer,
        is_secure,
        since,
        alive: since,
        heard,
        behind: None,
        whole_since: since,
        away,
    }
}

/// A room without its members.
pub(super) fn state_of_room(room: &Room) -> RoomState {
    let registration = room.registration();
    let holders = registration.map(|registration| {
        let ranks = registration.ranks().iter().map(|(holder, _)| holder);
        [&registration.founder].into_iter().chain(ranks)
    });
    let pair = |holder: &Holder| (holder.account, holder.name.clone());
    RoomState {
        saved: saved(room, registration),
        heir: registration.and_then(|registration| registration.heir.as_ref()).map(pair),
        names: holders.into_iter().flatten().map(pair).collect(),
    }
}

fn registration_of(RoomState { saved, heir, names }: &RoomState) -> Option<Registration> {
    let named = |account: AccountId| {
        let (_, name) = names.iter().find(|(id, _)| *id == account)?;
        Some(Holder { account, name: name.clone() })
    };
    let founder = named(saved.founder).filter(|founder| founder.account != AccountId::NONE)?;
    let mut registration = Registration::new(founder, saved.registered);
    for &(account, rank) in &saved.ranks {
        if let Some(holder) = named(account) {
            registration.set_rank(&holder, rank, true);
        }
    }
    registration.heir = heir.as_ref().map(|(account, name)| Holder { account: *account, name: name.clone() });
    Some(registration)
}

impl Hub {
    /// Takes in users who have these ids; there must be none yet. They have no connections and are in no rooms.
    pub(super) fn fill_users(
        &mut self,
        states: &[(UserId, &UserState)],
        vacant: Vec<UserId>,
        now: Now,
    ) -> Result<(), &'static str> {
        let users = states.iter().map(|(id, state)| (*id, user_of(state, now))).collect();
        self.users.fill(users, vacant).ok_or("users contradict each other")?;
        for &(id, state) in states {
            self.users.set_invisible(id, state.is_invisible);
            self.users.set_operator(id, state.is_operator);
            if let Some(account) = &state.account {
                let (account, seen) = ((**account).clone(), state.seen);
                let membership =
                    Membership { is_dismissed: state.is_dismissed, ..Membership::new(account, seen) };
                self.set_membership(id, Some(membership));
            }
            self.users.recharge(id);
        }
        Ok(())
    }

    /// Opens a room as it was, with these members in order.
    pub(super) fn fill_room(
        &mut self,
        state: &RoomState,
        members: &[(UserId, Rank)],
        now: Now,
    ) -> Result<RoomId, &'static str> {
        let is_lobby = state.saved.name == self.lobby;
        if !is_lobby && self.rooms.find(&state.saved.name).is_some() {
            return Err("a room is there twice");
        }
        let registration = registration_of(state);
        let stays = is_lobby || registration.is_some();
        let room = self.reopen(state.saved.clone(), registration);
        for &(id, rank) in members {
            if self.users.get(id).is_none() || self.rooms.member(&self.users, id, room).is_some() {
                return Err("members of a room are not users, or are there twice");
            }
            self.rooms.enter(&mut self.users, id, state.saved.name.clone(), now.time);
            self.rooms.give_rank(&self.users, id, room, rank);
        }
        if members.is_empty() && !stays { Err("a room is empty") } else { Ok(room) }
    }
}

fn user_of(state: &UserState, now: Now) -> User {
    let came = Now { time: state.since, ..now };
    let mut user = User::new(None, state.name.clone(), state.profile.clone(), came);
    user.has_spoken(state.spoke);
    user.hears_wallops = state.hears_wallops;
    user.change_identity(|identity| identity.is_bot = state.is_bot);
    if state.profile.away.is_some() {
        user.set_away(state.profile.away.clone());
    }
    state.invitations.iter().for_each(|(room, created)| user.invite(room, *created));
    if !state.metadata.is_empty() {
        *user.metadata_mut(now.instant) = state.metadata.clone();
    }
    user
}
