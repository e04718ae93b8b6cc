//! What the program that takes the place of this one must know of a socket. The descriptor itself travels beside it.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::plain::Plain;
use super::transport::Transport;
use super::web::WebHandover;
use crate::cbor::map;
#[cfg(feature = "tls")]
use crate::server::Stream;

/// The state of a socket.
#[derive(Clone, Debug)]
pub(super) struct SocketHandover {
    pub(super) is_unix: bool,
    /// The layer for HTTP and WebSocket, if the peer needs it.
    pub(super) web: Option<WebHandover>,
}

map!(SocketHandover { 0: is_unix, 1: web });

/// What carries the bytes of a connection.
#[derive(Debug)]
pub(super) struct Carrier<'a> {
    pub(super) descriptor: BorrowedFd<'a>,
    pub(super) is_unix: bool,
    /// Nothing more can be written, and nobody can read what comes.
    pub(super) is_over: bool,
}

impl Transport {
    /// The socket, unless there is more to it than another program can know.
    pub(super) fn carrier(&self) -> Option<Carrier<'_>> {
        let (plain, is_over) = match self {
            Self::Plain(plain) => (plain, false),
            #[cfg(feature = "tls")]
            Self::Tls(stream) if stream.is_portable() => (stream.inner(), true),
            #[cfg(feature = "tls")]
            Self::Tls(_) => return None,
        };
        let (descriptor, is_unix) = plain.descriptor();
        Some(Carrier { descriptor, is_unix, is_over })
    }

    /// A socket of another program.
    pub(super) fn carried_by(descriptor: OwnedFd, is_unix: bool) -> io::Result<Self> {
        Plain::adopt(descriptor, is_unix).map(Self::Plain)
    }
}
