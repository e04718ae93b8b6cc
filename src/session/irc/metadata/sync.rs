//! `METADATA SYNC`: the values of the keys to which a client is subscribed, one user or channel after the other.

use std::vec;

use super::{ALL, BATCH, Target};
use crate::hub::{Described, RoomId};
use crate::message::UserId;
use crate::name::{RoomName, UserName};
use crate::session::Context;
use crate::session::irc::batches::Batch;
use crate::session::irc::client::{Irc, Progress, Work};

/// Steps to compare a room of one user with one of another.
const SEATS_PER_STEP: usize = 8;

/// The progress of a `SYNC`.
#[derive(Debug)]
struct Sync {
    batch: Batch,
    /// As the client knows it.
    target: Box<str>,
    keys: Vec<Box<str>>,
    rooms: vec::IntoIter<RoomName>,
    /// The channel whose members are told. Those from this index on were told, from last to first as in `NAMES`.
    current: Option<(RoomName, usize)>,
    /// Users to tell besides members.
    users: vec::IntoIter<UserName>,
    /// The channels are all that the client is in: a user is told in the first that both share.
    is_all: bool,
    /// Bytes left for the answer.
    bytes_left: usize,
}

impl Work for Sync {
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress {
        if self.bytes_left == 0 {
            irc.end_answer(self.batch, context);
            irc.tell_cut(&self.target, context);
            return Progress::Done;
        }
        if let Some((name, told_from)) = &mut self.current {
            let room = context.hub.rooms().find(name).filter(|&room| context.hub.is_visible(room, irc.user));
            let members = room.map_or(&[][..], |room| context.hub.rooms().get(room).members());
            let next = (*told_from).min(members.len()).checked_sub(1);
            let member = next.map(|next| members[next].id);
            match (room, next, member) {
                (Some(room), Some(next), Some(id)) => {
                    *told_from = next;
                    self.tell_member(room, id, irc, context);
                }
                _ => self.current = None,
            }
        } else if let Some(name) = self.rooms.next() {
            self.begin_room(name, irc, context);
        } else if let Some(name) = self.users.next() {
            self.tell_user(&name, irc, context);
        } else {
            irc.end_answer(self.batch, context);
            return Progress::Done;
        }
        Progress::More
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self) -> bool {
        false
    }
}

impl Sync {
    fn begin_room(&mut self, name: RoomName, irc: &Irc, context: &mut Context<'_>) {
        let room = context.hub.rooms().find(&name).filter(|&room| context.hub.is_visible(room, irc.user));
        if let Some(room) = room {
            self.tell(Described::Room(room), name.as_str(), irc, context);
            self.current = Some((name, usize::MAX));
        }
    }

    fn tell_member(&mut self, room: RoomId, id: UserId, irc: &Irc, context: &mut Context<'_>) {
        context.out.worked(1);
        let Some(user) = context.hub.users().get(id) else { return };
        let name = user.name().clone();
        if user.metadata().is_empty() || self.is_all && first_shared(id, irc, context) != Some(room) {
            return;
        }
        self.tell(Described::User(id), name.as_str(), irc, context);
    }

    fn tell_user(&mut self, name: &UserName, irc: &Irc, context: &mut Context<'_>) {
        context.out.worked(1);
        let Some(id) = context.hub.users().find(name) else { return };
        let Some(user) = context.hub.users().get(id) else { return };
        let name = user.name().clone();
        if user.metadata().is_empty() || self.is_all && first_shared(id, irc, context).is_some() {
            return;
        }
        self.tell(Described::User(id), name.as_str(), irc, context);
    }

    /// Sends the wanted keys of a user or channel.
    fn tell(&mut self, of: Described, name: &str, irc: &Irc, context: &mut Context<'_>) {
        let known = context.hub.metadata(of);
        context.out.worked(known.len() * self.keys.len() / SEATS_PER_STEP);
        let wanted: Vec<_> = known.iter().filter(|(key, _)| self.keys.contains(key)).cloned().collect();
        for (key, value) in wanted {
            irc.tell_current(self.batch, name, &key, &value, context);
            // The line has both names, the server's and the client's.
            let bytes = 2 * name.len() + context.house.name.len() + key.len() + value.len();
            self.bytes_left = self.bytes_left.saturating_sub(bytes);
        }
    }
}

/// The first of the client's channels in which the user `id` is, too.
fn first_shared(id: UserId, irc: &Irc, context: &mut Context<'_>) -> Option<RoomId> {
    let users = context.hub.users();
    let (user, viewer) = (users.get(id)?, users.get(irc.user)?);
    context.out.worked(1 + user.seats.len() * viewer.seats.len() / SEATS_PER_STEP);
    let mut own = viewer.seats.iter().map(|seat| seat.room);
    own.find(|&room| user.seats.iter().any(|seat| seat.room == room))
}

impl Irc {
    /// `METADATA target SYNC`.
    pub(super) fn sync(&mut self, target: &str, context: &mut Context<'_>) {
        let Some(Target { of, name }) = self.described(target, context) else { return };
        let keys = self.subscribed_keys(context);
        let (rooms, users) = match of {
            Described::Room(room) => (vec![context.hub.rooms().get(room).name.clone()], Vec::new()),
            Described::User(_) => (Vec::new(), UserName::new(&name).into_iter().collect()),
        };
        self.begin_sync(&name, keys, rooms, users, false, context);
    }

    /// `METADATA *ALL SYNC`.
    pub(super) fn sync_all(&mut self, context: &mut Context<'_>) {
        let keys = self.subscribed_keys(context);
        self.sync_keys(keys, context);
    }

    /// Tells the values of these keys of all that the client hears of.
    pub(super) fn sync_keys(&mut self, keys: Vec<Box<str>>, context: &mut Context<'_>) {
        let (rooms, users) = (self.own_channels(context), self.watched(context));
        self.begin_sync(ALL, keys, rooms, users, true, context);
    }

    fn subscribed_keys(&self, context: &Context<'_>) -> Vec<Box<str>> {
        context.hub.subscriptions(self.user, self.connection).map(Box::from).collect()
    }

    fn begin_sync(
        &mut self,
        target: &str,
        keys: Vec<Box<str>>,
        rooms: Vec<RoomName>,
        users: Vec<UserName>,
        is_all: bool,
        context: &mut Context<'_>,
    ) {
        let batch = self.begin_answer(BATCH, Some(target), context);
        let bytes_left = context.house.answer_bytes();
        let (rooms, users) = (rooms.into_iter(), users.into_iter());
        let sync =
            Sync { batch, target: target.into(), keys, rooms, current: None, users, is_all, bytes_left };
        self.begin(sync, context);
    }
}
