//! Users that stay in their rooms without a connection (*always-on*), and what the store must know to restore them.

use std::time::{Duration, SystemTime};

use super::Hub;
use super::membership::Membership;
use super::replica::{here, journaled};
use super::users::User;
use crate::message::{Account, AccountId, Effect, Effects, Now, Peer, Profile, Record, SavedUser, UserId};
use crate::name::RoomName;

/// How often it is recorded that the owner of an account is here.
const SEEN_EVERY: Duration = Duration::from_secs(6 * 3600);

impl Hub {
    /// True when the user `id` stays when its last connection ends.
    pub fn stays(&self, id: UserId) -> bool {
        let membership = self.users.get(id).and_then(User::membership);
        membership
            .is_some_and(|membership| !membership.is_dismissed && self.is_always_on(&membership.account))
    }

    /// Lets the user `id` leave when its last connection ends, whatever its account's setting is.
    pub(super) fn stays_no_longer(&mut self, id: UserId) {
        if let Some(membership) = self.users.get_mut(id).and_then(User::membership_mut) {
            membership.is_dismissed = true;
        }
    }

    fn is_always_on(&self, account: &Account) -> bool {
        account.always_on.unwrap_or(self.accounts.rules.always_on)
    }

    /// Sets whether the user of an account, if it is here, stays when its last connection ends; `None` leaves that to
    /// the config.
    pub fn set_always_on(&mut self, id: UserId, always_on: Option<bool>, now: Now, out: &mut Effects) {
        journaled!(self, SetAlwaysOn { user: id, always_on }, self.choose_always_on(id, always_on, now, out));
    }

    fn choose_always_on(&mut self, id: UserId, always_on: Option<bool>, now: Now, out: &mut Effects) {
        let Some(membership) = self.users.get_mut(id).and_then(User::membership_mut) else { return };
        membership.account.always_on = always_on;
        let account = membership.account.id;
        self.record_stay_or_not(id, account, now, out);
    }

    /// Records of all users with accounts whether they stay.
    pub(super) fn record_all_stays(&self, now: Now, out: &mut Effects) {
        for (id, user) in self.users.iter() {
            if let Some(membership) = user.membership() {
                self.record_stay_or_not(id, membership.account.id, now, out);
            }
        }
    }

    fn record_stay_or_not(&self, id: UserId, account: AccountId, now: Now, out: &mut Effects) {
        match self.stays(id) {
            true => self.record_stay(id, now, out),
            false => out.push(Effect::Record(Record::StaysNot(account))),
        }
    }

    /// Records a user that stays, so that it outlives a restart. Call it again when its identity has changed.
    pub(super) fn record_stay(&self, id: UserId, now: Now, out: &mut Effects) {
        if let Some(saved) = self.saved(id, now.time).filter(|_| self.stays(id)) {
            out.push(Effect::Record(Record::Stays(Box::new(saved))));
        }
    }

    fn saved(&self, id: UserId, now: SystemTime) -> Option<SavedUser> {
        let user = self.users.get(id)?;
        let Membership { account, devices, seen, .. } = user.membership()?;
        let seat = |seat: &super::Seat| {
            let room = self.rooms.get(seat.room);
            (room.name.clone(), room.members()[seat.position as usize].rank)
        };
        Some(SavedUser {
            account: account.clone(),
            username: user.identity.username().into(),
            host: user.identity.host().into(),
            realname: user.identity.realname().into(),
            since: user.since(),
            last_seen: if devices.is_empty() { *seen } else { now },
            seats: user.seats.iter().map(seat).collect(),
        })
    }

    /// Records that a user has joined or left a room, or has another rank in it.
    pub(super) fn record_seat(&self, id: UserId, room: &RoomName, out: &mut Effects) {
        let Some(account) = self.account_of(id).map(|account| account.id) else { return };
        if self.stays(id) {
            let found = self.rooms.find(room);
            let rank =
                found.and_then(|room| self.rooms.member(&self.users, id, room)).map(|member| member.rank);
            // As its first member has written it.
            let room = found.map_or(room, |found| &self.rooms.get(found).name).clone();
            out.push(Effect::Record(Record::Seat { account, room, rank }));
        }
    }

    /// Records that a user leaves.
    pub(super) fn record_leave(&self, id: UserId, out: &mut Effects) {
        if let Some(account) = self.account_of(id)
            && self.is_always_on(account)
        {
            out.push(Effect::Record(Record::StaysNot(account.id)));
        }
    }

    /// Brings back users that stayed when an earlier run ended. They join their rooms silently.
    pub fn restore_users(&mut self, users: Vec<SavedUser>, now: Now, out: &mut Effects) {
        for saved in users {
            self.restore(saved, now, out);
        }
    }

    fn restore(&mut self, saved: SavedUser, now: Now, out: &mut Effects) {
        let SavedUser { account, username, host, realname, since, last_seen, seats } = saved;
        // Nobody knows from where.
        let (peer, is_secure) = (Peer::Unix, false);
        let (username, host, realname) = ((*username).into(), host.into_string(), (*realname).into());
        let profile = Profile { is_secure, username, host, realname, peer, away: None };
        let came = Now { time: since, ..now };
        let Ok(id) = self.users.claim(None, account.name.clone(), profile, came) else { return };
        self.note_home(id, None);
        self.set_membership(id, Some(Membership::new(account, last_seen)));
        // Nobody shares a room with it yet who could hear of it.
        self.derive_away(id, now, &mut Effects::default());
        for (name, rank) in seats {
            let is_new = self.rooms.find(&name).is_none();
            let room = self.rooms.enter(&mut self.users, id, name, now.time);
            self.rooms.give_rank(&self.users, id, room, rank);
            if is_new {
                self.opened(room, now, out);
            }
        }
    }

    /// True when the user `id` has been here without connections for longer than it may.
    pub fn is_overdue(&self, id: UserId, now: SystemTime) -> bool {
        let membership = self.users.get(id).and_then(User::membership);
        membership.is_some_and(|Membership { devices, seen, .. }| {
            let most = Duration::from_secs(self.accounts.rules.always_on_days as u64 * 86_400);
            let is_over = now.duration_since(*seen).is_ok_and(|absence| absence >= most);
            devices.is_empty() && (is_over || !self.stays(id))
        }) && !self.keeps_place(id)
    }

    /// Records what would be missed most of the user `id` if the server were killed: that it is here, and what its
    /// devices have heard.
    pub fn record_presence(&mut self, id: UserId, now: Now, out: &mut Effects) {
        let is_replica = self.is_replica();
        let Some(membership) = self.users.get_mut(id).and_then(User::membership_mut) else { return };
        let account = membership.account.id;
        let own: Vec<_> = membership.devices.iter().filter(|d| here(d.connection).is_some()).collect();
        let is_here = !own.is_empty();
        let heard: Vec<_> = own.into_iter().map(|d| (d.name.clone(), d.reached())).collect();
        for (device, event) in heard {
            // What other nodes do not know must not change what all share.
            let news = if is_replica { Some(event) } else { membership.note_heard(&device, event) };
            if let Some(event) = news {
                out.push(Effect::Record(Record::Heard { account, device, event }));
            }
        }
        if is_here && now.time.duration_since(membership.seen).is_ok_and(|since| since >= SEEN_EVERY) {
            membership.seen = now.time;
            out.push(Effect::Record(Record::Seen { account, at: now.time }));
        }
        self.users.recharge(id);
    }
}
