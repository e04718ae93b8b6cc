//! The whole state as a value, for a node that does not have it yet.

use std::mem;
use std::time::SystemTime;

use super::homes::{Home, Place};
use super::{Diverged, Hub, Replica};
use crate::hub::membership::{Device, Membership};
use crate::hub::registration::{Holder, Registration};
use crate::hub::rooms::Room;
use crate::hub::saving::saved;
use crate::hub::seats::RoomId;
use crate::hub::users::User;
use crate::message::{
    AccountId, DeviceState, EventId, LogIndex, Node, NodeId, Now, Profile, Rank, RoomState, Snapshot, UserId,
    UserState,
};

impl Hub {
    /// The state after the entry `index`.
    pub fn snapshot(&self, index: LogIndex) -> Snapshot {
        let mut rooms: Vec<_> = self.rooms.iter().map(|(id, room)| (room.name.folded(), id)).collect();
        rooms.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Snapshot {
            index,
            last_event: self.last_event,
            nodes: self.nodes().cloned().collect(),
            users: self.users.iter().map(|(id, user)| self.user_state(id, user)).collect(),
            vacant: self.users.vacant().to_vec(),
            rooms: rooms.into_iter().map(|(_, id)| self.room_with_members(id)).collect(),
            past: self.past.states(),
            accounts: self.accounts.list(),
            bans: self.bans.iter(SystemTime::UNIX_EPOCH).cloned().collect(),
            last_guest: self.accounts.last_guest,
            last_login: self.replica.as_ref().map_or(0, |replica| replica.homes.last_login),
        }
    }

    fn user_state(&self, id: UserId, user: &User) -> UserState {
        let home = self.replica.as_ref().and_then(|replica| replica.homes.get(id));
        let own = self.own_node().map(|own| own.id);
        let membership = user.membership();
        let devices = membership.map_or(&[][..], |membership| &membership.devices).iter();
        let devices =
            devices.filter_map(|device| Some((device.connection.node().or(own)?, state_of(device))));
        let devices: Vec<_> = devices.collect();
        // While it has devices, each node notes on its own when this was last recorded.
        let seen = match devices.last() {
            Some((_, newest)) => newest.since,
            None => membership.map_or(user.since(), |membership| membership.seen),
        };
        UserState {
            id,
            node: match home.map(|home| home.place) {
                Some(Place::Here(_)) => own,
                Some(Place::At(node)) => Some(node),
                Some(Place::Devices) | None => None,
            },
            login: home.map_or(0, |home| home.login),
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
            devices,
            seen,
            is_dismissed: membership.is_some_and(|membership| membership.is_dismissed),
            metadata: if membership.is_some() { Vec::new() } else { user.metadata().to_vec() },
        }
    }

    fn room_with_members(&self, id: RoomId) -> (RoomState, Vec<(UserId, Rank)>) {
        let room = self.rooms.get(id);
        (state_of_room(room), room.members().iter().map(|member| (member.id, member.rank)).collect())
    }

    /// Replaces the state by that of other nodes, and returns that before. An error changes nothing.
    pub fn load(&mut self, snapshot: &Snapshot, node: Node, now: Now) -> Result<Self, Diverged> {
        let mut loaded = Self::new(self.lobby.clone(), now.time);
        loaded.users.budget.limit_like(&self.users.budget);
        loaded.fill(snapshot, node, now)?;
        loaded.accounts.rules = self.accounts.rules;
        loaded.users.peaked(self.users.peak());
        loaded.bans.changed_since(&self.bans);
        loaded.records = self.records;
        loaded.messages = self.messages;
        loaded.last_event = self.last_event.max(snapshot.last_event);
        mem::swap(&mut loaded.refusals, &mut self.refusals);
        Ok(mem::replace(self, loaded))
    }

    fn fill(&mut self, snapshot: &Snapshot, node: Node, now: Now) -> Result<(), Diverged> {
        if !snapshot.nodes.contains(&node) {
            return Err(Diverged("the snapshot is older than this node"));
        }
        self.accounts.keep_names();
        self.accounts.last_guest = snapshot.last_guest;
        snapshot.accounts.iter().for_each(|(id, name)| self.accounts.insert(*id, name));
        let mut replica = Replica::new(node);
        let others = snapshot.nodes.iter().filter(|other| **other != replica.own);
        replica.others = others.cloned().collect();
        replica.has_had_others = true;
        replica.homes.last_login = snapshot.last_login;
        self.replica = Some(Box::new(replica));
        self.fill_users(snapshot, now)?;
        for (room, members) in &snapshot.rooms {
            self.fill_room(room, members, now)?;
        }
        for ban in &snapshot.bans {
            let added = self.bans.add(ban.clone(), SystemTime::UNIX_EPOCH);
            added.map_err(|_| Diverged("a ban in the snapshot is not valid"))?;
        }
        self.recharge_bans();
        self.past.restore(&snapshot.past);
        Ok(())
    }

    fn fill_users(&mut self, snapshot: &Snapshot, now: Now) -> Result<(), Diverged> {
        let users = snapshot.users.iter().map(|state| (state.id, user_of(state, now))).collect();
        let is_whole = self.users.fill(users, snapshot.vacant.clone());
        is_whole.ok_or(Diverged("the users in the snapshot contradict each other"))?;
        for state in &snapshot.users {
            let id = state.id;
            self.users.set_invisible(id, state.is_invisible);
            self.users.set_operator(id, state.is_operator);
            match (&state.account, state.node) {
                (Some(account), None) => {
                    let is_right = self.accounts.find(&account.name) == Some(account.id)
                        && account.name.as_str() == state.name.as_str();
                    let devices = devices_of(state).filter(|_| is_right);
                    let devices = devices.ok_or(Diverged("an account in the snapshot is not valid"))?;
                    let (account, seen) = ((**account).clone(), state.seen);
                    let membership = Membership { account, devices, seen, is_dismissed: state.is_dismissed };
                    self.set_membership(id, Some(membership));
                    self.settle_at(id, state.login, Place::Devices)?;
                }
                (None, Some(node)) => self.settle_at(id, state.login, Place::At(node))?,
                _ => return Err(Diverged("a user in the snapshot is nowhere")),
            }
            self.users.recharge(id);
        }
        Ok(())
    }

    fn settle_at(&mut self, id: UserId, login: u64, place: Place) -> Result<(), Diverged> {
        let Some(replica) = &mut self.replica else { return Ok(()) };
        if place == Place::At(replica.own.id) {
            return Err(Diverged("the snapshot has users of this node"));
        }
        replica.homes.insert(id, Home { login, place });
        Ok(())
    }

    fn fill_room(&mut self, state: &RoomState, members: &[(UserId, Rank)], now: Now) -> Result<(), Diverged> {
        let is_lobby = state.saved.name == self.lobby;
        if !is_lobby && self.rooms.find(&state.saved.name).is_some() {
            return Err(Diverged("a room is in the snapshot twice"));
        }
        let registration = registration_of(state);
        let stays = is_lobby || registration.is_some();
        let room = self.reopen(state.saved.clone(), registration);
        for &(id, rank) in members {
            if self.users.get(id).is_none() || self.rooms.member(&self.users, id, room).is_some() {
                return Err(Diverged("the members of a room in the snapshot are not users"));
            }
            self.rooms.enter(&mut self.users, id, state.saved.name.clone(), now.time);
            self.rooms.give_rank(&self.users, id, room, rank);
        }
        if members.is_empty() && !stays { Err(Diverged("a room in the snapshot is empty")) } else { Ok(()) }
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

/// A device as others know it: how far it is, only its node knows.
pub(super) fn state_of(device: &Device) -> DeviceState {
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

/// The device of this state, at this node.
pub(super) fn device_of(state: &DeviceState, node: Option<NodeId>) -> Device {
    let DeviceState { connection, name, peer, is_secure, since, heard, away } = state.clone();
    let connection = node.map_or(connection, |node| connection.at(node));
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

/// The devices of a user; `None` if two have the same connection.
fn devices_of(state: &UserState) -> Option<Vec<Device>> {
    let devices: Vec<_> = state.devices.iter().map(|(node, state)| device_of(state, Some(*node))).collect();
    let mut connections: Vec<_> = devices.iter().map(|device| device.connection).collect();
    connections.sort_unstable();
    connections.is_sorted_by(|one, other| one < other).then_some(devices)
}

/// What a user has brought with it and set since.
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
        user.metadata_mut(now.instant).clone_from(&state.metadata);
    }
    user
}
