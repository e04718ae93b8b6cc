//! Without the feature `store`, there are no accounts, and no user stays without a connection.

use std::time::Instant;

use super::{Server, Stream};
use crate::message::Now;

#[derive(Debug, Default)]
pub(super) struct Staying {}

impl Staying {
    pub(super) fn deadline(&self) -> Option<Instant> {
        None
    }
}

impl<S: Stream> Server<S> {
    pub(super) fn apply_account_rules(&mut self, _: Now) {}

    pub(super) fn look_after_accounts(&mut self, _: Now) {}

    pub(super) fn is_alive(&mut self, _: usize, _: Now) {}
}
