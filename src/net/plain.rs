//! Accepted sockets.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
#[cfg(feature = "upgrade")]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use mio::event::Source;
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
use rustix::net::{RecvFlags, recv};

use crate::server::Stream;

/// A socket without TLS.
#[derive(Debug)]
pub enum Plain {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Plain {
    /// Copies available bytes into `buffer` without removing them from the socket. Returns their number; 0 at the end
    /// of input.
    pub(super) fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let peeked = rustix::io::retry_on_intr(|| match self {
            Self::Tcp(stream) => recv(stream, &mut *buffer, RecvFlags::PEEK),
            Self::Unix(stream) => recv(stream, &mut *buffer, RecvFlags::PEEK),
        });
        Ok(peeked.map(|(count, _)| count)?)
    }

    /// The descriptor, and whether it is a Unix socket.
    #[cfg(feature = "upgrade")]
    pub(super) fn descriptor(&self) -> (BorrowedFd<'_>, bool) {
        match self {
            Self::Tcp(stream) => (stream.as_fd(), false),
            Self::Unix(stream) => (stream.as_fd(), true),
        }
    }

    /// Takes a connected socket of another program.
    #[cfg(feature = "upgrade")]
    pub(super) fn adopt(descriptor: OwnedFd, is_unix: bool) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&descriptor, true)?;
        Ok(if is_unix {
            Self::Unix(UnixStream::from_std(descriptor.into()))
        } else {
            Self::Tcp(TcpStream::from_std(descriptor.into()))
        })
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(stream) => stream,
            Self::Unix(stream) => stream,
        }
    }
}

impl Stream for Plain {
    fn shutdown_write(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}

impl Read for Plain {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Plain {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(buffer),
            Self::Unix(stream) => stream.write(buffer),
        }
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write_vectored(buffers),
            Self::Unix(stream) => stream.write_vectored(buffers),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Source for Plain {
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
