//! Without the feature `store`, no session waits for its peer to read.

use super::{Server, Stream};
use crate::message::Now;

#[derive(Debug, Default)]
pub(super) struct Draining {}

impl Draining {
    pub(super) fn is_due(&self) -> bool {
        false
    }

    pub(super) fn has_drained(&mut self, _: usize) {}

    pub(super) fn forget(&mut self, _: usize) {}
}

impl<S: Stream> Server<S> {
    pub(super) fn tell_drained(&mut self, _: Now) {}
}
