//! Without the feature `cluster`, there is one server, which may always change everything.

use std::time::Instant;

use super::{Server, Stream};
use crate::message::{CloseReason, ConnectionId, Now, UserId};

#[derive(Debug, Default)]
pub(super) struct Nodes {}

impl Nodes {
    pub(super) fn queued_bytes(&self) -> usize {
        0
    }

    pub(super) fn is_waiting(&self, _: usize) -> bool {
        false
    }

    pub(super) fn waiting(&self) -> usize {
        0
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        None
    }

    #[cfg(feature = "store")]
    pub(super) fn awaits_store(&self) -> bool {
        false
    }

    #[cfg(feature = "store")]
    pub(super) fn is_node(&self) -> bool {
        false
    }

    pub(super) fn forget(&mut self, _: usize) {}
}

impl<S: Stream> Server<S> {
    pub(super) fn waits_with_frame(&mut self, _: usize, _: &[u8], _: Now) -> bool {
        false
    }

    pub(super) fn departs_later(&mut self, _: UserId, _: ConnectionId, _: &CloseReason) -> bool {
        false
    }

    #[cfg(feature = "store")]
    pub(super) fn date_records(&mut self) {}

    pub(super) fn expire_nodes(&mut self, _: Now) {}

    pub(super) fn end_lock(&mut self, _: Now) {}

    pub(super) fn seek_lock(&mut self, _: Now) {}

    pub(super) fn begin_to_leave(&mut self, _: Now) {}
}
