//! Listening sockets: readiness, pauses, and the classification of errors.

mod binding;
mod errors;
#[cfg(feature = "upgrade")]
mod handover;

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
#[cfg(feature = "upgrade")]
pub(super) use handover::{ListenerHandover, Purpose};

/// How long accepting pauses when the system lacks descriptors or memory, unless a connection leaves.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Listener {
    kind: Kind,
    address: Address,
    /// The address in the config; `None` if a service manager passed the socket.
    #[cfg(feature = "upgrade")]
    wanted: Option<Address>,
    pub(super) is_tls: bool,
    /// A newcomer may be waiting. The system reports readiness only once.
    is_ready: bool,
    /// Accept nothing before this time, unless a connection leaves: the system lacked resources.
    paused_until: Option<Instant>,
}

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        /// Held so that it is removed on drop; `None` for an inherited socket.
        #[cfg_attr(not(feature = "upgrade"), allow(dead_code))]
        file: Option<SocketFile>,
    },
}

#[derive(Debug)]
pub(super) enum Arrival {
    Newcomer(Plain, Peer),
    Nobody,
    /// A newcomer left before it was accepted.
    Gone(io::Error),
    /// No descriptor is free. The system reports this even when nobody waits.
    NoDescriptor(io::Error),
    /// The system cannot accept anybody now.
    Failed(io::Error),
}

impl Listener {
    /// Listens at every address that `address` resolves to.
    pub(super) fn bind(address: &Address) -> io::Result<Vec<Self>> {
        let bound: Vec<_> = match address {
            Address::Tcp { host, port } => {
                let bound = bind_tcp(host, *port)?.into_iter();
                bound.map(|(listener, address)| Self::new(Kind::Tcp(listener), address)).collect()
            }
            Address::Unix(path) => {
                let (listener, file) = bind_unix(path)?;
                vec![Self::new(Kind::Unix { listener, file: Some(file) }, address.clone())]
            }
        };
        #[cfg(feature = "upgrade")]
        let bound = bound.into_iter().map(|bound| Self { wanted: Some(address.clone()), ..bound }).collect();
        Ok(bound)
    }

    /// Takes over an inherited TCP socket. Fails when it does not listen.
    pub(super) fn inherit_tcp(listener: StdTcpListener) -> io::Result<Self> {
        adopt(&listener)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener);
        keep_alive(&listener);
        let address = tcp_address(&listener)?;
        Ok(Self::new(Kind::Tcp(listener), address))
    }

    /// Takes over an inherited Unix socket, whose file stays with its owner. Fails when it does not listen.
    pub(super) fn inherit_unix(listener: StdUnixListener) -> io::Result<Self> {
        adopt(&listener)?;
        listener.set_nonblocking(true)?;
        // A Linux abstract socket has no path to show.
        let path = listener.local_addr()?.as_pathname().unwrap_or(Path::new("?")).to_owned();
        let kind = Kind::Unix { listener: UnixListener::from_std(listener), file: None };
        Ok(Self::new(kind, Address::Unix(path)))
    }

    fn new(kind: Kind, address: Address) -> Self {
        Self {
            kind,
            address,
            #[cfg(feature = "upgrade")]
            wanted: None,
            is_tls: false,
            is_ready: false,
            paused_until: None,
        }
    }

    pub(super) fn with_tls(self, is_tls: bool) -> Self {
        Self { is_tls, ..self }
    }

    /// The address, with the port that the system chose.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    pub(super) fn source(&mut self) -> &mut dyn Source {
        match &mut self.kind {
            Kind::Tcp(listener) => listener,
            Kind::Unix { listener, .. } => listener,
        }
    }

    pub(super) fn set_ready(&mut self) {
        self.is_ready = true;
    }

    /// True when a newcomer may be waiting and accepting does not pause.
    pub(super) fn is_accepting(&self) -> bool {
        self.is_ready && self.paused_until.is_none()
    }

    pub(super) fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }

    pub(super) fn expire(&mut self, now: Instant) {
        self.paused_until = self.paused_until.filter(|&until| until > now);
    }

    /// Pauses accepting: the system lacks descriptors or memory.
    pub(super) fn pause(&mut self, now: Instant) {
        self.paused_until = Some(now + PAUSE);
    }

    /// Ends a pause: what was missing may be free again.
    pub(super) fn end_pause(&mut self) {
        self.paused_until = None;
    }

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
                // The server already batches output, so Nagle's algorithm would only delay it. This fails for a peer
                // that has left, which reading reports.
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
