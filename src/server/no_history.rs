//! Without the feature `store`, there is no store.

use std::time::Instant;

#[derive(Debug, Default)]
pub(super) struct History {}

impl History {
    pub(super) fn queued_bytes(&self) -> usize {
        0
    }

    pub(super) fn recorded(&self) -> u64 {
        0
    }

    pub(super) fn is_full(&self) -> bool {
        false
    }

    pub(super) fn is_overfull(&self) -> bool {
        false
    }

    pub(super) fn is_asking(&self, _: usize) -> bool {
        false
    }

    pub(super) fn asking(&self) -> usize {
        0
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        None
    }

    pub(super) fn hold(&mut self, _: usize) {}
}
