//! What the program that takes the place of this one must know of a socket. The descriptor itself travels beside it.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::plain::Plain;
use super::transport::Transport;
use super::web::WebHandover;
use crate::cbor::map;

/// The state of a socket.
#[derive(Clone, Debug)]
pub(super) struct SocketHandover {
    pub(super) is_unix: bool,
    /// The layer for HTTP and WebSocket, if the peer needs it.
    pub(super) web: Option<WebHandover>,
}

map!(SocketHandover { 0: is_unix, 1: web });

impl Transport {
    /// The descriptor, unless there is more behind it than another program can know.
    pub(super) fn carrier(&self) -> Option<(BorrowedFd<'_>, bool)> {
        match self {
            Self::Plain(plain) => Some(plain.descriptor()),
            #[cfg(feature = "tls")]
            Self::Tls(_) => None,
        }
    }

    /// A socket of another program.
    pub(super) fn carried_by(descriptor: OwnedFd, is_unix: bool) -> io::Result<Self> {
        Plain::adopt(descriptor, is_unix).map(Self::Plain)
    }
}
