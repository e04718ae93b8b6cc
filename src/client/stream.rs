//! A blocking socket of either kind.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd, retry_on_intr};
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};

use super::error::Error;
use crate::address::Address;

#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Connects to the first of the addresses behind `server` that answers, within `timeout` each.
    pub(super) fn connect(server: &Address, timeout: Duration) -> Result<Self, Error> {
        let failed = |error| Error::Connect { server: server.clone(), error };
        let (host, port) = match server {
            Address::Unix(path) => return connect_unix(path, timeout).map(Self::Unix).map_err(failed),
            Address::Tcp { host, port } => (host.as_str(), *port),
        };
        let addresses = (host, port).to_socket_addrs();
        let addresses = addresses.map_err(|error| Error::Lookup { server: server.clone(), error })?;
        let mut failure = io::Error::new(ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            let stream = TcpStream::connect_timeout(&address, timeout);
            match stream.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
                Ok(stream) => return Ok(Self::Tcp(stream)),
                Err(error) => failure = error,
            }
        }
        Err(failed(failure))
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
        }
    }

    pub(super) fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(timeout),
            Self::Unix(stream) => stream.set_read_timeout(timeout),
        }
    }

    pub(super) fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_write_timeout(timeout),
            Self::Unix(stream) => stream.set_write_timeout(timeout),
        }
    }

    /// Ends one side, or both.
    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
        }
    }
}

/// A server that has stopped accepting keeps newcomers waiting, as soon as its queue is full; the standard library
/// would wait for ever.
fn connect_unix(path: &Path, timeout: Duration) -> io::Result<UnixStream> {
    let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    sockopt::set_socket_timeout(&socket, Timeout::Send, Some(timeout))?;
    let address = SocketAddrUnix::new(path)?;
    match retry_on_intr(|| connect(&socket, &address)).map_err(io::Error::from) {
        Ok(()) => Ok(UnixStream::from(socket)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(ErrorKind::TimedOut.into()),
        Err(error) => Err(error),
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(buffer),
            Self::Unix(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::{bind, listen};

    use super::*;

    // Elsewhere a full queue refuses newcomers at once.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_unix_socket_whose_queue_is_full_does_not_keep_us_for_ever() {
        let path = std::env::temp_dir().join(format!("parlor-queue-{}", std::process::id()));
        let server = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        bind(&server, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        listen(&server, 0).unwrap();
        let at = Address::Unix(path.clone());
        let mut waiting = Vec::new();
        let failure = loop {
            match Stream::connect(&at, Duration::from_millis(10)) {
                Ok(stream) => waiting.push(stream),
                Err(error) => break error,
            }
        };
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(failure, Error::Connect { error, .. } if error.kind() == ErrorKind::TimedOut));
        assert!(!waiting.is_empty());
    }
}
