//! Somebody who has come to a listener.

use super::plain::Plain;
use crate::message::Peer;

/// Somebody who has been accepted, and is not the server's yet.
#[derive(Debug)]
pub(super) struct Newcomer {
    pub(super) socket: Plain,
    /// Whose limits count.
    pub(super) peer: Peer,
    /// Came to a listener for TLS.
    pub(super) is_tls: bool,
}
