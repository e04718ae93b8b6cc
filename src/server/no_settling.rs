//! Without the feature `upgrade`, the server never settles.

use std::time::Instant;

use super::{Server, Stream};
use crate::message::Now;

#[derive(Debug, Default)]
pub(super) struct Settling {}

impl Settling {
    pub(super) fn is_on(&self) -> bool {
        false
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        None
    }
}

impl<S: Stream> Server<S> {
    pub(super) fn stop_settling(&mut self) {}

    pub(super) fn finish_work(&mut self, _: Now) {}

    #[cfg(feature = "store")]
    pub(super) fn rests_questions(&self) -> bool {
        false
    }

    pub(super) fn has_work(&self) -> bool {
        false
    }
}
