//! Which rooms to look at for what need not be kept.

use std::collections::BTreeSet;
use std::time::SystemTime;

/// Most rooms noted one by one; if there are more, all are looked at.
const NOTED: usize = 1_024;

/// Rooms that may have more than they may keep.
#[derive(Debug)]
pub(super) struct Sweep {
    pub(super) noted: BTreeSet<i64>,
    /// All rooms are looked at, from this one on.
    pub(super) next: Option<i64>,
    /// When that last began.
    pub(super) since: SystemTime,
}

impl Default for Sweep {
    /// The limits may be smaller than at the last run.
    fn default() -> Self {
        Self { noted: BTreeSet::new(), next: Some(0), since: SystemTime::UNIX_EPOCH }
    }
}

impl Sweep {
    /// Notes that this room may have too much.
    pub(super) fn note(&mut self, room: i64) {
        if self.noted.len() < NOTED {
            self.noted.insert(room);
        } else {
            self.next = Some(0);
        }
    }
}
