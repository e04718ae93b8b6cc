//! The event loop: it polls, accepts, and passes readiness to the server. Nothing else reads the clock.

pub(super) mod accepting;
#[cfg_attr(feature = "store", path = "reactor/store_keeper.rs")]
#[cfg_attr(not(feature = "store"), path = "reactor/bans_keeper.rs")]
mod keeper;
#[cfg_attr(feature = "store", path = "reactor/storing.rs")]
mod keeping;
mod running;
#[cfg(feature = "upgrade")]
mod taking_over;
#[cfg_attr(not(feature = "upgrade"), path = "reactor/no_upgrading.rs")]
mod upgrading;
#[cfg_attr(not(feature = "cluster"), path = "reactor/no_uplink.rs")]
mod uplink;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use log::warn;
use mio::{Interest, Poll, Token, Waker};

use super::bind_error::BindError;
use super::inherited::Inherited;
use super::listener::Listener;
use super::metrics;
use super::service::Service;
use super::signals::Signals;
use super::tls;
use crate::address::Address;
use crate::config::{ConfigError, ServerConfig};
use keeper::Keeper;
#[cfg(feature = "upgrade")]
pub(super) use taking_over::rehearse;
use upgrading::Upgrading;
use uplink::Uplink;

/// The token of a connection is its key in the slab; these count down from the other end. The third is for rehearsals.
const WAKE: Token = Token(usize::MAX);
const SIGNALS: Token = Token(usize::MAX - 1);
const FIRST_LISTENER: usize = usize::MAX - 3;

type Read = Box<dyn FnMut() -> Result<ServerConfig, ConfigError> + Send>;

/// A server that listens, not yet running. It may be sent to another thread.
pub struct Reactor {
    poll: Poll,
    /// Empty once the server shuts down.
    listeners: Vec<Listener>,
    addresses: Vec<Address>,
    metrics_listeners: Vec<Listener>,
    signals: Option<Signals>,
    service: Service,
    /// The only waker: a poll has no more (mio, `Waker`).
    waker: Arc<Waker>,
    keeper: Keeper,
    uplink: Uplink,
    upgrading: Upgrading,
    is_told_to_stop: Arc<AtomicBool>,
    config: ServerConfig,
    read: Read,
}

/// Stops a [`Reactor`] from another thread.
#[derive(Clone, Debug)]
pub struct Stopper {
    waker: Arc<Waker>,
    is_told_to_stop: Arc<AtomicBool>,
}

impl Reactor {
    /// Listens at the addresses in `config`. Nobody is served before `run`.
    pub fn bind(config: ServerConfig) -> Result<Self, BindError> {
        Self::bind_or_inherit(config, Inherited::default())
    }

    /// Like `bind`, but inherited sockets replace those for `config.listen`, and inherited sockets named `tls` those
    /// for TLS.
    pub fn bind_or_inherit(config: ServerConfig, inherited: Inherited) -> Result<Self, BindError> {
        let system = |error: io::Error| {
            let error = io::Error::new(error.kind(), format!("cannot poll: {error}"));
            BindError { address: None, error }
        };
        let poll = Poll::new().map_err(system)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE).map_err(system)?);
        let keeper = Keeper::open(&config, &waker).map_err(|error| BindError { address: None, error })?;
        let uplink = Uplink::open(&config, &waker).map_err(|error| BindError { address: None, error })?;
        // After the store, whose memory is not spare.
        config
            .reserve_memory()
            .map_err(|error| BindError { address: None, error: io::Error::other(error) })?;
        let (plain, over_tls) = inherited.wanted(&config.listen, tls::addresses(&config));
        let (mut listeners, mut handed) = (inherited.listeners, inherited.handed);
        #[cfg(feature = "upgrade")]
        handed.close_others(plain, over_tls, metrics::address(&config));
        let wanted = plain.iter().map(|address| (address, false));
        for (address, is_tls) in wanted.chain(over_tls.iter().map(|address| (address, true))) {
            listeners.extend(handed.bind(address, is_tls)?);
        }
        for (n, listener) in listeners.iter_mut().enumerate() {
            let token = Token(FIRST_LISTENER - n);
            poll.registry().register(listener.source(), token, Interest::READABLE).map_err(system)?;
        }
        let addresses = listeners.iter().filter(|listener| !listener.is_tls);
        let addresses = addresses.map(|listener| listener.address().clone()).collect();
        let first = listeners.iter().find(|listener| listener.is_tls);
        match (first, tls::has_certificate(&config)) {
            (Some(listener), false) => {
                let error = io::Error::other("there is no certificate, see --tls-cert and --self-signed");
                return Err(BindError { address: Some(listener.address().clone()), error });
            }
            (None, true) => warn!("there is a certificate, but no address for TLS: see --tls-listen"),
            (Some(_), true) | (None, false) => {}
        }
        let metrics_listeners = metrics::bind(&config, &mut handed, poll.registry())?;
        let is_told_to_stop = Arc::default();
        let read: Read = Box::new(|| Err(ConfigError::new("there is no config to reload")));
        let (signals, service) = (None, Service::default());
        Ok(Self {
            poll,
            listeners,
            addresses,
            metrics_listeners,
            signals,
            service,
            waker,
            keeper,
            uplink,
            upgrading: Upgrading::default(),
            is_told_to_stop,
            config,
            read,
        })
    }

    /// The addresses of plain listeners, with the ports that the system chose.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The addresses of TLS listeners, with the ports that the system chose.
    pub fn tls_addresses(&self) -> impl Iterator<Item = &Address> {
        self.listeners.iter().filter(|listener| listener.is_tls).map(Listener::address)
    }

    /// The addresses at which Prometheus can read counters, if any.
    pub fn metrics_addresses(&self) -> impl Iterator<Item = &Address> {
        self.metrics_listeners.iter().map(Listener::address)
    }

    /// Heeds these signals: SIGTERM and SIGINT stop `run`, SIGHUP reloads the config, SIGUSR1 logs a report, SIGUSR2 lets
    /// a new program take over (feature `upgrade`).
    pub fn heed_signals(&mut self, mut signals: Signals) -> io::Result<()> {
        signals.register(self.poll.registry(), SIGNALS)?;
        self.signals = Some(signals);
        Ok(())
    }

    /// Reports the state of the server to the service manager from now on, if one started this process and asked for
    /// it.
    pub fn tell_service_manager(&mut self) {
        self.service = Service::from_env(Instant::now());
    }

    /// Sets how the config is read when a signal or an operator asks for a reload. A valid config takes effect as far
    /// as possible without a restart, an invalid one not at all. The loop waits meanwhile.
    pub fn reload_with(&mut self, read: impl FnMut() -> Result<ServerConfig, ConfigError> + Send + 'static) {
        self.read = Box::new(read);
    }

    /// Keeps history and bans in this database, for benches and tests.
    #[cfg(feature = "store")]
    pub fn keep_in(&mut self, database: impl crate::store::Database) -> io::Result<()> {
        self.keeper.replace(database, &self.waker)
    }

    /// A handle that stops `run`.
    pub fn stopper(&self) -> Stopper {
        let is_told_to_stop = Arc::clone(&self.is_told_to_stop);
        Stopper { waker: Arc::clone(&self.waker), is_told_to_stop }
    }

    /// The port to which plain IRC clients should move: set when both listeners are public, and clients can verify the
    /// certificate.
    fn public_tls_port(&self, config: &ServerConfig) -> Option<u16> {
        if !tls::is_vouched_for(config) {
            return None;
        }
        let mut plain = self.listeners.iter().filter(|listener| !listener.is_tls);
        let mut tls = self.listeners.iter().filter(|listener| listener.is_tls);
        plain.find_map(|listener| listener.address().public_port())?;
        tls.find_map(|listener| listener.address().public_port())
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Stopper {
    /// Stops the server in an orderly way, which takes at most 4 s.
    pub fn stop(&self) -> io::Result<()> {
        self.is_told_to_stop.store(true, Ordering::Release);
        self.waker.wake()
    }
}
