//! Without the feature `cluster`, this hub is the only one.

use super::Hub;
use crate::message::{EventId, Now};

impl Hub {
    /// The id of an event at this time.
    pub(super) fn next_event(&self, now: Now) -> EventId {
        self.last_event.next(now.time)
    }
}
