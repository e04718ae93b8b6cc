//! How much of the history is kept.

use std::time::{Duration, SystemTime};

use crate::message::{EventId, HistoryLimit};

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// `None` records no history.
    pub(super) age: Option<Duration>,
    /// Messages per room, and other events.
    pub(super) lines: u32,
    /// Bytes of the whole store.
    pub(super) bytes: u64,
}

impl Limits {
    /// Most messages of a room with this limit of its own, and as many other events.
    pub(super) fn lines_of(&self, own: Option<HistoryLimit>) -> u32 {
        own.map_or(self.lines, |limit| limit.lines.min(self.lines))
    }

    /// The last id that is too old in a room with this limit of its own.
    pub(super) fn oldest(&self, own: Option<Duration>, now: SystemTime) -> EventId {
        // Without history nothing is recorded, and what there is stays.
        let Some(age) = self.age.into_iter().chain(own).min() else { return EventId::MIN };
        now.checked_sub(age).map_or(EventId::MIN, EventId::before)
    }
}
