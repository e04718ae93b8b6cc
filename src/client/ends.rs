//! The two ends of a connection, one to read and one to write, plain or over TLS. Each has its own owner, and neither
//! waits for the other.

use std::io::{self, Write};
use std::net::Shutdown;
use std::time::Duration;

#[cfg(feature = "tls")]
use super::tls;
use crate::blocking_socket::{BlockingSocket, TimedReader};

/// The end to read from.
#[derive(Debug)]
pub(super) enum ReadEnd {
    Plain(TimedReader),
    #[cfg(feature = "tls")]
    Tls(tls::TlsReadEnd),
}

/// The end to write to.
#[derive(Debug)]
pub(super) enum WriteEnd {
    Plain(BlockingSocket),
    #[cfg(feature = "tls")]
    Tls(tls::TlsWriteEnd),
}

impl ReadEnd {
    pub(super) fn plain(stream: BlockingSocket) -> Self {
        Self::Plain(TimedReader::new(stream))
    }

    /// Reads once, within `timeout`, which is not zero. Over TLS, an end that the server has not announced is the
    /// error `UnexpectedEof`, because anybody could have cut the connection.
    pub(super) fn read(&mut self, bytes: &mut [u8], timeout: Duration) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(bytes, timeout),
            #[cfg(feature = "tls")]
            Self::Tls(source) => source.read(bytes, timeout),
        }
    }
}

impl WriteEnd {
    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes),
            #[cfg(feature = "tls")]
            Self::Tls(sink) => sink.write_all(bytes),
        }
    }

    /// Shuts down the writing side.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.shutdown(Shutdown::Write),
            #[cfg(feature = "tls")]
            Self::Tls(sink) => sink.finish(),
        }
    }
}
