//! How much of the history is kept.

use std::time::{Duration, SystemTime};

use super::rooms::Room;
use crate::message::EventId;

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// `None` records no history.
    pub(super) age: Option<Duration>,
    /// Messages per room, and other events.
    pub(super) lines: u32,
    pub(super) bytes: u64,
}

impl Limits {
    /// Most messages of a room, and as many other events.
    pub(super) fn lines_of(&self, room: &Room) -> u32 {
        room.limit.map_or(self.lines, |limit| limit.lines.min(self.lines))
    }

    /// The last id that is too old in a room with this limit of its own.
    pub(super) fn oldest(&self, own: Option<Duration>, now: SystemTime) -> EventId {
        // Without history nothing is recorded, and what there is stays.
        let Some(age) = self.age.into_iter().chain(own).min() else { return EventId::MIN };
        now.checked_sub(age).map_or(EventId::MIN, EventId::before)
    }
}
