//! Going on where another program was.

use std::io;
use std::iter::Peekable;
use std::mem;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;
use std::vec;

use log::{info, warn};
use mio::{Interest, Registry, Token};

use super::Reactor;
use super::keeper::Keeper;
use crate::config::ServerConfig;
use crate::message::Now;
use crate::net::backup::restore_waiting;
use crate::net::handover::SocketHandover;
use crate::net::inherited::Inherited;
use crate::net::listener::Listener;
use crate::net::proxy::Proxies;
use crate::net::tls::Tls;
use crate::net::upgrade::{Handover, Legacy, Program};
use crate::net::web::{Socket, Web};
use crate::server::Server;

/// A legacy and its state, until the reactor runs.
#[derive(Debug)]
pub(super) struct Taken {
    legacy: Legacy,
    handed: Handover,
    program: Program,
}

impl Reactor {
    /// Goes on where another program was: `legacy` is from it, and goes back to it if that is not possible. `args` mean
    /// `config`. `program` is the one that may take over from this one in turn. Returns an error only if neither can go on.
    pub(in crate::net) fn take_over(
        config: ServerConfig,
        args: &[String],
        mut legacy: Legacy,
        program: Program,
    ) -> io::Result<Self> {
        match take_listeners(config, args, &mut legacy) {
            Ok((mut reactor, handed)) => {
                reactor.upgrade_to(program.clone());
                reactor.upgrading.taken = Some(Box::new(Taken { legacy, handed, program }));
                Ok(reactor)
            }
            Err(why) => Err(legacy.give_back(&program, &why)),
        }
    }

    /// Removes socket files in the end, now that no other program needs them.
    pub(super) fn own_files(&mut self) {
        self.listeners.iter_mut().chain(&mut self.metrics_listeners).for_each(Listener::own_file);
    }

    /// Sets which program takes over after SIGUSR2.
    pub fn upgrade_to(&mut self, program: Program) {
        self.upgrading.program = Some(program);
    }
}

/// Shows that a program with this config could take over: it could read the state, and everything in it is right.
pub(in crate::net) fn rehearse(config: &ServerConfig, state: &[u8]) -> Result<(), String> {
    let now = Now::read();
    let handed = Handover::decode(state, now.instant)?;
    Keeper::rehearse(config)?;
    #[cfg(feature = "cluster")]
    if config.cluster.broker.is_some() {
        return Err("a server becomes a node of a cluster by a restart, see --cluster".into());
    }
    if handed.is_without_users() {
        return Ok(());
    }
    let web = Web::new(config);
    let (stand_in, _) = UnixStream::pair().map_err(|error| error.to_string())?;
    let mut sockets = handed.sockets.into_iter();
    Server::take_over(config, &handed.server.0, now, |wanted| {
        let (_, handed) = sockets.find(|(key, _)| *key == wanted as u64)?;
        let handed = SocketHandover { is_unix: true, ..handed };
        <Socket>::take_over(stand_in.try_clone().ok()?.into(), handed, &web).ok()
    })
    .map(|_| ())
}

fn take_listeners(
    config: ServerConfig,
    args: &[String],
    legacy: &mut Legacy,
) -> Result<(Reactor, Handover), String> {
    let state = legacy.state().map_err(|error| format!("the state cannot be read: {error}"))?;
    let handed = Handover::decode(&state, Instant::now())?;
    if handed.descriptors() != legacy.sockets().len() {
        return Err("the number of descriptors is not that in the state".into());
    }
    let listeners = handed.listeners.iter().cloned().zip(legacy.sockets()).map(|(listener, descriptor)| {
        // A duplicate: the descriptor itself may have to go back.
        Ok((descriptor.try_clone()?, listener))
    });
    let inherited = listeners.collect::<io::Result<_>>().and_then(Inherited::handed);
    let inherited = inherited.map_err(|error| format!("the listeners: {error}"))?;
    // The earlier program goes on with what it had: whatever kept the newer one from restoring could end the server.
    let restores = handed.is_without_users() && !legacy.has_come_back();
    let config = if restores { restore_waiting(config, args)? } else { config };
    let reactor = Reactor::bind_or_inherit(config, inherited).map_err(|error| error.to_string())?;
    if reactor.listeners.is_empty() {
        return Err("no address to listen on is left".into());
    }
    Ok((reactor, handed))
}

/// The parts of a running server that take over something of their own.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) registry: &'a Registry,
    pub(super) tls: Option<&'a mut Tls>,
    pub(super) web: &'a Web,
    pub(super) proxies: &'a mut Proxies,
}

impl Taken {
    /// The server that was handed over. Returns an error only if neither this program nor that before can go on.
    pub(super) fn server(
        self,
        config: &ServerConfig,
        parts: &mut Parts<'_>,
        now: Now,
    ) -> io::Result<Server<Socket>> {
        let Self { legacy, mut handed, program } = self;
        if let (Some(tls), Some(tickets)) = (&mut parts.tls, handed.tickets.take()) {
            tls.take_over(tickets);
        }
        if handed.is_without_users() {
            info!("took over from parlord {}, without its users", handed.program);
            return Ok(Server::new(config, now));
        }
        let mut sockets = Sockets::new(handed.sockets, handed.listeners.len(), legacy);
        let (registry, web) = (parts.registry, parts.web);
        let server = Server::take_over(config, &handed.server.0, now, |key| sockets.take(key, registry, web));
        let server = match server {
            Ok(server) => server,
            Err(why) => {
                let why = match sockets.legacy {
                    Some(legacy) => legacy.give_back(&program, &why),
                    None => io::Error::other(why),
                };
                return Err(why);
            }
        };
        let waiting = sockets.into_others().into_iter().zip(handed.waiting);
        parts.proxies.take_over(waiting.collect(), registry);
        info!("took over {} connections from parlord {}", server.connections(), handed.program);
        Ok(server)
    }
}

/// The sockets of connections, in the order of their keys.
struct Sockets {
    handed: Vec<(u64, SocketHandover)>,
    listeners: usize,
    /// Until the first socket is taken.
    legacy: Option<Legacy>,
    left: Peekable<vec::IntoIter<((u64, SocketHandover), OwnedFd)>>,
    /// The descriptors of others.
    others: Vec<OwnedFd>,
}

impl Sockets {
    fn new(handed: Vec<(u64, SocketHandover)>, listeners: usize, legacy: Legacy) -> Self {
        let left = Vec::new().into_iter().peekable();
        Self { handed, listeners, legacy: Some(legacy), left, others: Vec::new() }
    }

    /// Takes the descriptors. After this, nothing can be given back.
    fn unpack(&mut self) {
        let Some(legacy) = self.legacy.take() else { return };
        let mut descriptors = legacy.into_sockets().into_iter().skip(self.listeners);
        let left: Vec<_> = mem::take(&mut self.handed).into_iter().zip(descriptors.by_ref()).collect();
        self.left = left.into_iter().peekable();
        self.others = descriptors.collect();
    }

    /// The descriptors behind those of connections.
    fn into_others(mut self) -> Vec<OwnedFd> {
        self.unpack();
        self.others
    }

    /// The socket of the connection `wanted`, polled under its key.
    fn take(&mut self, wanted: usize, registry: &Registry, web: &Web) -> Option<Socket> {
        self.unpack();
        while self.left.next_if(|((key, _), _)| *key < wanted as u64).is_some() {}
        let ((_, handed), descriptor) = self.left.next_if(|((key, _), _)| *key == wanted as u64)?;
        let polled = <Socket>::take_over(descriptor, handed, web).and_then(|mut socket| {
            registry.register(&mut socket, Token(wanted), Interest::READABLE | Interest::WRITABLE)?;
            Ok(socket)
        });
        polled.inspect_err(|error| warn!("the connection {wanted} is lost: {error}")).ok()
    }
}
