//! Sockets that wait for newcomers: whether there are some, and what it means when they cannot be had.

mod binding;
mod errors;

use std::io::{self, ErrorKind};
use std::net::TcpListener as StdTcpListener;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use mio::event::Source;
use mio::net::{TcpListener, UnixListener};

use super::plain::Plain;
use crate::address::Address;
use crate::message::Peer;
use binding::{SocketFile, adopt, bind_tcp, bind_unix, keep_alive, tcp_address};
use errors::{is_newcomers_own, is_out_of_descriptors};

/// How long accepting pauses when the system has no descriptor or no memory left, unless a connection leaves.
const PAUSE: Duration = Duration::from_secs(1);

/// A listening socket.
#[derive(Debug)]
pub(super) struct Listener {
    kind: Kind,
    address: Address,
    /// Whoever comes here speaks TLS.
    pub(super) is_tls: bool,
    /// There may be somebody to accept. Readiness is told only once.
    is_ready: bool,
    /// The system had nothing left for a newcomer: not before this time again, unless a connection leaves.
    paused_until: Option<Instant>,
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

/// What came of accepting.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Somebody has come.
    Newcomer(Plain, Peer),
    /// Nobody waits.
    Nobody,
    /// Somebody had come, and left before we took it.
    Gone(io::Error),
    /// The system has no descriptor left. It says so also where nobody waits.
    NoDescriptor(io::Error),
    /// The system cannot give us anybody now.
    Failed(io::Error),
}

impl Listener {
    /// Listens at every address that `address` stands for.
    pub(super) fn bind(address: &Address) -> io::Result<Vec<Self>> {
        match address {
            Address::Tcp { host, port } => {
                let bound = bind_tcp(host, *port)?.into_iter();
                Ok(bound.map(|(listener, address)| Self::new(Kind::Tcp(listener), address)).collect())
            }
            Address::Unix(path) => {
                let (listener, file) = bind_unix(path)?;
                Ok(vec![Self::new(Kind::Unix { listener, _file: Some(file) }, address.clone())])
            }
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
        Self { kind, address, is_tls: false, is_ready: false, paused_until: None }
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

    /// Notes that somebody may be there to accept.
    pub(super) fn set_ready(&mut self) {
        self.is_ready = true;
    }

    /// True when somebody may be there to accept, and accepting does not pause.
    pub(super) fn is_accepting(&self) -> bool {
        self.is_ready && self.paused_until.is_none()
    }

    /// When a pause ends.
    pub(super) fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }

    /// Ends a pause that is over by `now`.
    pub(super) fn expire(&mut self, now: Instant) {
        self.paused_until = self.paused_until.filter(|&until| until > now);
    }

    /// Has accepting pause: the system has no descriptor or no memory left.
    pub(super) fn pause(&mut self, now: Instant) {
        self.paused_until = Some(now + PAUSE);
    }

    /// Ends a pause: what was missing may be there again.
    pub(super) fn end_pause(&mut self) {
        self.paused_until = None;
    }

    /// Takes the next newcomer.
    pub(super) fn accept(&mut self) -> Arrival {
        match self.take() {
            Ok((socket, peer)) => Arrival::Newcomer(socket, peer),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.is_ready = false;
                Arrival::Nobody
            }
            Err(error) if is_newcomers_own(&error) => Arrival::Gone(error),
            Err(error) if is_out_of_descriptors(&error) => Arrival::NoDescriptor(error),
            Err(error) => Arrival::Failed(error),
        }
    }

    fn take(&self) -> io::Result<(Plain, Peer)> {
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
