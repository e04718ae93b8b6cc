//! The transport under a connection: a socket with or without TLS.

use std::io::{self, IoSlice, Read, Write};

use mio::event::Source;
use mio::{Interest, Registry, Token};

use super::choice::Choice;
use super::plain::Plain;
#[cfg(feature = "tls")]
use super::tls::TlsStream;
use crate::server::Stream;

/// Carries the bytes of a connection.
#[derive(Debug)]
pub enum Transport {
    /// Without TLS.
    Plain(Plain),
    /// With TLS.
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<Plain>>),
}

impl From<Plain> for Transport {
    fn from(plain: Plain) -> Self {
        Self::Plain(plain)
    }
}

#[cfg(feature = "tls")]
impl From<Box<TlsStream<Plain>>> for Transport {
    fn from(stream: Box<TlsStream<Plain>>) -> Self {
        Self::Tls(stream)
    }
}

impl Choice for Transport {
    fn stream(&self) -> &dyn Stream {
        match self {
            Self::Plain(stream) => stream,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => &**stream,
        }
    }

    fn stream_mut(&mut self) -> &mut dyn Stream {
        match self {
            Self::Plain(stream) => stream,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => &mut **stream,
        }
    }
}

impl Transport {
    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Plain(stream) => stream,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.inner_mut(),
        }
    }
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream_mut().read(buffer)
    }
}

impl Write for Transport {
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

impl Source for Transport {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.source().register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.source().reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.source().deregister(registry)
    }
}
