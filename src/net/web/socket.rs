//! The stream of a connection, with or without the layer that speaks HTTP and WebSocket.

use std::io::{self, IoSlice, Read, Write};

use mio::event::Source;
use mio::{Interest, Registry, Token};

use super::stream::WebStream;
#[cfg(feature = "store")]
use crate::message::CertificateHash;
use crate::message::{CloseReason, Framing};
use crate::net::transport::Transport;
use crate::server::Stream;

/// The stream of a connection.
#[derive(Debug)]
pub enum Socket {
    /// The peer speaks a protocol of the chat.
    Bare(Transport),
    /// The peer's protocol is not known yet, or HTTP, or WebSocket.
    Web(Box<WebStream<Transport>>),
}

impl From<Transport> for Socket {
    fn from(transport: Transport) -> Self {
        Self::Bare(transport)
    }
}

impl From<WebStream<Transport>> for Socket {
    fn from(stream: WebStream<Transport>) -> Self {
        Self::Web(Box::new(stream))
    }
}

impl Socket {
    fn stream(&self) -> &dyn Stream {
        match self {
            Self::Bare(transport) => transport,
            Self::Web(web) => &**web,
        }
    }

    fn stream_mut(&mut self) -> &mut dyn Stream {
        match self {
            Self::Bare(transport) => transport,
            Self::Web(web) => &mut **web,
        }
    }

    fn source(&mut self) -> io::Result<&mut Transport> {
        match self {
            Self::Bare(transport) => Ok(transport),
            Self::Web(web) => web.inner_mut(),
        }
    }
}

impl Stream for Socket {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream_mut().shutdown_write()
    }

    fn is_opening(&self) -> bool {
        self.stream().is_opening()
    }

    fn decline(&mut self) {
        self.stream_mut().decline();
    }

    fn is_mute(&self) -> bool {
        self.stream().is_mute()
    }

    fn is_secure(&self) -> bool {
        self.stream().is_secure()
    }

    #[cfg(feature = "store")]
    fn certificate(&self) -> Option<CertificateHash> {
        self.stream().certificate()
    }

    fn framing(&self) -> Option<Framing> {
        self.stream().framing()
    }

    fn take_answers(&mut self) -> Vec<u8> {
        self.stream_mut().take_answers()
    }

    fn is_asking(&self) -> bool {
        self.stream().is_asking()
    }

    fn ending(&mut self, reason: CloseReason) -> CloseReason {
        self.stream_mut().ending(reason)
    }

    fn has_unsent(&self) -> bool {
        self.stream().has_unsent()
    }

    fn kept_bytes(&self) -> usize {
        self.stream().kept_bytes()
    }

    fn own_bytes(&self) -> usize {
        self.stream().own_bytes()
    }

    fn forget_unread(&mut self) {
        self.stream_mut().forget_unread();
    }

    fn forget_unsent(&mut self) {
        self.stream_mut().forget_unsent();
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self::Web(web) = self else { return self.stream_mut().read(buffer) };
        let read = web.read(buffer);
        if let Some(transport) = web.leave() {
            *self = Self::Bare(transport);
        }
        read
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream_mut().write(buffer)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream_mut().write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream_mut().flush()
    }
}

impl Source for Socket {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.source()?.register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.source()?.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.source()?.deregister(registry)
    }
}
