//! Without the feature `store`, nothing is recorded or asked.

use super::{Server, Stream};
use crate::message::Now;

impl<S: Stream> Server<S> {
    pub(super) fn feed_store(&mut self, _: Now) {}

    pub(super) fn expire_account_errands(&mut self, _: Now) {}

    /// Nothing wakes the loop for a store.
    pub fn hear_store(&mut self, _: Now) {}

    /// Nothing is to be written.
    pub fn end_store(&mut self, _: Now) {}

    /// Nothing is to be written.
    pub fn has_stored(&self) -> bool {
        true
    }
}
