//! The messages that a device has missed. They are sent in the order of events and page by page, each when the peer has
//! read the last.

use std::mem;

use super::context::Context;
#[cfg(feature = "upgrade")]
use crate::cbor::map;
use crate::footprint::vec_bytes;
use crate::hub::Entered;
use crate::message::{
    Answer, ConnectionId, Event, EventId, First, Interval, Query, Readable, Scope, Selected, Selection,
    UserId,
};
use crate::name::RoomName;

/// Most messages of a room in a page.
const PAGE: usize = 100;

/// The part of the past that a device has missed.
#[derive(Debug)]
pub(super) struct Missed {
    /// The last event that it has heard or was sent.
    after: EventId,
    /// The first event that it hears itself.
    before: EventId,
    /// The rooms that it was in.
    rooms: Vec<RoomName>,
    /// Private messages are among it.
    has_talks: bool,
}

#[cfg(feature = "upgrade")]
map!(Missed { 0: after, 1: before, 2: rooms, 3: has_talks });

impl Missed {
    /// For a device that has just entered; `None` if nothing is recorded. A device that is new missed the private
    /// messages that no other has heard.
    pub(super) fn by(entered: Entered, context: &Context<'_>) -> Option<Self> {
        let Entered { user, was_here, heard, heard_by_any } = entered;
        if !context.house.keeps_history {
            return None;
        }
        let before = context.hub.last_event().following();
        let seats = context.hub.users().get(user).map_or(&[][..], |user| &user.seats);
        let seats = if was_here && heard.is_some() { seats } else { &[] };
        let rooms = seats.iter().map(|seat| context.hub.rooms().get(seat.room).name.clone()).collect();
        Some(Self { after: heard.unwrap_or(heard_by_any), before, rooms, has_talks: true })
    }

    /// The next page, as a question to the store.
    pub(super) fn next(&self, user: UserId, context: &Context<'_>) -> Query {
        let interval = Interval { after: self.after, before: self.before, first: First::Oldest };
        let readable = self.rooms.iter().filter_map(|room| {
            let room = context.hub.rooms().find(room)?;
            context.hub.rooms().member(context.hub.users(), user, room)?;
            Some(context.hub.readable(room))
        });
        let talks = context.hub.account_of(user).filter(|_| self.has_talks);
        let talks = talks.map(|account| Scope::Talks(account.id));
        let selection = |of| Selection { of, interval, with_events: false, most: PAGE };
        Query::Events(readable.map(Scope::from).chain(talks).map(selection).collect())
    }

    /// Leaves out a room, or all private messages, for which the client has asked itself. Returns where what it missed
    /// ends.
    pub(super) fn leave_out(&mut self, of: &Scope) -> Option<EventId> {
        match of {
            Scope::Room(Readable { room, .. }) => {
                let index = self.rooms.iter().position(|other| other == room)?;
                self.rooms.swap_remove(index);
            }
            Scope::Talks(_) => self.has_talks = false,
            Scope::Talk(_) => return None,
        }
        Some(self.before)
    }

    /// The events of a page in order, as far as no room has earlier ones that are not in it, and whether it is the last.
    fn page(&self, selected: Vec<Selected>) -> (Vec<Event>, bool) {
        let ends = selected.iter().filter(|selected| !selected.is_all);
        let end = ends.map(|cut| cut.events.last().map_or(self.after, |event| event.id)).min();
        let mut events: Vec<_> = selected.into_iter().flat_map(|selected| selected.events).collect();
        events.retain(|event| end.is_none_or(|end| event.id <= end));
        events.sort_by_key(|event| event.id);
        let is_last = end.is_none() || events.is_empty();
        (events, is_last)
    }

    /// Takes a page. `tell` sends as many of the events as it can, at least one, and returns their number. False when
    /// there are no more.
    pub(super) fn take(
        &mut self,
        answer: Answer,
        owner: (UserId, ConnectionId),
        context: &mut Context<'_>,
        tell: impl FnOnce(Vec<Event>, &mut Context<'_>) -> usize,
    ) -> bool {
        // What cannot be read now counts as missed.
        let Answer::Events(selected) = answer else { return false };
        let (events, is_last) = self.page(selected);
        let ids: Vec<_> = events.iter().map(|event| event.id).collect();
        let told = tell(events, context);
        let is_over = is_last && told == ids.len();
        self.after = told.checked_sub(1).map_or(self.after, |last| ids[last]);
        let (user, connection) = owner;
        let now = context.now.time;
        context.hub.note_behind(user, connection, (!is_over).then_some(self.after), now);
        !is_over
    }

    /// Notes that the device has not heard yet what it missed.
    pub(super) fn begin(&self, (user, connection): (UserId, ConnectionId), context: &mut Context<'_>) {
        context.hub.note_behind(user, connection, Some(self.after), context.now.time);
    }

    /// Its memory, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        mem::size_of::<Self>() + vec_bytes(&self.rooms)
    }
}
