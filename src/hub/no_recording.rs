//! Without the feature `store`, nothing is recorded.

use super::Hub;
use super::seats::RoomId;
use crate::message::{ConnectionId, Effects, Event, Now, RoomChange, Speech, UserId};
use crate::name::UserName;

impl Hub {
    pub(super) fn record(&self, _: RoomId, _: &Event, _: &mut Effects) {}

    pub(super) fn record_everywhere(&self, _: UserId, _: &Event, _: &mut Effects) {}

    pub(super) fn places(&self, _: UserId) {}

    pub(super) fn record_whisper(&self, _: UserId, _: Option<UserId>, _: &Event, _: &mut Effects) {}

    pub(super) fn keeps_for_absent(&self, _: &UserName, _: &Speech) -> bool {
        false
    }

    /// Tells a message to the addressee, and to the connections of its author that hear it.
    pub(super) fn tell_whisper(
        &self,
        event: Event,
        mut theirs: Vec<ConnectionId>,
        own: Vec<ConnectionId>,
        out: &mut Effects,
    ) {
        theirs.extend(own);
        out.event(event, theirs);
    }

    pub(super) fn opened(&mut self, _: RoomId, _: Now, _: &mut Effects) {}

    pub(super) fn keep_room(&self, _: RoomId, _: &mut Effects) {}

    pub(super) fn keep_changes(&self, _: RoomId, _: &[RoomChange], _: Now, _: &mut Effects) {}
}

pub(super) fn record_in((): (), _: &Event, _: &mut Effects) {}
