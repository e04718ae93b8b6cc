//! Users and rooms: who is here and who hears what. Takes commands and the time, returns events with their audiences;
//! knows no sockets, no bytes and no clock.

#[cfg(feature = "store")]
mod absence;
#[cfg_attr(not(feature = "store"), path = "no_accounts.rs")]
mod accounts;
mod banning;
mod bans;
mod budget;
mod changes;
mod connections;
#[cfg(feature = "store")]
mod devices;
mod doors;
#[cfg(feature = "upgrade")]
mod handover;
#[cfg_attr(not(feature = "upgrade"), path = "no_kept_places.rs")]
mod kept_places;
#[cfg(feature = "store")]
mod logins;
#[cfg(feature = "store")]
mod markers;
mod marks;
pub mod mask;
#[cfg(feature = "store")]
mod membership;
#[cfg(feature = "store")]
mod metadata;
mod past;
mod people;
mod reach;
#[cfg_attr(not(feature = "store"), path = "no_recording.rs")]
mod recording;
#[cfg(feature = "store")]
mod redacting;
#[cfg(feature = "store")]
mod registering;
#[cfg(feature = "store")]
mod registration;
#[cfg(feature = "store")]
mod renaming;
#[cfg_attr(not(feature = "cluster"), path = "no_replica.rs")]
mod replica;
mod rooms;
#[cfg(feature = "store")]
mod saving;
mod seats;
mod settings;
#[cfg(any(feature = "cluster", feature = "upgrade"))]
mod states;
#[cfg(feature = "store")]
mod staying;
mod talk;
mod users;
mod watchers;
#[cfg(feature = "store")]
mod whispering;

#[cfg(feature = "store")]
pub use absence::ABSENT;
#[cfg(feature = "store")]
pub use accounts::Accounts;
pub use bans::Bans;
pub use doors::{MOST_ROOMS, ROOMS_PER_USER};
#[cfg(feature = "upgrade")]
pub use handover::HubHandover;
#[cfg(feature = "store")]
pub use logins::{Arrival, Entered};
#[cfg(feature = "store")]
pub use markers::NotMarked;
#[cfg(feature = "store")]
pub use membership::Device;
#[cfg(feature = "store")]
pub use metadata::{
    Described, Describer, METADATA_KEY_BYTES, METADATA_KEYS, METADATA_VALUE_BYTES, Metadata, NotDescribed,
    SUBSCRIPTIONS,
};
pub use past::{PastUser, REMEMBERED};
#[cfg(feature = "store")]
pub use redacting::{NotRedacted, REDACTABLE};
#[cfg(feature = "store")]
pub use registering::{Clearing, MOST_REGISTERED, ROOMS_PER_ACCOUNT, Right};
#[cfg(feature = "store")]
pub use registration::{Holder, RANKS_PER_ROOM, Registration};
#[cfg(feature = "store")]
pub use renaming::{MEMBERS_PER_PAUSE, NotRenamed, PAUSE, Renaming};
#[cfg(feature = "cluster")]
pub use replica::{Diverged, Homecoming};
pub use rooms::{Member, Room, Rooms};
pub use seats::{RoomId, Seat, Seats};
pub use settings::{MASKS_PER_LIST, Mask, Settings, Topic};
pub use users::{Taken, User, Users};
pub use watchers::WATCHED_NAMES;

use std::sync::Arc;
#[cfg(feature = "upgrade")]
use std::time::Instant;
use std::time::SystemTime;

use crate::message::{
    Audience, Command, ConnectionId, Effects, Event, EventId, EventKind, Now, Peer, Refusal, Source, Tally,
    UserId,
};
use crate::name::{RoomName, UserName};
use marks::Marks;
use past::Past;
use reach::Reached;
use replica::journaled;
use watchers::Watchers;

/// Steps per room of an invisible user to find out whether another user shares it.
const INVISIBLE_STEPS: usize = 4;

/// The users and rooms of one server.
#[derive(Debug)]
pub struct Hub {
    users: Users,
    rooms: Rooms,
    watchers: Watchers,
    past: Past,
    bans: Bans,
    #[cfg(feature = "store")]
    accounts: Accounts,
    lobby: RoomName,
    last_event: EventId,
    /// Rooms have a history.
    #[cfg(feature = "store")]
    records: bool,
    messages: u64,
    refusals: Tally,
    /// When the first place is not kept any longer.
    #[cfg(feature = "upgrade")]
    kept_until: Option<Instant>,
    /// One of several hubs that are the same, unless this is the only one.
    #[cfg(feature = "cluster")]
    replica: Option<Box<replica::Replica>>,
}

impl Hub {
    /// A hub that only has the lobby, which exists even when it is empty.
    pub fn new(lobby: RoomName, now: SystemTime) -> Self {
        let mut rooms = Rooms::default();
        rooms.open_to_stay(lobby.clone(), now);
        Self {
            users: Users::default(),
            rooms,
            watchers: Watchers::default(),
            past: Past::default(),
            bans: Bans::default(),
            #[cfg(feature = "store")]
            accounts: Accounts::default(),
            lobby,
            last_event: EventId::default(),
            #[cfg(feature = "store")]
            records: false,
            messages: 0,
            refusals: Tally::default(),
            #[cfg(feature = "upgrade")]
            kept_until: None,
            #[cfg(feature = "cluster")]
            replica: None,
        }
    }

    /// Sets how many bytes the server may use for its peers. Rooms and lists may take a fraction of them.
    pub fn set_memory(&mut self, memory_bytes: usize) {
        self.users.budget.set_memory(memory_bytes);
    }

    /// Bytes kept for rooms, seats, watch lists and bans, and for users of other nodes.
    pub fn kept_bytes(&self) -> usize {
        self.users.budget.total() + self.elsewhere_bytes()
    }

    /// The room that all CrazyIt users are in.
    pub fn lobby(&self) -> &RoomName {
        &self.lobby
    }

    /// All logged-in users.
    pub fn users(&self) -> &Users {
        &self.users
    }

    /// All rooms.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// The addresses of current users and then of past ones, most recently left first.
    pub fn known_peers(&self) -> impl Iterator<Item = Peer> {
        self.users.iter().map(|(_, user)| user.peer).chain(self.past.iter().map(|past| past.peer))
    }

    /// Past users called `name`, most recent first.
    pub fn past<'a>(&'a self, name: &'a UserName) -> impl Iterator<Item = &'a PastUser> {
        self.past.called(name)
    }

    /// The number of messages said in rooms and to users.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The number of refused commands, by reason.
    pub fn refusals(&self) -> &Tally {
        &self.refusals
    }

    /// Adds a connection to the user `id`. It hears everything the user hears.
    #[cfg(feature = "store")]
    fn attach(&mut self, id: UserId, connection: ConnectionId) {
        if let (Some(user), Some(connection)) = (self.users.get_mut(id), replica::here(connection)) {
            user.add_connection(connection);
            self.users.recharge(id);
            self.rooms.connections_changed(&self.users, id);
        }
    }

    /// Removes a connection from the user `id`. `is_whole`: everything that was sent has reached the peer. True when
    /// it was the last connection and the user must leave, which the caller does.
    pub fn detach(
        &mut self,
        id: UserId,
        connection: ConnectionId,
        is_whole: bool,
        now: Now,
        out: &mut Effects,
    ) -> bool {
        journaled!(
            self,
            // Without an account, the user has no other connection, and leaves. That is another operation.
            unless self.devices(id).iter().all(|device| device.connection != connection),
            Detach { user: id, connection, heard: None },
            self.lose(id, connection, is_whole, now, out)
        )
    }

    fn lose(
        &mut self,
        id: UserId,
        connection: ConnectionId,
        is_whole: bool,
        now: Now,
        out: &mut Effects,
    ) -> bool {
        if !self.is_at(id, connection) {
            return false;
        }
        self.device_gone(id, connection, is_whole, now, out);
        let Some(is_last) = self.take_out_of_reach(id, connection) else { return false };
        #[cfg(feature = "store")]
        let is_last = is_last && self.devices(id).is_empty();
        let leaves = is_last && !self.stays(id) && !self.keeps_place(id);
        if !leaves {
            self.derive_away(id, now, out);
        }
        leaves
    }

    /// Takes a connection from the user `id`, which stays. True when it has no other here.
    fn take_out_of_reach(&mut self, id: UserId, connection: ConnectionId) -> Option<bool> {
        let user = self.users.get_mut(id)?;
        user.remove_connection(connection);
        #[cfg(feature = "store")]
        user.unsubscribe_all(connection);
        let is_last = user.reach.reached() == Reached::Nobody;
        self.users.recharge(id);
        self.rooms.connections_changed(&self.users, id);
        Some(is_last)
    }

    /// Carries out a command of `id`, and adds to `out` what others hear of it. A refusal changes nothing.
    pub fn handle(
        &mut self,
        id: UserId,
        command: Command,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let speaks = matches!(command, Command::Say { .. } | Command::Whisper { .. });
        let done = journaled!(
            self,
            unless speaks,
            Command(id, command.clone()),
            self.carry_out(id, command, now, out)
        );
        match &done {
            Ok(()) => self.messages += u64::from(speaks),
            Err(why) => self.refusals.count(why.label()),
        }
        done
    }

    fn carry_out(
        &mut self,
        id: UserId,
        command: Command,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        match command {
            Command::Rename(name) => self.rename(id, name, now, out),
            Command::Join { room, key } => self.join(id, room, key.as_deref(), now, out),
            Command::Part { room, reason } => self.part(id, room, reason, now, out),
            Command::Say { room, to_rank, speech, unheard_by } => {
                let audience = talk::InRoom { room, to_rank, unheard_by };
                self.say(id, audience, speech, now, out)
            }
            Command::Whisper { to, speech, unheard_by } => self.whisper(id, to, speech, unheard_by, now, out),
            Command::SetTopic { room, topic } => self.set_topic(id, &room, &topic, now, out),
            Command::Kick { room, who, reason } => self.kick(id, room, who, reason, now, out),
            Command::Invite { room, who } => self.invite(id, room, who, now, out),
            Command::Change(change) => self.change_user(id, change, now, out),
            Command::Kill { who, reason } => self.kill(id, who, reason, now, out),
            Command::SetHost { who, username, host } => self.set_host(id, who, username, host, now, out),
            Command::Wallops(text) => self.wallops(id, text, now, out),
            Command::Leave { reason } => {
                self.leave_together(vec![(id, reason)], now, out);
                Ok(())
            }
        }
    }

    /// True when `viewer` may know that this room exists.
    pub fn is_visible(&self, room: RoomId, viewer: UserId) -> bool {
        !self.rooms.get(room).settings.has(crate::message::RoomFlag::Secret)
            || self
                .users
                .get(viewer)
                .is_some_and(|user| user.is_operator || user.seats.iter().any(|seat| seat.room == room))
    }

    /// True when `viewer` may see `user` in lists of users.
    pub fn is_user_visible(&self, user: &User, viewer: UserId) -> bool {
        if !user.is_invisible {
            return true;
        }
        self.users.get(viewer).is_some_and(|viewer| {
            viewer.is_operator
                || Arc::ptr_eq(&viewer.identity, &user.identity)
                || user.seats.iter().any(|seat| viewer.seats.iter().any(|own| own.room == seat.room))
        })
    }

    /// The cost of [`Hub::is_user_visible`], in steps of work.
    pub fn visibility_steps(user: &User) -> usize {
        if user.is_invisible { 1 + INVISIBLE_STEPS * user.seats.len() } else { 1 }
    }

    fn user(&self, id: UserId) -> Result<&User, Refusal> {
        self.users.get(id).ok_or(Refusal::NotLoggedIn)
    }

    /// The room called `name`, if `viewer` may know that it exists.
    fn visible_room(&self, name: &RoomName, viewer: UserId) -> Result<RoomId, Refusal> {
        let room = self.rooms.find(name).filter(|&room| self.is_visible(room, viewer));
        room.ok_or_else(|| Refusal::NoSuchRoom(name.clone()))
    }

    /// Everybody who shares a room with `id`, each once.
    fn peers(&self, id: UserId, out: &mut Effects) -> Vec<UserId> {
        let rooms = self.users.get(id).map_or(&[][..], |user| &user.seats).iter().map(|seat| seat.room);
        self.members_of(rooms, Some(id), out)
    }

    /// Everybody in one of `rooms` except `except`, each once.
    fn members_of(
        &self,
        rooms: impl Iterator<Item = RoomId>,
        except: Option<UserId>,
        out: &mut Effects,
    ) -> Vec<UserId> {
        let mut marks = Marks::new(self.users.ids());
        if let Some(id) = except {
            marks.add(id);
        }
        let mut members = Vec::new();
        for room in rooms.map(|room| self.rooms.get(room)) {
            out.worked(room.members().len());
            members.extend(room.ids().filter(|&id| marks.add(id)));
        }
        members
    }

    /// Adds an event for all connections of these users.
    fn tell(&self, ids: &[UserId], event: Event, out: &mut Effects) {
        let mut audience = Vec::with_capacity(ids.len());
        for user in ids.iter().filter_map(|&id| self.users.get(id)) {
            user.list_connections(&mut audience);
        }
        out.event(event, audience);
    }

    /// All members of a room as an audience.
    fn everybody(&self, room: RoomId) -> Audience {
        self.rooms.get(room).everybody(&self.users)
    }

    /// A new event caused by `id`, who is nobody for the server.
    fn event(&mut self, id: UserId, now: Now, kind: EventKind) -> Event {
        let from = match self.users.get(id) {
            Some(user) => Source::User(Arc::clone(&user.identity)),
            None => Source::Server,
        };
        self.last_event = self.next_event(now);
        Event { id: self.last_event, time: now.time, from, watched: false, kind }
    }

    /// Panics when an invariant is broken. Costs O(users + seats); for tests.
    pub fn check(&self) {
        self.users.check();
        self.rooms.check(&self.users);
        self.watchers.check(&self.users);
        #[cfg(feature = "store")]
        self.check_memberships();
        #[cfg(feature = "cluster")]
        self.check_homes();
        let bans = self.bans.charged_bytes();
        self.users.budget.check(self.rooms.charged_bytes() + self.users.charged_bytes() + bans);
        assert!(self.rooms.find(&self.lobby).is_some(), "the lobby is always there");
    }
}

#[cfg(test)]
mod tests;
