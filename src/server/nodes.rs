//! The server as one node of several.

use super::{Server, Stream};
use crate::message::Relay;

impl<S: Stream> Server<S> {
    /// Hands a message to other nodes.
    pub(super) fn relay(&mut self, _: Relay) {}
}
