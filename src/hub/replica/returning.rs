//! A user of a node that has rejoined is back: what all nodes do alike.

use super::Hub;
use crate::hub::MOST_ROOMS;
use crate::hub::ROOMS_PER_USER;
use crate::hub::membership::{Device, Membership};
use crate::hub::rooms::Tenure;
use crate::hub::states::device_of;
use crate::hub::users::User;
use crate::message::{
    Account, ConnectionId, DeviceState, Effect, Effects, EventKind, NodeId, Now, Rank, Record, Returning,
    RoomChange, RoomState, UserId,
};
use crate::name::UserName;

impl Hub {
    /// Brings a user back to `node`, or to this one. `None` if its account was deleted meanwhile, or there is
    /// nothing at which it could be.
    pub(super) fn bring_back(
        &mut self,
        returning: &Returning,
        node: Option<NodeId>,
        now: Now,
        out: &mut Effects,
    ) -> Option<UserId> {
        let Returning { rooms, account, metadata, .. } = returning;
        let id = match account {
            Some((account, devices)) => {
                self.bring_back_account(returning, account, devices, node, now, out)?
            }
            None => {
                let at = |connection: ConnectionId| node.map_or(connection, |node| connection.at(node));
                let connection = returning.connection.map(at)?;
                let name = self.name_for(&returning.name);
                let id = self.create(returning, name.clone(), Some(connection), now)?;
                if let (Some(user), false) = (self.users.get_mut(id), metadata.is_empty()) {
                    user.metadata_mut(now.instant).clone_from(metadata);
                    self.users.recharge(id);
                }
                self.tell_appeared(id, &name, now, out);
                id
            }
        };
        for (state, rank) in rooms {
            self.bring_into(id, state, *rank, now, out);
        }
        self.record_stay(id, now, out);
        Some(id)
    }

    /// This name if it is free; that of a guest otherwise.
    fn name_for(&mut self, name: &UserName) -> UserName {
        if self.users.find(name).is_none() && self.accounts.find(name).is_none() {
            return name.clone();
        }
        self.guest_name()
    }

    /// Brings back devices of an account, and its user unless that is here.
    fn bring_back_account(
        &mut self,
        returning: &Returning,
        account: &Account,
        devices: &[DeviceState],
        node: Option<NodeId>,
        now: Now,
        out: &mut Effects,
    ) -> Option<UserId> {
        if self.accounts.called(&account.name) != Some(account.id) {
            return None;
        }
        let id = match self.user_of(account.id, &account.name) {
            Some(id) => id,
            None => {
                self.free_name(&account.name, now, out);
                let id = self.create(returning, account.name.clone(), None, now)?;
                self.set_membership(id, Some(Membership::new(account.clone(), now.time)));
                self.tell_appeared(id, &account.name, now, out);
                id
            }
        };
        let membership = self.users.get_mut(id).and_then(User::membership_mut)?;
        let was_alone = membership.devices.is_empty();
        let at = |connection: ConnectionId| node.map_or(connection, |node| connection.at(node));
        let devices_there = devices.iter().map(device_of);
        let devices_there =
            devices_there.map(|device| Device { connection: at(device.connection), ..device });
        membership.devices.extend(devices_there);
        membership.seen = now.time;
        let account = membership.account.id;
        if let (true, Some(device)) = (was_alone, devices.first()) {
            self.users.change_peer(id, device.peer);
        }
        self.users.recharge(id);
        self.derive_security(id);
        self.derive_away(id, now, out);
        out.push(Effect::Record(Record::Seen { account, at: now.time }));
        Some(id)
    }

    /// Creates a user as it was, under this name, which is free.
    fn create(
        &mut self,
        returning: &Returning,
        name: UserName,
        connection: Option<ConnectionId>,
        now: Now,
    ) -> Option<UserId> {
        let came = Now { time: returning.since, ..now };
        let id = self.users.claim(None, name, returning.profile.clone(), came).ok()?;
        self.note_home(id, connection);
        self.users.set_invisible(id, returning.is_invisible);
        self.users.set_operator(id, returning.is_operator);
        let user = self.users.get_mut(id)?;
        user.has_spoken(returning.spoke);
        user.hears_wallops = returning.hears_wallops;
        user.change_identity(|identity| identity.is_bot = returning.is_bot);
        if returning.profile.away.is_some() {
            user.set_away(returning.profile.away.clone());
        }
        self.users.recharge(id);
        Some(id)
    }

    /// Lets a user be in a room again, with its rank there. The room is opened as it was if it does not exist.
    fn bring_into(&mut self, id: UserId, state: &RoomState, rank: Rank, now: Now, out: &mut Effects) {
        let name = &state.saved.name;
        let seats = self.users.get(id).map_or(0, |user| user.seats.len());
        let found = self.rooms.find(name);
        let is_there = found.is_some_and(|room| self.rooms.member(&self.users, id, room).is_some());
        let is_full = found.is_none() && self.rooms.len() >= MOST_ROOMS;
        if is_there || is_full || seats >= ROOMS_PER_USER {
            return;
        }
        let room = match found {
            Some(room) => room,
            None => {
                let room = self.reopen(state.saved.clone(), None);
                self.opened(room, now, out);
                let limit = RoomChange::History(state.saved.history);
                self.keep_changes(room, &[limit], now, out);
                room
            }
        };
        self.rooms.enter(&mut self.users, id, name.clone(), now.time);
        let lasting = match &self.rooms.get(room).tenure {
            Tenure::Registered(registration) => {
                self.account_of(id).map_or(Rank::NONE, |account| registration.rank_of(account.id))
            }
            Tenure::Passing | Tenure::OfServer => Rank::NONE,
        };
        let ranks = [Rank::OPERATOR, Rank::VOICE].into_iter();
        let ranks: Vec<_> = ranks.filter(|&one| rank.has_any(one) || lasting.has_any(one)).collect();
        let whole = ranks.iter().fold(Rank::NONE, |whole, &one| whole.with(one, true));
        self.rooms.give_rank(&self.users, id, room, whole);
        let Some(user) = self.users.get(id) else { return };
        let (who, away) = (user.name().clone(), user.away().cloned());
        let name = self.rooms.get(room).name.clone();
        let event = self.event(id, now, EventKind::Joined { room: name.clone(), away });
        self.record(room, &event, out);
        out.event_for(event, self.everybody(room));
        let given = |rank| RoomChange::Rank { who: who.clone(), rank, given: true };
        self.tell_changes(UserId::NOBODY, room, ranks.into_iter().map(given).collect(), now, out);
        self.record_seat(id, &name, out);
    }
}
