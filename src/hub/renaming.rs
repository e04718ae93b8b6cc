//! Giving a room another name: its members, settings, invitations and history go along.

use std::time::Duration;

use super::Hub;
use super::registering::Right;
use super::replica::journaled;
use super::rooms::Room;
use super::seats::RoomId;
use crate::footprint::shared_bytes;
use crate::message::{Audience, ConnectionId, Effect, Effects, EventKind, Now, Record, Refusal, UserId};
use crate::name::RoomName;

/// How long a room keeps its name at least, for each [`MEMBERS_PER_PAUSE`] members or part of them: clients that only
/// know leaving and joining are told all members again.
pub const PAUSE: Duration = Duration::from_secs(30);

/// See [`PAUSE`].
pub const MEMBERS_PER_PAUSE: usize = 1_000;

/// Users that are looked at in one step of work.
const USERS_PER_STEP: usize = 4;

/// A request to rename a room.
#[derive(Clone, Debug)]
pub struct Renaming {
    pub from: RoomName,
    pub to: RoomName,
    /// The reason; may be empty.
    pub reason: String,
    /// The connection whose session moves its client to the new name itself, if necessary.
    pub by: ConnectionId,
}

/// Why a room keeps its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRenamed {
    /// The user may not change the room, or there is no memory for a longer name.
    Refused(Refusal),
    /// It is the lobby, whose name is in the config.
    Lobby,
    /// There is a room of the new name.
    Taken,
    /// It was renamed a short while ago, and may be again after this time.
    TooSoon(Duration),
}

impl From<Refusal> for NotRenamed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Hub {
    /// Gives a room another name. A change of letter case is one, too. A registered room belongs to its founder.
    pub fn rename_room(
        &mut self,
        id: UserId,
        renaming: Renaming,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), NotRenamed> {
        journaled!(
            self,
            RenameRoom {
                user: id,
                from: renaming.from.clone(),
                to: renaming.to.clone(),
                reason: renaming.reason.clone(),
            },
            self.change_room_name(id, renaming, now, out)
        )
    }

    fn change_room_name(
        &mut self,
        id: UserId,
        Renaming { from, to, reason, by }: Renaming,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), NotRenamed> {
        let room = self.room_to_rename(id, &from, &to, now)?;
        let from = self.rooms.get(room).name.clone();
        if from.as_str() == to.as_str() {
            return Ok(());
        }
        if from != to {
            self.rename_for_users(room, &to, out);
        }
        self.rooms.rename(&mut self.users, room, to.clone());
        self.rooms.get_mut(room).renamed = Some(now.instant);
        if self.rooms.get(room).registration().is_some() {
            out.push(Effect::Record(Record::RoomDropped(from.clone())));
        }
        out.push(Effect::Record(Record::RoomRenamed { from: from.clone(), to: to.clone() }));
        self.keep_room(room, out);
        let has_moved = from != to;
        let event = self.event(id, now, EventKind::RoomRenamed { from, to, reason });
        let everybody = self.everybody(room);
        out.event_for(event.clone(), everybody.clone());
        if has_moved {
            out.push(Effect::Move(event, Audience { except: Some(by), ..everybody }));
        }
        Ok(())
    }

    /// The room called `from`, if `id` may call it `to`.
    fn room_to_rename(
        &self,
        id: UserId,
        from: &RoomName,
        to: &RoomName,
        now: Now,
    ) -> Result<RoomId, NotRenamed> {
        let found = self.rooms.find(from).map(|room| self.rooms.get(room));
        if found.is_some_and(Room::is_of_server) {
            return Err(NotRenamed::Lobby);
        }
        let id = if found.is_some_and(|room| room.registration().is_some()) {
            self.registered_room(id, from, Right::Own)?
        } else {
            self.room_to_change(id, from)?
        };
        if self.rooms.find(to).is_some_and(|other| other != id) {
            return Err(NotRenamed::Taken);
        }
        let room = self.rooms.get(id);
        let pause =
            PAUSE * u32::try_from(room.members().len().div_ceil(MEMBERS_PER_PAUSE)).unwrap_or(u32::MAX);
        let since = room.renamed.map(|renamed| now.instant.saturating_duration_since(renamed));
        let left = since.and_then(|since| pause.checked_sub(since)).filter(|left| !left.is_zero());
        if let (Some(left), false) = (left, self.is_replaying()) {
            return Err(NotRenamed::TooSoon(left));
        }
        let [before, after] = [&room.name, to].map(|name| shared_bytes(name.as_str().len()));
        self.allow_in_room(id, after.saturating_sub(before))?;
        Ok(id)
    }

    /// Changes what users keep by the name of the room: invitations to it, and how far they have read.
    fn rename_for_users(&mut self, room: RoomId, to: &RoomName, out: &mut Effects) {
        let (from, created) = (self.rooms.get(room).name.clone(), self.rooms.get(room).settings.created);
        let [from_marker, to_marker] = [&from, to].map(|name| name.folded());
        out.worked(self.users.ids() / USERS_PER_STEP);
        for id in (0..self.users.ids() as u32).map(UserId) {
            let Some(user) = self.users.get_mut(id).filter(|user| user.rare.is_some()) else { continue };
            user.move_invitations(&from, created, to);
            if let Some(membership) = user.membership_mut() {
                let markers = &mut membership.account.markers;
                // Of an earlier room of the new name.
                markers.retain(|(of, _)| **of != *to_marker);
                let moved = markers.iter_mut().filter(|(of, _)| **of == *from_marker);
                moved.for_each(|(of, _)| *of = to_marker.as_str().into());
            }
            self.users.recharge(id);
        }
    }
}
