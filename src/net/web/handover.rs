//! Handing over the stream of a connection, with or without the layer for HTTP and WebSocket.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::Web;
use super::socket::Socket;
use super::stream::WebStream;
use crate::net::handover::{Carrier, SocketHandover};
use crate::net::transport::Transport;

impl Socket {
    /// The descriptor and the state; `None` if another program cannot go on.
    pub(in crate::net) fn hand_over(&self) -> Option<(BorrowedFd<'_>, SocketHandover)> {
        let (transport, web) = match self {
            Self::Bare(transport) => (transport, None),
            Self::Web(web) => (web.inner()?, Some(web)),
        };
        let Carrier { descriptor, is_unix, is_over } = transport.carrier()?;
        // The layer has nothing to do any more if nobody can read what the peer still sends.
        let web = web.filter(|_| !is_over).map(|web| web.hand_over());
        Some((descriptor, SocketHandover { is_unix, web }))
    }

    /// Goes on where another program was. Fails if this one cannot.
    pub(in crate::net) fn take_over(
        descriptor: OwnedFd,
        handed: SocketHandover,
        web: &Web,
    ) -> io::Result<Self> {
        let SocketHandover { is_unix, web: layer } = handed;
        let transport = Transport::carried_by(descriptor, is_unix)?;
        let Some(layer) = layer else { return Ok(Self::Bare(transport)) };
        let stream = WebStream::take_over(transport, layer, web.site_for_others());
        stream
            .map(Self::from)
            .ok_or_else(|| io::Error::other("the page no longer has the file that was being sent"))
    }
}
