//! Counters for Prometheus: minimal HTTP in the same event loop. It serves a few connections at once, with a timeout
//! and a size limit each; others wait in the backlog.

mod request;
mod scrape;
mod text;

use std::ops::Range;
use std::time::{Duration, Instant};

use log::{Level, warn};
use mio::{Interest, Registry, Token};

use super::bind_error::BindError;
use super::handed::Handed;
use super::listener::{Arrival, Listener};
use super::plain::Plain;
#[cfg(feature = "upgrade")]
use crate::address::Address;
use crate::config::ServerConfig;
use crate::logging::PeerLog;
use crate::message::{Frame, Peer};
use crate::server::Report;
use scrape::Scrape;

const SCRAPES: usize = 8;

/// How long answers may take to be sent when the server shuts down.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Token range: above the keys of the server's connections, below its listeners. Connections first, then listeners.
const TOKENS: Range<usize> = 1 << 30..1 << 31;

#[derive(Debug)]
pub(super) struct Metrics {
    listeners: Vec<Listener>,
    scrapes: [Option<Scrape<Plain>>; SCRAPES],
}

/// Where `config` says that counters can be read, if anywhere.
#[cfg(feature = "upgrade")]
pub(super) fn address(config: &ServerConfig) -> Option<&Address> {
    config.metrics.as_ref()
}

/// Listens where `config` says, if anywhere.
pub(super) fn bind(
    config: &ServerConfig,
    handed: &mut Handed,
    registry: &Registry,
) -> Result<Vec<Listener>, BindError> {
    let Some(address) = &config.metrics else { return Ok(Vec::new()) };
    let failed = |error| BindError { address: Some(address.clone()), error };
    let mut listeners = handed.bind_for_metrics(address)?;
    for (n, listener) in listeners.iter_mut().enumerate() {
        let token = Token(TOKENS.start + SCRAPES + n);
        registry.register(listener.source(), token, Interest::READABLE).map_err(failed)?;
    }
    Ok(listeners)
}

impl Metrics {
    /// No connections yet; `listeners` come from `bind`.
    pub(super) fn new(listeners: Vec<Listener>) -> Self {
        Self { listeners, scrapes: Default::default() }
    }

    #[cfg(feature = "upgrade")]
    pub(super) fn listeners(&self) -> impl Iterator<Item = &Listener> {
        self.listeners.iter()
    }

    /// Notes readiness. False when `token` belongs to other parts.
    pub(super) fn ready(&mut self, token: Token) -> bool {
        let number = token.0.wrapping_sub(TOKENS.start);
        if let Some(slot) = self.scrapes.get_mut(number) {
            slot.iter_mut().for_each(|scrape| scrape.ready = true);
        } else if let Some(listener) = number.checked_sub(SCRAPES).and_then(|n| self.listeners.get_mut(n)) {
            listener.set_ready();
        }
        TOKENS.contains(&token.0)
    }

    /// True when a connection spent its budget, so the next turn must not wait for readiness.
    pub(super) fn has_unread(&self) -> bool {
        self.scrapes.iter().flatten().any(|scrape| scrape.ready)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let pauses = self.listeners.iter().filter_map(Listener::paused_until);
        pauses.chain(self.scrapes.iter().flatten().map(|scrape| scrape.until)).min()
    }

    /// Advances all connections. Those that ask in the same turn get the same report.
    pub(super) fn turn(&mut self, now: Instant, report: impl Fn() -> Report) {
        let mut told: Option<Frame> = None;
        let mut page = || Frame::clone(told.get_or_insert_with(|| text::text(&report()).into_bytes().into()));
        for slot in &mut self.scrapes {
            if slot.as_mut().is_some_and(|scrape| scrape.is_over(now, &mut page)) {
                *slot = None;
            }
        }
    }

    pub(super) fn accept(&mut self, registry: &Registry, now: Instant, log: &mut PeerLog) {
        for n in 0..self.listeners.len() {
            self.accept_from(n, registry, now, log);
        }
    }

    fn accept_from(&mut self, n: usize, registry: &Registry, now: Instant, log: &mut PeerLog) {
        self.listeners[n].expire(now);
        while self.listeners[n].is_accepting() {
            let Some(slot) = self.scrapes.iter().position(Option::is_none) else { return };
            match self.listeners[n].accept() {
                Arrival::Newcomer(socket, peer) => self.take(slot, socket, peer, registry, now, log),
                Arrival::Nobody | Arrival::Gone(_) => {}
                Arrival::NoDescriptor(error) | Arrival::Failed(error) => {
                    let listener = &mut self.listeners[n];
                    warn!("{}: accepting pauses for a second: {error}", listener.address());
                    listener.pause(now);
                }
            }
        }
    }

    fn take(
        &mut self,
        slot: usize,
        mut socket: Plain,
        peer: Peer,
        registry: &Registry,
        now: Instant,
        log: &mut PeerLog,
    ) {
        log.line(Level::Debug, peer, now, format_args!("{peer}: asks for metrics"));
        let interests = Interest::READABLE | Interest::WRITABLE;
        match registry.register(&mut socket, Token(TOKENS.start + slot), interests) {
            Ok(()) => self.scrapes[slot] = Some(Scrape::new(socket, now)),
            Err(error) => log.line(Level::Warn, peer, now, format_args!("{peer}: cannot be polled: {error}")),
        }
    }

    /// Accepts nobody any more. Answers under way are still sent.
    pub(super) fn stop(&mut self, now: Instant) {
        self.listeners.clear();
        for slot in &mut self.scrapes {
            *slot = slot.take().filter(|scrape| !scrape.is_asking());
            if let Some(scrape) = slot {
                scrape.until = scrape.until.min(now + STOP_TIMEOUT);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.scrapes.iter().all(Option::is_none)
    }
}
