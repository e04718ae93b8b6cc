//! The stream of a connection, with or without the layer that speaks HTTP and WebSocket.

use std::io::{self, IoSlice, Read, Write};

use mio::event::Source;
use mio::{Interest, Registry, Token};

use super::stream::WebStream;
use crate::net::choice::Choice;
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

impl Choice for Socket {
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
}

impl Socket {
    fn source(&mut self) -> io::Result<&mut Transport> {
        match self {
            Self::Bare(transport) => Ok(transport),
            Self::Web(web) => web.inner_mut(),
        }
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
