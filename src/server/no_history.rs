//! Without the feature `store`, there is no store.

use super::{Server, Stream};
use crate::message::Now;

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

    pub(super) fn hold(&mut self, _: usize) {}
}

impl<S: Stream> Server<S> {
    pub(super) fn feed_store(&mut self, _: Now) {}

    /// Nothing wakes the loop for a store.
    pub fn hear_store(&mut self, _: Now) {}

    /// Nothing is to be written.
    pub fn end_store(&mut self, _: Now) {}

    /// Nothing is to be written.
    pub fn has_stored(&self) -> bool {
        true
    }
}
