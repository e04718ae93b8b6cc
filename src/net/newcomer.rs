//! A newcomer at a listener.

use super::plain::Plain;
use crate::message::Peer;

/// An accepted socket that the server does not have yet.
#[derive(Debug)]
pub(super) struct Newcomer {
    pub(super) socket: Plain,
    /// The peer to whom limits apply.
    pub(super) peer: Peer,
    pub(super) is_tls: bool,
    /// A proxy may pass on requests of other peers behind the first.
    pub(super) is_shared: bool,
}
