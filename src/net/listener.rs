//! Sockets that wait for newcomers.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener as StdTcpListener, ToSocketAddrs};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use log::warn;
use mio::event::Source;
use mio::net::{TcpListener, UnixListener, UnixStream};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::{self, AddressFamily, SocketType, sockopt};

use super::plain::Plain;
use crate::address::Address;
use crate::message::Peer;

/// After this much silence the kernel asks a peer for a sign of life, so that a machine that lost its power does
/// not keep its name for ever.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(120);
/// How long between two such questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// How many of them go unanswered before the connection is lost.
const KEEPALIVE_PROBES: u32 = 4;

/// How many newcomers may wait to be accepted, where the system lets that many (Linux: `net.core.somaxconn`). A
/// whole room comes back at once when a network does.
const BACKLOG: i32 = 4096;

/// A listening socket.
#[derive(Debug)]
pub(super) struct Listener {
    kind: Kind,
    address: Address,
    /// Whoever comes here speaks TLS.
    pub(super) is_tls: bool,
    /// There may be somebody to accept. Readiness is told only once.
    pub(super) ready: bool,
    /// The system had nothing left for a newcomer: not before this time again, unless a connection leaves.
    pub(super) paused_until: Option<Instant>,
}

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        /// Held for its end; none where the file is somebody else's.
        _file: Option<SocketFile>,
    },
}

/// The file of a Unix socket, removed with it.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Device and inode, so that the file of somebody who came after is left alone.
    identity: (u64, u64),
}

impl Listener {
    /// Listens at every address that `address` stands for.
    pub(super) fn bind(address: &Address) -> io::Result<Vec<Self>> {
        match address {
            Address::Tcp { host, port } => bind_tcp(host, *port),
            Address::Unix(path) => Ok(vec![Self::new(bind_unix(path)?, address.clone())]),
        }
    }

    /// Listens at a socket that somebody else opened. Fails when it does not listen.
    pub(super) fn inherit_tcp(listener: StdTcpListener) -> io::Result<Self> {
        adopt(&listener)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener);
        keep_alive(&listener);
        let address = tcp_address(&listener)?;
        Ok(Self::new(Kind::Tcp(listener), address))
    }

    /// Listens at a socket that somebody else opened, and whose file is theirs. Fails when it does not listen.
    pub(super) fn inherit_unix(listener: StdUnixListener) -> io::Result<Self> {
        adopt(&listener)?;
        listener.set_nonblocking(true)?;
        // One without a file, as Linux has them, is listened at as well, and has no address that could be told.
        let path = listener.local_addr()?.as_pathname().unwrap_or(Path::new("?")).to_owned();
        let kind = Kind::Unix { listener: UnixListener::from_std(listener), _file: None };
        Ok(Self::new(kind, Address::Unix(path)))
    }

    fn new(kind: Kind, address: Address) -> Self {
        Self { kind, address, is_tls: false, ready: false, paused_until: None }
    }

    /// The same, where newcomers speak TLS or do not.
    pub(super) fn with_tls(self, is_tls: bool) -> Self {
        Self { is_tls, ..self }
    }

    /// Where this listens, with the port that the system gave.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// What to register for readiness.
    pub(super) fn source(&mut self) -> &mut dyn Source {
        match &mut self.kind {
            Kind::Tcp(listener) => listener,
            Kind::Unix { listener, .. } => listener,
        }
    }

    /// Takes the next newcomer.
    pub(super) fn accept(&self) -> io::Result<(Plain, Peer)> {
        match &self.kind {
            Kind::Tcp(listener) => {
                let (stream, mut address) = listener.accept()?;
                // The turn gathers what is to be sent; Nagle's algorithm would only delay it. It fails for a
                // peer that is gone already, which reading will find out.
                stream.set_nodelay(true).ok();
                address.set_ip(address.ip().to_canonical());
                Ok((Plain::Tcp(stream), Peer::from(address)))
            }
            Kind::Unix { listener, .. } => {
                let (stream, _) = listener.accept()?;
                Ok((Plain::Unix(stream), Peer::Unix))
            }
        }
    }
}

/// Has a socket listen as ours do. Fails when it does not listen yet: then it is not meant to.
fn adopt(listener: &impl AsFd) -> io::Result<()> {
    // On these the system cannot tell.
    #[cfg(not(target_vendor = "apple"))]
    if !sockopt::socket_acceptconn(listener)? {
        return Err(io::Error::new(ErrorKind::InvalidInput, "the socket does not listen"));
    }
    // A socket may listen again, with a longer queue.
    Ok(net::listen(listener, BACKLOG)?)
}

fn tcp_address(listener: &TcpListener) -> io::Result<Address> {
    let at = listener.local_addr()?;
    Ok(Address::Tcp { host: at.ip().to_string(), port: at.port() })
}

fn bind_tcp(host: &str, port: u16) -> io::Result<Vec<Listener>> {
    let mut bound = Vec::new();
    let mut failure = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match listen_tcp(address) {
            Ok(listener) => {
                keep_alive(&listener);
                let address = tcp_address(&listener)?;
                bound.push(Listener::new(Kind::Tcp(listener), address));
            }
            // `localhost` may stand for an IPv6 address on a machine without IPv6.
            Err(error) if is_not_available(&error) => failure = error,
            Err(error) => return Err(error),
        }
    }
    if bound.is_empty() { Err(failure) } else { Ok(bound) }
}

/// One socket for one address. An IPv6 one takes IPv6 alone, so that the same port of IPv4 can be given as well;
/// the system would have it otherwise, and only before the socket is bound.
fn listen_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let socket = net::socket(family, SocketType::STREAM, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    // Connections of the server before, which wait for late packets, do not keep the port.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    net::bind(&socket, &address)?;
    net::listen(&socket, BACKLOG)?;
    let listener = StdTcpListener::from(socket);
    listener.set_nonblocking(true)?;
    Ok(TcpListener::from_std(listener))
}

/// True where the machine does not have the address, or the whole family.
fn is_not_available(error: &io::Error) -> bool {
    error.kind() == ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(Errno::AFNOSUPPORT.raw_os_error())
}

/// Accepted sockets inherit this. Where the system does not know one of the options, its own value stands.
fn keep_alive(listener: &TcpListener) {
    let set = sockopt::set_socket_keepalive(listener, true)
        .and_then(|()| sockopt::set_tcp_keepidle(listener, KEEPALIVE_IDLE))
        .and_then(|()| sockopt::set_tcp_keepintvl(listener, KEEPALIVE_INTERVAL))
        .and_then(|()| sockopt::set_tcp_keepcnt(listener, KEEPALIVE_PROBES));
    if let Err(error) = set {
        warn!("vanished peers are noticed late: keep-alive: {error}");
    }
}

fn bind_unix(path: &Path) -> io::Result<Kind> {
    let listener = match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            remove_leftover(path)?;
            UnixListener::bind(path)?
        }
        other => other?,
    };
    // A socket may listen again, with a longer queue.
    net::listen(&listener, BACKLOG)?;
    let identity = identity(path)?;
    Ok(Kind::Unix { listener, _file: Some(SocketFile { path: path.to_owned(), identity }) })
}

/// Removes the socket file of a server that is gone. Fails when it is not a socket, or somebody serves it.
fn remove_leftover(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::Error::new(ErrorKind::AlreadyExists, "the file exists and is not a socket"));
    }
    // Non-blocking: a live server with a long queue must not hold us up.
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

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|now| now == self.identity)
            && let Err(error) = fs::remove_file(&self.path)
        {
            warn!("{}: {error}", self.path.display());
        }
    }
}
