//! Removing a message that was said in a room: for everybody, and from the history.

use std::time::Duration;

use super::Hub;
use super::replica::journaled;
use super::seats::RoomId;
use crate::message::{Effect, Effects, Event, EventId, EventKind, Now, Record, Source, UserId};
use crate::name::RoomName;

/// How long authors may remove their messages.
pub const REDACTABLE: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a message is not removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRedacted {
    /// The user neither wrote it nor is an operator of its room, or is not there.
    Forbidden,
    /// The user wrote it longer ago than [`REDACTABLE`].
    TooOld,
}

impl Hub {
    /// Removes `message`, which the store has found in the room `name`: the room is part of the question, so that an
    /// operator of one room cannot remove messages of another.
    pub fn redact(
        &mut self,
        id: UserId,
        name: &RoomName,
        message: &Event,
        reason: String,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), NotRedacted> {
        let room = self.rooms.find(name).ok_or(NotRedacted::Forbidden)?;
        self.rooms.member(&self.users, id, room).ok_or(NotRedacted::Forbidden)?;
        if self.room_to_change(id, name).is_err() {
            if !self.is_author(id, message) {
                return Err(NotRedacted::Forbidden);
            }
            if now.time.duration_since(message.time).is_ok_and(|age| age > REDACTABLE) {
                return Err(NotRedacted::TooOld);
            }
        }
        journaled!(
            self,
            Redact { user: id, room: name.clone(), message: message.id, reason: reason.clone() },
            self.withdraw(id, room, message.id, reason, now, out)
        );
        Ok(())
    }

    /// Removes a message from a room. The caller has checked that `id` may do so.
    pub(super) fn withdraw(
        &mut self,
        id: UserId,
        room: RoomId,
        message: EventId,
        reason: String,
        now: Now,
        out: &mut Effects,
    ) {
        let room_name = self.rooms.get(room).name.clone();
        out.push(Effect::Record(Record::Redaction { room: room_name.clone(), id: message }));
        let kind = EventKind::Redacted { room: room_name, message, reason };
        let event = self.event(id, now, kind);
        out.event_for(event, self.everybody(room));
    }

    /// True when `id` wrote this message. Names are free again when their user leaves, so only messages since the user
    /// came are certainly its own.
    fn is_author(&self, id: UserId, message: &Event) -> bool {
        let (Some(user), Source::User(author)) = (self.users.get(id), &message.from) else { return false };
        author.name == user.identity.name
            && author.place() == user.identity.place()
            && message.time >= user.since()
    }
}
