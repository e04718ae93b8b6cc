//! Without the feature `store`, there are no accounts, and no user stays without a connection.

use super::{Server, Stream};
use crate::message::Now;

impl<S: Stream> Server<S> {
    pub(super) fn apply_account_rules(&mut self, _: Now) {}

    pub(super) fn look_after_accounts(&mut self, _: Now) {}

    pub(super) fn is_alive(&mut self, _: usize, _: Now) {}
}
