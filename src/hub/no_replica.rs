//! Without the feature `cluster`, this hub is the only one.

use super::Hub;
#[cfg(feature = "store")]
use crate::message::CloseReason;
use crate::message::{ConnectionId, Effects, Event, EventId, Now, RoomChange, UserId};

/// Carries out an operation.
macro_rules! journaled {
    ($hub:ident, $variant:ident $fields:tt, $done:expr) => {
        $done
    };
    ($hub:ident, unless $is_local:expr, $variant:ident $fields:tt, $done:expr) => {
        $done
    };
}

pub(super) use journaled;

/// The connection: all are those of this server.
pub(super) fn here(connection: ConnectionId) -> Option<ConnectionId> {
    Some(connection)
}

impl Hub {
    /// The id of an event at this time.
    pub(super) fn next_event(&self, now: Now) -> EventId {
        self.last_event.next(now.time)
    }

    pub(super) fn elsewhere_bytes(&self) -> usize {
        0
    }

    pub(super) fn is_replica(&self) -> bool {
        false
    }

    pub(super) fn take_back_events(&mut self, _: EventId) {}

    pub(super) fn note_home(&mut self, _: UserId, _: Option<ConnectionId>) {}

    pub(super) fn forget_home(&mut self, _: UserId) {}

    pub(super) fn is_at(&self, _: UserId, _: ConnectionId) -> bool {
        true
    }

    pub(super) fn settle_changes(&mut self, _: &[RoomChange]) {}

    pub(super) fn relay_said(&self, _: UserId, _: &Event, _: &mut Effects) {}

    pub(super) fn relay_whispered(&self, _: UserId, _: Option<UserId>, _: &Event, _: &mut Effects) {}
}

#[cfg(feature = "store")]
impl Hub {
    /// The connections of a user.
    pub fn all_connections(&self, id: UserId) -> Vec<ConnectionId> {
        self.users.connections(id)
    }

    /// Ends some of all connections of a user: `by` is the name of who wants it.
    pub fn end_connections(
        &mut self,
        _: UserId,
        connections: &[ConnectionId],
        (by, reason): (&str, &str),
        _: Now,
        out: &mut Effects,
    ) {
        let killed = CloseReason::Killed { by: by.to_owned(), reason: reason.to_owned() };
        connections.iter().for_each(|&connection| out.close(connection, killed.clone()));
    }

    pub(super) fn is_replaying(&self) -> bool {
        false
    }

    pub(super) fn settle_heard(&mut self, heard: EventId) -> EventId {
        heard
    }
}
