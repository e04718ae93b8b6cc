//! Without the feature `store`, nothing is recorded.

use super::Hub;
use super::seats::RoomId;
use crate::message::{ConnectionId, Effects, Event, Now, Refusal, RoomChange, Speech, UserId};
use crate::name::UserName;

impl Hub {
    pub(super) fn record(&self, _: RoomId, _: &Event, _: &mut Effects) {}

    pub(super) fn record_everywhere(&self, _: UserId, _: &Event, _: &mut Effects) {}

    pub(super) fn places(&self, _: UserId) {}

    pub(super) fn record_whisper(&self, _: UserId, _: UserId, _: &Event, _: &mut Effects) {}

    pub(super) fn whisper_to_absent(
        &mut self,
        _: UserId,
        to: UserName,
        _: Speech,
        _: Option<ConnectionId>,
        _: Now,
        _: &mut Effects,
    ) -> Result<(), Refusal> {
        Err(Refusal::NobodyCalled(to))
    }

    /// Tells a message to the addressee, and to the connections of its author that hear it.
    pub(super) fn tell_whisper(
        &self,
        event: Event,
        addressee: UserId,
        own: Vec<ConnectionId>,
        out: &mut Effects,
    ) {
        let mut audience = self.users.connections(addressee);
        audience.extend(own);
        out.event(event, audience);
    }

    pub(super) fn opened(&mut self, _: RoomId, _: Now, _: &mut Effects) {}

    pub(super) fn keep_room(&self, _: RoomId, _: &mut Effects) {}

    pub(super) fn keep_changes(&self, _: RoomId, _: &[RoomChange], _: Now, _: &mut Effects) {}
}

pub(super) fn record_in((): (), _: &Event, _: &mut Effects) {}
