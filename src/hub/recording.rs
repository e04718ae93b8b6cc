//! Which events go into the history, and who may read it.

use super::Hub;
use super::rooms::Room;
use super::seats::RoomId;
use crate::message::{
    ConnectionId, Effect, Effects, Event, EventId, EventKind, Now, Rank, Readable, Record, RoomChange,
    RoomFlag, UserId,
};
use crate::name::RoomName;

/// Flags of rooms that not everybody can join or see.
const CLOSING: [RoomFlag; 3] = [RoomFlag::InviteOnly, RoomFlag::Secret, RoomFlag::AccountsOnly];

/// A room as its history needs it. It outlives the room, whose last member may be leaving.
#[derive(Clone, Debug)]
pub(super) struct Place {
    room: RoomName,
    is_closed: bool,
}

impl Hub {
    /// Records what happens in rooms from now on.
    pub fn keep_history(&mut self) {
        self.records = true;
    }

    /// True when the history of this room is kept.
    pub fn keeps_history_of(&self, room: RoomId) -> bool {
        let limit = self.rooms.get(room).settings.history;
        self.records && limit.is_none_or(|limit| limit.lines > 0)
    }

    /// The part of the history that a member of this room may read.
    pub fn readable(&self, room: RoomId) -> Readable {
        let Room { name, opened, .. } = self.rooms.get(room);
        Readable { room: name.clone(), closed_since: opened.following() }
    }

    /// The id of the last event.
    pub fn last_event(&self) -> EventId {
        self.last_event
    }

    /// Continues with ids after those of an earlier run. What is the lobby now may have been a closed room then.
    pub fn continue_after(&mut self, last_event: EventId) {
        self.last_event = self.last_event.max(last_event);
        if let Some(lobby) = self.rooms.find(&self.lobby) {
            self.rooms.get_mut(lobby).opened = self.last_event;
        }
    }

    /// Records an event in `room`, unless it is of no interest later or not for all members.
    pub(super) fn record(&self, room: RoomId, event: &Event, out: &mut Effects) {
        if let EventKind::Said { to_rank, speech, .. } = &event.kind
            && (*to_rank != Rank::NONE || speech.is_fleeting())
        {
            return;
        }
        if let Some(place) = self.place(room) {
            record_at(place, event, out);
        }
    }

    /// Records an event in all rooms of `id`.
    pub(super) fn record_everywhere(&self, id: UserId, event: &Event, out: &mut Effects) {
        record_in(self.places(id), event, out);
    }

    /// The rooms of `id` whose history is kept.
    pub(super) fn places(&self, id: UserId) -> Vec<Place> {
        if !self.records {
            return Vec::new();
        }
        let seats = self.users.get(id).map_or(&[][..], |user| &user.seats);
        seats.iter().filter_map(|seat| self.place(seat.room)).collect()
    }

    fn place(&self, room: RoomId) -> Option<Place> {
        if !self.keeps_history_of(room) {
            return None;
        }
        let Room { name, settings, .. } = self.rooms.get(room);
        let is_closed = settings.key.is_some() || CLOSING.iter().any(|&flag| settings.has(flag));
        Some(Place { room: name.clone(), is_closed })
    }

    /// Tells a message to the addressee, and to the connections of its author that hear it: they can tell both apart.
    pub(super) fn tell_whisper(
        &self,
        event: Event,
        theirs: Vec<ConnectionId>,
        own: Vec<ConnectionId>,
        out: &mut Effects,
    ) {
        let sent = (!own.is_empty()).then(|| Event { watched: true, ..event.clone() });
        out.event(event, theirs);
        if let Some(sent) = sent {
            out.event(sent, own);
        }
    }

    /// Notes that `room` was opened. An earlier room of this name may have had a limit.
    pub(super) fn opened(&mut self, room: RoomId, now: Now, out: &mut Effects) {
        self.rooms.get_mut(room).opened = self.last_event;
        if self.records {
            let room = self.rooms.get(room).name.clone();
            out.push(Effect::Record(Record::Limit { room, limit: None, at: now.time }));
        }
    }

    /// Applies `changes` of `room` to what is kept of it.
    pub(super) fn keep_changes(&self, room: RoomId, changes: &[RoomChange], now: Now, out: &mut Effects) {
        for change in changes {
            if let (RoomChange::History(limit), true) = (change, self.records) {
                let room = self.rooms.get(room).name.clone();
                out.push(Effect::Record(Record::Limit { room, limit: *limit, at: now.time }));
            }
        }
        // The ranks of members end when they leave.
        if changes.iter().any(|change| !matches!(change, RoomChange::Rank { .. })) {
            self.keep_room(room, out);
        }
    }
}

/// Records an event in each of `places`.
pub(super) fn record_in(places: Vec<Place>, event: &Event, out: &mut Effects) {
    out.worked(places.len());
    places.into_iter().for_each(|place| record_at(place, event, out));
}

fn record_at(Place { room, is_closed }: Place, event: &Event, out: &mut Effects) {
    out.push(Effect::Record(Record::Event { room, is_closed, event: event.clone() }));
}
