//! A blocking socket, TCP or Unix, and how it connects.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_setfd, retry_on_intr};
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, connect, socket};

use crate::address::Address;

/// Why there is no connection to a server.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The server's name cannot be resolved.
    Lookup(io::Error),
    /// The server cannot be reached, or the socket cannot be prepared.
    Socket(io::Error),
}

impl ConnectError {
    /// The error of the system.
    pub(crate) fn system_error(&self) -> &io::Error {
        match self {
            Self::Lookup(error) | Self::Socket(error) => error,
        }
    }
}

/// A TCP or Unix socket that blocks, up to its timeouts.
#[derive(Debug)]
pub(crate) enum BlockingSocket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl BlockingSocket {
    /// Connects to the first of the addresses behind `server` that answers, within `timeout` each.
    pub(crate) fn connect(server: &Address, timeout: Duration) -> Result<Self, ConnectError> {
        let (host, port) = match server {
            Address::Unix(path) => {
                return connect_unix(path, timeout).map(Self::Unix).map_err(ConnectError::Socket);
            }
            Address::Tcp { host, port } => (host.as_str(), *port),
        };
        let addresses = (host, port).to_socket_addrs().map_err(ConnectError::Lookup)?;
        let mut failure = io::Error::new(ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            let stream = TcpStream::connect_timeout(&address, timeout);
            match stream.and_then(|stream| stream.set_nodelay(true).map(|()| stream)) {
                Ok(stream) => return Ok(Self::Tcp(stream)),
                Err(error) => failure = error,
            }
        }
        Err(ConnectError::Socket(failure))
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
        }
    }

    /// True if what is sent does not leave this machine.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback()),
            Self::Unix(_) => true,
        }
    }

    pub(crate) fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(timeout),
            Self::Unix(stream) => stream.set_read_timeout(timeout),
        }
    }

    pub(crate) fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_write_timeout(timeout),
            Self::Unix(stream) => stream.set_write_timeout(timeout),
        }
    }

    /// Shuts down one side, or both.
    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
        }
    }
}

/// True if a read that failed can be repeated: it timed out, or a signal interrupted it.
pub(crate) fn is_retry(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// Connects within `timeout`. The standard library would block for ever while the backlog of the server is full.
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

impl Read for BlockingSocket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for BlockingSocket {
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

/// Reads from a socket, and sets its timeout only when that changes.
#[derive(Debug)]
pub(crate) struct TimedReader {
    socket: BlockingSocket,
    timeout: Option<Duration>,
}

impl TimedReader {
    pub(crate) fn new(socket: BlockingSocket) -> Self {
        Self { socket, timeout: None }
    }

    /// Reads once, and waits for at most `timeout`, which is not zero.
    pub(crate) fn read(&mut self, bytes: &mut [u8], timeout: Duration) -> io::Result<usize> {
        if self.timeout != Some(timeout) {
            self.socket.set_read_timeout(Some(timeout))?;
            self.timeout = Some(timeout);
        }
        self.socket.read(bytes)
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::{bind, listen};

    use super::*;

    // Elsewhere a full queue refuses newcomers at once.
    #[cfg(target_os = "linux")]
    #[test]
    fn connecting_to_a_unix_socket_with_a_full_backlog_times_out() {
        let path = std::env::temp_dir().join(format!("parlor-queue-{}", std::process::id()));
        let server = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        bind(&server, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        listen(&server, 0).unwrap();
        let at = Address::Unix(path.clone());
        let mut waiting = Vec::new();
        let failure = loop {
            match BlockingSocket::connect(&at, Duration::from_millis(10)) {
                Ok(stream) => waiting.push(stream),
                Err(error) => break error,
            }
        };
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(failure, ConnectError::Socket(error) if error.kind() == ErrorKind::TimedOut));
        assert!(!waiting.is_empty());
    }
}
