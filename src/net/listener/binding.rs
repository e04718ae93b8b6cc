//! Creates listening sockets.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener as StdTcpListener, ToSocketAddrs};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use log::warn;
use mio::net::{TcpListener, UnixListener, UnixStream};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::{self, AddressFamily, SocketType, sockopt};

use crate::address::Address;

/// Silence after which the kernel probes a peer, so that a machine that lost power does not keep its name for ever.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(120);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// Unanswered probes after which the connection is lost.
const KEEPALIVE_PROBES: u32 = 4;

/// Length of the accept queue, if the system allows it (Linux: `net.core.somaxconn`). When a network comes back, all of
/// its users reconnect at once.
const BACKLOG: i32 = 4096;

/// The file of a Unix socket, removed when this is dropped.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode, so that the file of a later server is left in place.
    identity: (u64, u64),
    /// The program that handed it over may still need it.
    #[cfg(feature = "upgrade")]
    is_needed: bool,
}

/// Gives an inherited socket our backlog. Fails when it does not listen yet: then it is not a listener.
pub(super) fn adopt(listener: &impl AsFd) -> io::Result<()> {
    // Apple systems cannot tell.
    #[cfg(not(target_vendor = "apple"))]
    if !sockopt::socket_acceptconn(listener)? {
        return Err(io::Error::new(ErrorKind::InvalidInput, "the socket does not listen"));
    }
    // Calling listen(2) again changes the backlog.
    Ok(net::listen(listener, BACKLOG)?)
}

pub(super) fn tcp_address(listener: &TcpListener) -> io::Result<Address> {
    let at = listener.local_addr()?;
    Ok(Address::Tcp { host: at.ip().to_string(), port: at.port() })
}

/// Listens at every address of `host`, and returns the addresses.
pub(super) fn bind_tcp(host: &str, port: u16) -> io::Result<Vec<(TcpListener, Address)>> {
    let mut bound = Vec::new();
    let mut failure = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match listen_tcp(address) {
            Ok(listener) => {
                keep_alive(&listener);
                let address = tcp_address(&listener)?;
                bound.push((listener, address));
            }
            // `localhost` may stand for an IPv6 address on a machine without IPv6.
            Err(error) if is_not_available(&error) => failure = error,
            Err(error) => return Err(error),
        }
    }
    if bound.is_empty() { Err(failure) } else { Ok(bound) }
}

/// Listens at one address. An IPv6 socket accepts only IPv6, so that the same port of IPv4 can be bound as well; the
/// system's default differs, and can be changed only before binding.
fn listen_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let socket = net::socket(family, SocketType::STREAM, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    // Connections of an earlier server in TIME_WAIT do not block the port.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    net::bind(&socket, &address)?;
    net::listen(&socket, BACKLOG)?;
    let listener = StdTcpListener::from(socket);
    listener.set_nonblocking(true)?;
    Ok(TcpListener::from_std(listener))
}

/// True when the machine lacks the address or its whole family.
fn is_not_available(error: &io::Error) -> bool {
    error.kind() == ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(Errno::AFNOSUPPORT.raw_os_error())
}

/// Accepted sockets inherit this. An option that the system does not know keeps its default.
pub(super) fn keep_alive(listener: &TcpListener) {
    let set = sockopt::set_socket_keepalive(listener, true)
        .and_then(|()| sockopt::set_tcp_keepidle(listener, KEEPALIVE_IDLE))
        .and_then(|()| sockopt::set_tcp_keepintvl(listener, KEEPALIVE_INTERVAL))
        .and_then(|()| sockopt::set_tcp_keepcnt(listener, KEEPALIVE_PROBES));
    if let Err(error) = set {
        warn!("cannot set keep-alive, so vanished peers are noticed late: {error}");
    }
}

/// Listens at `path`, and owns its file.
pub(super) fn bind_unix(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            remove_leftover(path)?;
            UnixListener::bind(path)?
        }
        other => other?,
    };
    // Calling listen(2) again changes the backlog.
    net::listen(&listener, BACKLOG)?;
    let identity = identity(path)?;
    let file = SocketFile {
        path: path.to_owned(),
        identity,
        #[cfg(feature = "upgrade")]
        is_needed: false,
    };
    Ok((listener, file))
}

/// Removes the socket file of a server that is gone. Fails when it is not a socket, or a server uses it.
fn remove_leftover(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::Error::new(ErrorKind::AlreadyExists, "the file exists and is not a socket"));
    }
    // Non-blocking: do not wait for a live server with a full backlog.
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        Ok(_) => Err(io::Error::new(ErrorKind::AddrInUse, "another server serves this socket")),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            Err(io::Error::new(ErrorKind::AddrInUse, "another server serves this socket"))
        }
        Err(error) => Err(error),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(feature = "upgrade")]
impl SocketFile {
    /// The device and the inode.
    pub(super) fn identity(&self) -> (u64, u64) {
        self.identity
    }

    /// The file of another program, which may still need it.
    pub(super) fn handed(path: &Path, identity: (u64, u64)) -> Self {
        Self { path: path.to_owned(), identity, is_needed: true }
    }

    /// Notes that the other program no longer needs it.
    pub(super) fn own(&mut self) {
        self.is_needed = false;
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        #[cfg(feature = "upgrade")]
        if self.is_needed {
            return;
        }
        if identity(&self.path).is_ok_and(|now| now == self.identity)
            && let Err(error) = fs::remove_file(&self.path)
        {
            warn!("{}: {error}", self.path.display());
        }
    }
}
