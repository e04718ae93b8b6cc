//! Without the feature `store`, no session waits for its peer to read.

use std::time::Instant;

use super::{Server, Stream};
use crate::message::Now;

#[derive(Debug, Default)]
pub(super) struct Draining {}

impl Draining {
    pub(super) fn is_due(&self) -> bool {
        false
    }

    pub(super) fn is_asking(&self, _: usize) -> bool {
        false
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        None
    }

    pub(super) fn has_drained(&mut self, _: usize) {}

    pub(super) fn forget(&mut self, _: usize) {}
}

impl<S: Stream> Server<S> {
    pub(super) fn tell_drained(&mut self, _: Now) {}

    pub(super) fn expire_postponed(&mut self, _: Now) {}
}
