//! The stream of a connection, with or without the layer that speaks HTTP and WebSocket.

use std::io::{self, IoSlice, Read, Write};

use mio::event::Source;
use mio::{Interest, Registry, Token};

use super::stream::WebStream;
use crate::net::choice::Choice;
use crate::net::transport::Transport;
use crate::server::Stream;

/// The stream of a connection. Tests script what is under the layer.
#[derive(Debug)]
pub enum Socket<S = Transport> {
    /// The peer speaks a protocol of the chat.
    Bare(S),
    /// The peer's protocol is not known yet, or HTTP, or WebSocket.
    Web(Box<WebStream<S>>),
}

impl<S> From<S> for Socket<S> {
    fn from(stream: S) -> Self {
        Self::Bare(stream)
    }
}

impl<S> From<WebStream<S>> for Socket<S> {
    fn from(stream: WebStream<S>) -> Self {
        Self::Web(Box::new(stream))
    }
}

impl<S: Stream> Choice for Socket<S> {
    fn stream(&self) -> &dyn Stream {
        match self {
            Self::Bare(stream) => stream,
            Self::Web(web) => &**web,
        }
    }

    fn stream_mut(&mut self) -> &mut dyn Stream {
        match self {
            Self::Bare(stream) => stream,
            Self::Web(web) => &mut **web,
        }
    }
}

impl<S: Stream> Socket<S> {
    fn source(&mut self) -> io::Result<&mut S> {
        match self {
            Self::Bare(stream) => Ok(stream),
            Self::Web(web) => web.inner_mut(),
        }
    }
}

impl<S: Stream> Read for Socket<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self::Web(web) = self else { return self.stream_mut().read(buffer) };
        let read = web.read(buffer);
        if let Some(stream) = web.leave() {
            *self = Self::Bare(stream);
        }
        read
    }
}

impl<S: Stream> Write for Socket<S> {
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

impl<S: Stream + Source> Source for Socket<S> {
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
