//! Metadata: short values under keys that users set on themselves and on rooms (IRCv3 `draft/metadata-3`). That of a
//! logged-in user is its account's. Those who have subscribed to a key hear of changes.

use std::time::{Duration, Instant};

use super::Hub;
use super::budget::OverBudget;
use super::marks::Marks;
use super::replica::journaled;
use super::seats::RoomId;
use super::users::User;
use crate::bucket::{Bucket, Rate};
use crate::footprint::{heap_bytes, pairs_bytes, vec_bytes};
use crate::message::{ConnectionId, Effect, Effects, EventKind, Now, Record, UserId};

/// Most keys on a user or room.
pub const METADATA_KEYS: usize = 16;

/// Longest key, in bytes.
pub const METADATA_KEY_BYTES: usize = 40;

/// Longest value, in bytes.
pub const METADATA_VALUE_BYTES: usize = 256;

/// Most keys to which a connection is subscribed.
pub const SUBSCRIPTIONS: usize = 20;

/// How often a user may change metadata. Each change may be told to many.
const CHANGES: Rate = Rate { burst: 32, interval: Duration::from_secs(2) };

/// Keys and values.
pub type Metadata = Vec<(Box<str>, Box<str>)>;

/// Whose metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Described {
    User(UserId),
    Room(RoomId),
}

/// Who changes metadata.
#[derive(Clone, Copy, Debug)]
pub struct Describer {
    pub user: UserId,
    /// Is told by an answer instead of an event.
    pub connection: ConnectionId,
}

/// Why metadata was not changed, or a subscription not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDescribed {
    /// It belongs to another user, or to a room of which the user is no operator.
    Forbidden,
    /// There are this many, which is the most.
    Full(usize),
    /// There is no memory for more.
    NoMemory,
    /// Too many changes; after this time another one is possible.
    TooFast(Duration),
}

/// The metadata and subscriptions of a user, which most users do not have.
#[derive(Debug)]
pub(super) struct Details {
    /// Its metadata, unless it has an account.
    own: Metadata,
    /// The keys to which each of its connections is subscribed.
    pub(super) subscriptions: Vec<(ConnectionId, Box<str>)>,
    changes: Bucket,
}

impl Details {
    fn new(now: Instant) -> Self {
        Self { own: Vec::new(), subscriptions: Vec::new(), changes: Bucket::new(now) }
    }

    #[cfg(feature = "upgrade")]
    pub(super) fn changes(&self) -> Bucket {
        self.changes
    }

    /// Sets what another program has handed over.
    #[cfg(feature = "upgrade")]
    pub(super) fn take_over(&mut self, subscriptions: Vec<(ConnectionId, Box<str>)>, changes: Bucket) {
        (self.subscriptions, self.changes) = (subscriptions, changes);
    }

    /// Its memory, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        let keys = self.subscriptions.iter().map(|(_, key)| heap_bytes(key.len()));
        heap_bytes(size_of::<Self>())
            + pairs_bytes(&self.own)
            + vec_bytes(&self.subscriptions)
            + keys.sum::<usize>()
    }
}

/// Most bytes for one more entry of a list of pairs, with texts of this length.
fn entry_bytes(texts: usize) -> usize {
    4 * size_of::<(Box<str>, Box<str>)>() + 2 * heap_bytes(1) + texts + heap_bytes(size_of::<Details>())
}

impl User {
    /// Its metadata: that of its account, if it has one.
    pub fn metadata(&self) -> &[(Box<str>, Box<str>)] {
        let Some(rare) = &self.rare else { return &[] };
        match &rare.membership {
            Some(membership) => &membership.account.metadata,
            None => rare.details.as_ref().map_or(&[], |details| &details.own),
        }
    }

    /// Its own metadata, also while it has an account.
    #[cfg(any(feature = "cluster", feature = "upgrade"))]
    pub(super) fn own_metadata(&self) -> &[(Box<str>, Box<str>)] {
        self.details().map_or(&[], |details| &details.own)
    }

    #[cfg(any(feature = "cluster", feature = "upgrade"))]
    pub(super) fn details(&self) -> Option<&Details> {
        self.rare.as_ref()?.details.as_deref()
    }

    pub(super) fn metadata_mut(&mut self, now: Instant) -> &mut Metadata {
        let rare = self.rare_mut();
        match &mut rare.membership {
            Some(membership) => &mut membership.account.metadata,
            None => &mut rare.details.get_or_insert_with(|| Details::new(now).into()).own,
        }
    }

    pub(super) fn details_mut(&mut self, now: Instant) -> &mut Details {
        self.rare_mut().details.get_or_insert_with(|| Details::new(now).into())
    }

    pub(super) fn all_subscriptions(&self) -> &[(ConnectionId, Box<str>)] {
        let details = self.rare.as_ref().and_then(|rare| rare.details.as_ref());
        details.map_or(&[], |details| &details.subscriptions)
    }

    /// Forgets the subscriptions of a connection.
    pub(super) fn unsubscribe_all(&mut self, connection: ConnectionId) {
        if let Some(details) = self.rare.as_mut().and_then(|rare| rare.details.as_mut()) {
            details.subscriptions.retain(|&(subscriber, _)| subscriber != connection);
        }
    }
}

impl Hub {
    /// The metadata of a user or room.
    pub fn metadata(&self, of: Described) -> &[(Box<str>, Box<str>)] {
        match of {
            Described::User(id) => self.users.get(id).map_or(&[], User::metadata),
            Described::Room(room) => &self.rooms.get(room).settings.metadata,
        }
    }

    /// Sets `key` to `value`, or removes it. True when it was set before or is now.
    pub fn set_metadata(
        &mut self,
        by: Describer,
        of: Described,
        key: &str,
        value: Option<&str>,
        now: Now,
        out: &mut Effects,
    ) -> Result<bool, NotDescribed> {
        journaled!(
            self,
            SetMetadata { user: by.user, of: self.named(of), key: key.into(), value: value.map(Box::from) },
            self.describe(by, of, key, value, now, out)
        )
    }

    fn describe(
        &mut self,
        by: Describer,
        of: Described,
        key: &str,
        value: Option<&str>,
        now: Now,
        out: &mut Effects,
    ) -> Result<bool, NotDescribed> {
        self.allow_to_describe(by.user, of, now.instant)?;
        let known = self.metadata(of);
        let before = known.iter().find(|(name, _)| &**name == key).map(|(_, value)| &**value);
        if before == value {
            return Ok(value.is_some());
        }
        if let Some(value) = value {
            if before.is_none() && known.len() >= METADATA_KEYS {
                return Err(NotDescribed::Full(METADATA_KEYS));
            }
            self.allow_more_metadata(of, key.len() + value.len())?;
        }
        self.change_metadata(by, of, key, value, now, out);
        self.keep_described(of, out);
        Ok(true)
    }

    /// Removes all metadata of a user or room. Returns the removed keys.
    pub fn clear_metadata(
        &mut self,
        by: Describer,
        of: Described,
        now: Now,
        out: &mut Effects,
    ) -> Result<Vec<Box<str>>, NotDescribed> {
        journaled!(
            self,
            ClearMetadata { user: by.user, of: self.named(of) },
            self.undescribe(by, of, now, out)
        )
    }

    fn undescribe(
        &mut self,
        by: Describer,
        of: Described,
        now: Now,
        out: &mut Effects,
    ) -> Result<Vec<Box<str>>, NotDescribed> {
        self.allow_to_describe(by.user, of, now.instant)?;
        let keys: Vec<_> = self.metadata(of).iter().map(|(key, _)| key.clone()).collect();
        keys.iter().for_each(|key| self.change_metadata(by, of, key, None, now, out));
        self.keep_described(of, out);
        Ok(keys)
    }

    /// Checks whether `id` may change the metadata of `of`, and now. Counts this change.
    fn allow_to_describe(&mut self, id: UserId, of: Described, now: Instant) -> Result<(), NotDescribed> {
        if self.is_replaying() {
            return Ok(());
        }
        let is_allowed = match of {
            Described::User(other) => other == id || self.users.get(id).is_some_and(|user| user.is_operator),
            Described::Room(room) => self.room_to_change(id, &self.rooms.get(room).name.clone()).is_ok(),
        };
        if !is_allowed {
            return Err(NotDescribed::Forbidden);
        }
        self.allow_details(id, 0)?;
        let user = self.users.get_mut(id).ok_or(NotDescribed::Forbidden)?;
        let changes = &mut user.details_mut(now).changes;
        let wait = changes.ready_at(CHANGES).saturating_duration_since(now);
        if wait.is_zero() {
            changes.take(CHANGES, 1, now);
        }
        self.users.recharge(id);
        if wait.is_zero() { Ok(()) } else { Err(NotDescribed::TooFast(wait)) }
    }

    /// Checks whether the memory of `id` may grow by an entry with texts of this length.
    fn allow_details(&self, id: UserId, texts: usize) -> Result<(), NotDescribed> {
        let user = self.users.get(id).ok_or(NotDescribed::Forbidden)?;
        let more = user.rare_bytes() + entry_bytes(texts);
        self.users.budget.allows(user.owner(), more).map_err(|OverBudget { .. }| NotDescribed::NoMemory)
    }

    fn allow_more_metadata(&self, of: Described, texts: usize) -> Result<(), NotDescribed> {
        match of {
            Described::User(id) => self.allow_details(id, texts),
            Described::Room(room) => {
                self.allow_in_room(room, entry_bytes(texts)).map_err(|_| NotDescribed::NoMemory)
            }
        }
    }

    fn change_metadata(
        &mut self,
        by: Describer,
        of: Described,
        key: &str,
        value: Option<&str>,
        now: Now,
        out: &mut Effects,
    ) {
        let name = match of {
            Described::User(id) => {
                let Some(user) = self.users.get_mut(id) else { return };
                set(user.metadata_mut(now.instant), key, value);
                let name = user.name().to_string();
                self.users.recharge(id);
                self.record_metadata(id, key, value, out);
                name
            }
            Described::Room(room) => {
                let changed = self.rooms.get_mut(room);
                set(&mut changed.settings.metadata, key, value);
                let name = changed.name.to_string();
                self.rooms.recharge(&mut self.users, room);
                name
            }
        };
        let kind = EventKind::MetadataSet { of: name.into(), key: key.into(), value: value.map(Into::into) };
        self.tell_subscribers(by, of, key, kind, now, out);
    }

    /// Records a registered room after a change.
    fn keep_described(&self, of: Described, out: &mut Effects) {
        if let Described::Room(room) = of {
            self.keep_room(room, out);
        }
    }

    fn record_metadata(&self, id: UserId, key: &str, value: Option<&str>, out: &mut Effects) {
        if let Some(account) = self.account_of(id) {
            let (key, value) = (key.into(), value.map(Into::into));
            out.push(Effect::Record(Record::Metadata { account: account.id, key, value }));
        }
    }

    /// Tells a change to the connections that are subscribed to `key` and share a room with the user, watch it, or are
    /// its own; or that are in the room.
    fn tell_subscribers(
        &mut self,
        by: Describer,
        of: Described,
        key: &str,
        kind: EventKind,
        now: Now,
        out: &mut Effects,
    ) {
        let event = self.event(by.user, now, kind);
        let mut audience = Vec::new();
        let mut add = |id: UserId| {
            let all = self.users.get(id).map_or(&[][..], User::all_subscriptions);
            out.worked(1 + all.len());
            let of_key =
                all.iter().filter(|(connection, wanted)| **wanted == *key && *connection != by.connection);
            audience.extend(of_key.map(|&(connection, _)| connection));
        };
        match of {
            Described::Room(room) => self.rooms.get(room).ids().for_each(add),
            Described::User(id) => {
                let mut marks = Marks::new(self.users.ids());
                let Some(user) = self.users.get(id) else { return };
                let rooms = user.seats.iter().map(|seat| self.rooms.get(seat.room));
                let watchers = self.watchers.of(user.name()).iter().copied();
                let all = [id].into_iter().chain(rooms.flat_map(|room| room.ids())).chain(watchers);
                all.filter(|&id| marks.add(id)).for_each(&mut add);
            }
        }
        if !audience.is_empty() {
            out.event(event, audience);
        }
    }

    /// Subscribes a connection of the user `id` to `key`. False when it is subscribed already.
    pub fn subscribe(
        &mut self,
        id: UserId,
        connection: ConnectionId,
        key: &str,
        now: Now,
    ) -> Result<bool, NotDescribed> {
        let (mut count, mut is_known) = (0, false);
        for known in self.subscriptions(id, connection) {
            (count, is_known) = (count + 1, is_known || known == key);
        }
        if count >= SUBSCRIPTIONS {
            return Err(NotDescribed::Full(SUBSCRIPTIONS));
        }
        if is_known {
            return Ok(false);
        }
        self.allow_details(id, key.len())?;
        let user = self.users.get_mut(id).ok_or(NotDescribed::Forbidden)?;
        user.details_mut(now.instant).subscriptions.push((connection, key.into()));
        self.users.recharge(id);
        Ok(true)
    }

    /// Ends a subscription, if there is one.
    pub fn unsubscribe(&mut self, id: UserId, connection: ConnectionId, key: &str) {
        let rare = self.users.get_mut(id).and_then(|user| user.rare.as_mut());
        if let Some(details) = rare.and_then(|rare| rare.details.as_mut()) {
            details.subscriptions.retain(|(subscriber, known)| *subscriber != connection || **known != *key);
            self.users.recharge(id);
        }
    }

    /// Ends all subscriptions of a connection.
    pub fn unsubscribe_all(&mut self, id: UserId, connection: ConnectionId) {
        if let Some(user) = self.users.get_mut(id) {
            user.unsubscribe_all(connection);
            self.users.recharge(id);
        }
    }

    /// The keys to which a connection of the user `id` is subscribed.
    pub fn subscriptions(&self, id: UserId, connection: ConnectionId) -> impl Iterator<Item = &str> {
        let all = self.users.get(id).map_or(&[][..], User::all_subscriptions);
        all.iter().filter(move |(subscriber, _)| *subscriber == connection).map(|(_, key)| &**key)
    }
}

fn set(metadata: &mut Metadata, key: &str, value: Option<&str>) {
    match (metadata.iter_mut().find(|(name, _)| &**name == key), value) {
        (Some((_, known)), Some(value)) => *known = value.into(),
        (None, Some(value)) => metadata.push((key.into(), value.into())),
        (_, None) => {
            metadata.retain(|(name, _)| &**name != key);
            metadata.shrink_to(2 * metadata.len());
        }
    }
}
