//! Replaces `web` in builds without it; HTTP requests get no answer.

#[cfg(feature = "upgrade")]
use std::io;
#[cfg(feature = "upgrade")]
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::SystemTime;

#[cfg(feature = "upgrade")]
use super::handover::{Carrier, SocketHandover};
use super::transport::Transport;
#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer};
use crate::config::ServerConfig;

/// The stream of a connection.
pub type Socket<S = Transport> = S;

/// Adds the layer for HTTP and WebSocket to newcomers.
#[derive(Debug)]
pub struct Web;

impl Web {
    /// Serves no page.
    pub fn new(_: &ServerConfig) -> Self {
        Self
    }

    pub(super) fn renew(&mut self, _: &ServerConfig) {}

    pub(super) fn turn(&self, _: SystemTime) {}

    /// Leaves a newcomer as it is.
    pub fn wrap<S>(&self, stream: S, _: bool) -> Socket<S> {
        stream
    }
}

/// Has no values: a program without the layer cannot go on where one with it was.
#[cfg(feature = "upgrade")]
#[derive(Clone, Debug)]
pub(super) enum WebHandover {}

#[cfg(feature = "upgrade")]
impl ToCbor for WebHandover {
    fn write(&self, _: &mut Writer) {
        match *self {}
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for WebHandover {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        Err(input
            .invalid(format_args!("a peer speaks HTTP, but this program is built without the feature web")))
    }
}

#[cfg(all(test, feature = "upgrade"))]
impl crate::cbor::any::Any for WebHandover {
    fn any(_: &mut crate::cbor::any::Choices<'_>) -> Self {
        unreachable!("there is none")
    }
}

#[cfg(feature = "upgrade")]
impl Transport {
    /// The descriptor and the state; `None` if another program could not go on.
    pub(in crate::net) fn hand_over(&self) -> Option<(BorrowedFd<'_>, SocketHandover)> {
        let Carrier { descriptor, is_unix, .. } = self.carrier()?;
        Some((descriptor, SocketHandover { is_unix, web: None }))
    }

    /// Goes on where another program was.
    pub(in crate::net) fn take_over(
        descriptor: OwnedFd,
        handed: SocketHandover,
        _: &Web,
    ) -> io::Result<Self> {
        Self::carried_by(descriptor, handed.is_unix)
    }
}
