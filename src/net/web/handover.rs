//! What the program that takes the place of this one must know of the layer for HTTP and WebSocket.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::Web;
use super::socket::Socket;
use crate::cbor::map;
use crate::net::handover::SocketHandover;
use crate::net::transport::Transport;

/// The state of the layer.
#[derive(Clone, Debug)]
pub(in crate::net) struct WebHandover {
    is_shared: bool,
}

map!(WebHandover { 0: is_shared });

impl Socket {
    /// The descriptor and the state; `None` if another program could not go on.
    pub(in crate::net) fn hand_over(&self) -> Option<(BorrowedFd<'_>, SocketHandover)> {
        match self {
            Self::Bare(transport) => {
                let (descriptor, is_unix) = transport.carrier()?;
                Some((descriptor, SocketHandover { is_unix, web: None }))
            }
            Self::Web(_) => None,
        }
    }

    /// Goes on where another program was.
    pub(in crate::net) fn take_over(
        descriptor: OwnedFd,
        handed: SocketHandover,
        _: &Web,
    ) -> io::Result<Self> {
        Transport::carried_by(descriptor, handed.is_unix).map(Self::Bare)
    }
}
