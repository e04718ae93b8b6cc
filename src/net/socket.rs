//! Accepted sockets.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;

use mio::event::Source;
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
#[cfg(feature = "tls")]
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

#[cfg(feature = "tls")]
use super::tls::TlsStream;
use crate::server::Stream;

/// An accepted socket.
#[derive(Debug)]
pub enum Socket {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix stream socket.
    Unix(UnixStream),
    /// Over TLS over one of these.
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<Socket>>),
}

impl Socket {
    /// Copies what there is to read into `buffer`, and leaves it there to be read. Returns how many bytes that are; 0 at
    /// the end.
    pub(super) fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let peeked = rustix::io::retry_on_intr(|| match self {
            Self::Tcp(stream) => recv(stream, &mut *buffer, RecvFlags::PEEK),
            Self::Unix(stream) => recv(stream, &mut *buffer, RecvFlags::PEEK),
            // Records would have to be kept for that; it is done before there are any.
            #[cfg(feature = "tls")]
            Self::Tls(_) => Err(Errno::OPNOTSUPP),
        });
        Ok(peeked.map(|(count, _)| count)?)
    }
}

impl Stream for Socket {
    fn shutdown_write(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.shutdown_write(),
        }
    }

    fn is_opening(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Unix(_) => false,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.is_opening(),
        }
    }

    fn decline(&mut self) {
        match self {
            Self::Tcp(_) | Self::Unix(_) => {}
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.decline(),
        }
    }

    fn is_mute(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Unix(_) => false,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.is_mute(),
        }
    }

    fn is_secure(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Unix(_) => false,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.is_secure(),
        }
    }

    fn has_unsent(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Unix(_) => false,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.has_unsent(),
        }
    }

    fn kept_bytes(&self) -> usize {
        match self {
            Self::Tcp(_) | Self::Unix(_) => 0,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.kept_bytes(),
        }
    }

    fn own_bytes(&self) -> usize {
        match self {
            Self::Tcp(_) | Self::Unix(_) => 0,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.own_bytes(),
        }
    }

    fn forget_unread(&mut self) {
        match self {
            Self::Tcp(_) | Self::Unix(_) => {}
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.forget_unread(),
        }
    }

    fn forget_unsent(&mut self) {
        match self {
            Self::Tcp(_) | Self::Unix(_) => {}
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.forget_unsent(),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(buffer),
            Self::Unix(stream) => stream.write(buffer),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write_vectored(buffers),
            Self::Unix(stream) => stream.write_vectored(buffers),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.write_vectored(buffers),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(_) | Self::Unix(_) => Ok(()),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.flush(),
        }
    }
}

impl Source for Socket {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.register(registry, token, interests),
            Self::Unix(stream) => stream.register(registry, token, interests),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.inner_mut().register(registry, token, interests),
        }
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.reregister(registry, token, interests),
            Self::Unix(stream) => stream.reregister(registry, token, interests),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.inner_mut().reregister(registry, token, interests),
        }
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.deregister(registry),
            Self::Unix(stream) => stream.deregister(registry),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.inner_mut().deregister(registry),
        }
    }
}
