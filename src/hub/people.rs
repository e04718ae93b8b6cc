//! Logging in, renaming, user settings, and leaving.

use std::sync::Arc;

use super::Hub;
use super::marks::Marks;
use super::recording::record_in;
use super::replica::{here, journaled};
use super::seats::RoomId;
use super::users::Taken;
use crate::message::{
    CloseReason, ConnectionId, Effects, Event, EventKind, Now, Profile, Refusal, UserChange, UserId,
};
use crate::name::UserName;

impl Hub {
    /// Logs `connection` in as a new user called `name`. A refusal changes nothing.
    pub fn log_in(
        &mut self,
        connection: ConnectionId,
        name: UserName,
        profile: Profile,
        now: Now,
        out: &mut Effects,
    ) -> Result<UserId, Refusal> {
        let done = journaled!(self, LogIn { connection, name: name.clone(), profile: profile.clone() }, {
            let allowed = self.allow_name(&name);
            allowed.and_then(|()| self.appear(connection, name, profile, now, out))
        });
        if let Err(why) = &done {
            self.refusals.count(why.label());
        }
        done
    }

    /// Creates a user called `name`. The caller counts a refusal.
    pub(super) fn appear(
        &mut self,
        connection: ConnectionId,
        name: UserName,
        profile: Profile,
        now: Now,
        out: &mut Effects,
    ) -> Result<UserId, Refusal> {
        #[cfg(feature = "store")]
        let away = profile.away.clone();
        let claimed = self.users.claim(here(connection), name.clone(), profile, now);
        let id = claimed.map_err(|Taken| Refusal::NameTaken(name.clone()))?;
        self.note_home(id, Some(connection));
        #[cfg(feature = "store")]
        if let (Some(user), true) = (self.users.get_mut(id), away.is_some()) {
            user.set_away(away);
            self.users.recharge(id);
        }
        self.tell_appeared(id, &name, now, out);
        Ok(id)
    }

    pub(super) fn rename(
        &mut self,
        id: UserId,
        name: UserName,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let old = self.user(id)?.name().clone();
        if old.as_str() == name.as_str() {
            return Ok(());
        }
        if self.users.find(&name).is_some_and(|owner| owner != id) {
            return Err(Refusal::NameTaken(name));
        }
        #[cfg(feature = "store")]
        if let Some(account) = self.account_of(id) {
            return Err(Refusal::NamedByAccount(account.name.clone()));
        }
        self.allow_name(&name)?;
        self.take_name(id, name, now, out);
        Ok(())
    }

    /// Renames a user. The name must be free.
    pub(super) fn take_name(&mut self, id: UserId, name: UserName, now: Now, out: &mut Effects) {
        let Some(old) = self.users.get(id).map(|user| user.name().clone()) else { return };
        if old.as_str() == name.as_str() {
            return;
        }
        let is_other_name = old != name;
        let event = self.event(id, now, EventKind::Renamed { to: name.clone() });
        self.record_everywhere(id, &event, out);
        let peers = self.peers(id, out);
        let peers: Vec<_> = peers.into_iter().chain([id]).collect();
        self.tell(&peers, event, out);
        if is_other_name {
            self.tell_vanished(id, &old, now, out);
            if let Some(user) = self.users.get(id) {
                self.past.remember(user, now.time);
            }
        }
        let renamed = self.users.rename(id, name.clone());
        debug_assert!(renamed.is_ok(), "the name was free above");
        if is_other_name {
            self.tell_appeared(id, &name, now, out);
        }
    }

    /// Removes users who leave at the same time, each with a reason. They do not hear of each other. Those who were
    /// only in one and the same room share an audience.
    pub fn leave_together(&mut self, leavers: Vec<(UserId, String)>, now: Now, out: &mut Effects) {
        journaled!(self, Leave(leavers.clone()), self.remove_together(leavers, now, out));
    }

    fn remove_together(&mut self, leavers: Vec<(UserId, String)>, now: Now, out: &mut Effects) {
        let vacated: Vec<_> = leavers.iter().map(|&(id, _)| (self.places(id), self.vacate(id))).collect();
        for ((id, reason), (places, rooms)) in leavers.into_iter().zip(vacated) {
            let Some(user) = self.users.get(id) else { continue };
            let name = user.name().clone();
            self.past.remember(user, now.time);
            self.record_leave(id, out);
            let event = self.event(id, now, EventKind::Left { reason });
            record_in(places, &event, out);
            let mut rooms = rooms.into_iter().filter(|&room| self.rooms.exists(room)).peekable();
            match (rooms.next(), rooms.peek()) {
                (Some(room), None) => out.event_for(event, self.everybody(room)),
                (first, _) => {
                    let members = self.members_of(first.into_iter().chain(rooms), None, out);
                    self.tell(&members, event, out);
                }
            }
            self.tell_vanished(id, &name, now, out);
            self.users.release(id);
            self.forget_home(id);
        }
    }

    /// Removes a user from all rooms and watch lists. Returns the rooms, some of which may no longer exist.
    fn vacate(&mut self, id: UserId) -> Vec<RoomId> {
        let rooms =
            self.users.get(id).map_or(&[][..], |user| &user.seats).iter().map(|seat| seat.room).collect();
        self.watchers.unwatch_all(&mut self.users, id);
        self.rooms.leave_all(&mut self.users, id);
        rooms
    }

    /// Lets `id` watch `name`: it hears when a user of this name appears or vanishes.
    pub fn watch(&mut self, id: UserId, name: &UserName) -> Result<(), Refusal> {
        self.user(id)?;
        if self.watchers.watch(&mut self.users, id, name) {
            Ok(())
        } else {
            // The list is full, or there is no memory to extend it.
            Err(Refusal::WatchListFull { name: name.clone(), most: self.user(id)?.watches().len() })
        }
    }

    /// Removes `name` from the watch list of `id`.
    pub fn unwatch(&mut self, id: UserId, name: &UserName) {
        self.watchers.unwatch(&mut self.users, id, name);
    }

    /// Clears the watch list of `id`.
    pub fn unwatch_all(&mut self, id: UserId) {
        self.watchers.unwatch_all(&mut self.users, id);
    }

    pub(super) fn tell_appeared(&mut self, id: UserId, name: &UserName, now: Now, out: &mut Effects) {
        self.tell_watchers(id, name, now, out, |watcher| EventKind::Appeared { watcher });
    }

    fn tell_vanished(&mut self, id: UserId, name: &UserName, now: Now, out: &mut Effects) {
        self.tell_watchers(id, name, now, out, |watcher| EventKind::Vanished { name: name.clone(), watcher });
    }

    fn tell_watchers(
        &mut self,
        id: UserId,
        name: &UserName,
        now: Now,
        out: &mut Effects,
        kind: impl Fn(UserName) -> EventKind,
    ) {
        let (watchers, last) = (self.watchers.of(name).to_vec(), self.last_event);
        out.worked(watchers.len());
        for watcher in watchers {
            if let Some(user) = self.users.get(watcher) {
                let kind = kind(user.name().clone());
                let event = Event { watched: true, ..self.event(id, now, kind) };
                self.tell(&[watcher], event, out);
            }
        }
        self.take_back_events(last);
    }

    pub(super) fn change_user(
        &mut self,
        id: UserId,
        change: UserChange,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let user = self.user(id)?;
        if let UserChange::Away(Some(reason)) = &change {
            self.users.budget.allows(user.owner(), user.away_bytes(reason))?;
        }
        let Some(user) = self.users.get_mut(id) else { return Err(Refusal::NotLoggedIn) };
        match change {
            UserChange::Away(message) => {
                let message: Option<Arc<str>> = message.map(Into::into);
                #[cfg(feature = "store")]
                if user.membership().is_some() {
                    self.leave_devices(id, message, |_| true, now, out);
                    return Ok(());
                }
                if user.away() != message.as_ref() {
                    user.set_away(message.clone());
                    self.users.recharge(id);
                    self.tell_acquaintances(id, &EventKind::Away(message), now, out);
                }
            }
            UserChange::Realname(realname) => {
                user.change_identity(|identity| identity.set_realname(&realname));
                let kind = EventKind::RealnameSet(realname.into());
                self.tell_acquaintances(id, &kind, now, out);
                let event = self.event(id, now, kind);
                self.tell(&[id], event, out);
                self.record_stay(id, now, out);
            }
            UserChange::Invisible(on) => self.users.set_invisible(id, on),
            UserChange::Wallops(on) => user.hears_wallops = on,
            UserChange::Bot(on) => user.change_identity(|identity| identity.is_bot = on),
            UserChange::Operator(on) => self.users.set_operator(id, on),
        }
        Ok(())
    }

    /// Sends an event to everybody who shares a room with `id` or watches it.
    pub(super) fn tell_acquaintances(&mut self, id: UserId, kind: &EventKind, now: Now, out: &mut Effects) {
        let peers = self.peers(id, out);
        let event = self.event(id, now, kind.clone());
        let Some(user) = self.users.get(id) else { return };
        let mut marks = Marks::new(self.users.ids());
        for &peer in peers.iter().chain([&id]) {
            marks.add(peer);
        }
        let watchers = self.watchers.of(user.name());
        out.worked(watchers.len());
        let strangers: Vec<_> = watchers.iter().copied().filter(|&watcher| marks.add(watcher)).collect();
        let watched = Event { watched: true, ..event.clone() };
        self.tell(&peers, event, out);
        self.tell(&strangers, watched, out);
    }

    pub(super) fn kill(
        &mut self,
        id: UserId,
        who: UserName,
        reason: String,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let user = self.user(id)?;
        if !user.is_operator {
            return Err(Refusal::NotServerOperator);
        }
        let by = user.name().to_string();
        let victim = self.users.find(&who).ok_or(Refusal::NobodyCalled(who))?;
        #[cfg(feature = "store")]
        self.stays_no_longer(victim);
        self.dismiss(victim, CloseReason::Killed { by, reason }, now, out);
        Ok(())
    }

    /// Closes all connections of a user, which leaves: now if it has none, or if it may have some on other nodes.
    pub(super) fn dismiss(&mut self, id: UserId, reason: CloseReason, now: Now, out: &mut Effects) {
        let connections = self.users.connections(id);
        if connections.is_empty() || self.is_replica() {
            self.leave_together(vec![(id, reason.to_string())], now, out);
        }
        connections.into_iter().for_each(|connection| out.close(connection, reason.clone()));
    }

    pub(super) fn set_host(
        &mut self,
        id: UserId,
        who: UserName,
        username: String,
        host: String,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        if !self.user(id)?.is_operator {
            return Err(Refusal::NotServerOperator);
        }
        let changed = self.users.find(&who).ok_or(Refusal::NobodyCalled(who))?;
        let (username, host): (Arc<str>, Arc<str>) = (username.into(), host.into());
        let kind = EventKind::HostSet { username: Arc::clone(&username), host: Arc::clone(&host) };
        let event = self.event(changed, now, kind.clone());
        self.tell_acquaintances(changed, &kind, now, out);
        self.tell(&[changed], event, out);
        if let Some(user) = self.users.get_mut(changed) {
            user.change_identity(|identity| identity.move_to(&username, &host));
        }
        self.record_stay(changed, now, out);
        Ok(())
    }

    pub(super) fn wallops(
        &mut self,
        id: UserId,
        text: String,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        if !self.user(id)?.is_operator {
            return Err(Refusal::NotServerOperator);
        }
        let event = self.event(id, now, EventKind::Wallops(text));
        out.worked(self.users.len());
        let listeners = self.users.iter().filter(|(_, user)| user.hears_wallops || user.is_operator);
        let listeners: Vec<_> = listeners.map(|(id, _)| id).collect();
        self.tell(&listeners, event, out);
        Ok(())
    }
}
