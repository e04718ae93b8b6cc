//! The whole state as a value, for a node that does not have it yet.

use std::mem;
use std::time::SystemTime;

use super::homes::{Home, Place};
use super::{Diverged, Hub, Replica};
use crate::hub::membership::Device;
use crate::hub::seats::RoomId;
use crate::hub::states::{device_of, state_of_device, state_of_room, state_of_user};
use crate::hub::users::User;
use crate::message::{LogIndex, Node, NodeUser, Now, Rank, RoomState, Snapshot, UserId, UserState};

impl Hub {
    /// The state after the entry `index`, of which the hub does not know the SHA-1.
    pub fn snapshot(&self, index: LogIndex) -> Snapshot {
        let mut rooms: Vec<_> = self.rooms.iter().map(|(id, room)| (room.name.folded(), id)).collect();
        rooms.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Snapshot {
            index,
            digest: Box::default(),
            last_event: self.last_event,
            nodes: self.nodes().cloned().collect(),
            users: self.users.iter().map(|(id, user)| self.node_user(id, user)).collect(),
            vacant: self.users.vacant().to_vec(),
            rooms: rooms.into_iter().map(|(_, id)| self.room_with_members(id)).collect(),
            past: self.past.states(),
            accounts: self.accounts.list(),
            bans: self.bans.iter(SystemTime::UNIX_EPOCH).cloned().collect(),
            last_guest: self.accounts.last_guest,
            last_login: self.replica.as_ref().map_or(0, |replica| replica.homes.last_login),
        }
    }

    fn node_user(&self, id: UserId, user: &User) -> NodeUser {
        let home = self.replica.as_ref().and_then(|replica| replica.homes.get(id));
        let own = self.own_node().map(|own| own.id);
        let devices = self.devices(id).iter();
        let devices =
            devices.filter_map(|device| Some((device.connection.node().or(own)?, state_of_device(device))));
        let devices: Vec<_> = devices.collect();
        let state = state_of_user(user);
        // While it has devices, each node notes on its own when this was last recorded.
        let seen = devices.last().map_or(state.seen, |(_, newest)| newest.since);
        NodeUser {
            id,
            node: match home.map(|home| home.place) {
                Some(Place::Here(_)) => own,
                Some(Place::At(node)) => Some(node),
                Some(Place::Devices) | None => None,
            },
            login: home.map_or(0, |home| home.login),
            state: UserState { seen, ..state },
            devices,
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
        let users: Vec<_> = snapshot.users.iter().map(|user| (user.id, &user.state)).collect();
        self.fill_users(&users, snapshot.vacant.clone(), now).map_err(Diverged)?;
        snapshot.users.iter().try_for_each(|user| self.settle_user(user))?;
        for (room, members) in &snapshot.rooms {
            self.fill_room(room, members, now).map_err(Diverged)?;
        }
        for ban in &snapshot.bans {
            let added = self.bans.add(ban.clone(), SystemTime::UNIX_EPOCH);
            added.map_err(|_| Diverged("a ban in the snapshot is not valid"))?;
        }
        self.recharge_bans();
        self.past.restore(&snapshot.past);
        Ok(())
    }

    /// Notes where a user is, with its devices.
    fn settle_user(&mut self, user: &NodeUser) -> Result<(), Diverged> {
        let NodeUser { id, login, state, .. } = user;
        match (&state.account, user.node) {
            (Some(account), None) => {
                let is_right = self.accounts.find(&account.name) == Some(account.id)
                    && account.name.as_str() == state.name.as_str();
                let devices = devices_of(user).filter(|_| is_right);
                let devices = devices.ok_or(Diverged("an account in the snapshot is not valid"))?;
                if let Some(membership) = self.users.get_mut(*id).and_then(User::membership_mut) {
                    membership.devices = devices;
                }
                self.users.recharge(*id);
                self.settle_at(*id, *login, Place::Devices)
            }
            (None, Some(node)) => self.settle_at(*id, *login, Place::At(node)),
            _ => Err(Diverged("a user in the snapshot is nowhere")),
        }
    }

    fn settle_at(&mut self, id: UserId, login: u64, place: Place) -> Result<(), Diverged> {
        let Some(replica) = &mut self.replica else { return Ok(()) };
        if place == Place::At(replica.own.id) {
            return Err(Diverged("the snapshot has users of this node"));
        }
        replica.homes.insert(id, Home { login, place });
        Ok(())
    }
}

/// The devices of a user; `None` if two have the same connection.
fn devices_of(user: &NodeUser) -> Option<Vec<Device>> {
    let devices: Vec<_> = user
        .devices
        .iter()
        .map(|(node, state)| Device { connection: state.connection.at(*node), ..device_of(state) })
        .collect();
    let mut connections: Vec<_> = devices.iter().map(|device| device.connection).collect();
    connections.sort_unstable();
    connections.is_sorted_by(|one, other| one < other).then_some(devices)
}
