//! Accepting newcomers, within a budget and without free descriptors.
//!
//! When descriptors run out, the next newcomer gets the reserve and is told that the server is full. Then accepting
//! pauses until a connection has left, or for a second, in case another process freed a descriptor. The first free
//! descriptor becomes the reserve again. So each newcomer is told, and the server does not retry in a busy loop.

use std::fmt;
use std::io;
use std::time::Duration;

use log::{Level, warn};
use mio::{Interest, Token};

use super::running::Running;
use crate::message::{CloseReason, Now, Peer};
use crate::net::listener::{Arrival, Listener};
use crate::net::newcomer::Newcomer;
use crate::net::transport::Transport;

const ACCEPT_BUDGET: usize = 256;

/// Least interval between log lines about pauses: peers that come and go could otherwise cause one each time.
const PAUSE_LOG_INTERVAL: Duration = Duration::from_secs(60);

impl Running {
    /// Accepts the newcomers that wait at a listener, unless it pauses or they would be closed at once.
    pub(super) fn accept(&mut self, n: usize, now: Now) {
        self.reactor.listeners[n].expire(now.instant);
        if !self.reactor.listeners[n].is_accepting() || self.reactor.upgrading.is_end() {
            return;
        }
        self.reserve.take_back();
        let mut failure = None;
        for _ in 0..ACCEPT_BUDGET {
            match self.next_newcomer(n) {
                Arrival::Newcomer(socket, peer) => {
                    failure = None;
                    let is_tls = self.reactor.listeners[n].is_tls;
                    self.greet(Newcomer { socket, peer, is_tls, is_shared: false }, now);
                }
                Arrival::Nobody => return,
                Arrival::Gone(error) => failure = Some(error),
                Arrival::NoDescriptor(error) | Arrival::Failed(error) => return self.pause(n, &error, now),
            }
        }
        // A whole budget of newcomers does not fail for reasons of their own.
        if let Some(error) = failure {
            self.pause(n, &error, now);
        }
    }

    /// Accepts the next newcomer, with the reserve descriptor if there is no other.
    fn next_newcomer(&mut self, n: usize) -> Arrival {
        let listener = &mut self.reactor.listeners[n];
        match listener.accept() {
            Arrival::NoDescriptor(_) if self.reserve.lend() => {
                let arrival = listener.accept();
                if !matches!(arrival, Arrival::Newcomer(..)) {
                    self.reserve.take_back();
                }
                arrival
            }
            other => other,
        }
    }

    /// Gives a newcomer to the server, after its PROXY header or HTTP request if it must send one. While the reserve is lent, no header
    /// is awaited.
    fn greet(&mut self, newcomer: Newcomer, now: Now) {
        if self.reserve.is_lent() || !self.proxies.must_tell(newcomer.peer) {
            return self.welcome(newcomer, now);
        }
        if let Some(newcomer) =
            self.proxies.take(newcomer, self.reactor.poll.registry(), now.instant, self.server.peer_log())
        {
            self.welcome(newcomer, now);
        }
    }

    /// Handles readiness of a newcomer whose header is awaited.
    pub(super) fn proxied(&mut self, token: Token, now: Now) {
        if let Some(newcomer) =
            self.proxies.ready(token, self.reactor.poll.registry(), now.instant, self.server.peer_log())
        {
            self.welcome(newcomer, now);
        }
    }

    /// Gives a newcomer to the server; while the reserve is lent, or the next server begins anew, only to be refused.
    fn welcome(&mut self, newcomer: Newcomer, now: Now) {
        let Newcomer { socket, peer, is_tls, is_shared } = newcomer;
        let wrapped = match (is_tls, &self.tls) {
            (false, _) => Ok(Transport::from(socket)),
            (true, Some(tls)) => tls.wrap(socket).map(Transport::from),
            (true, None) => Err(io::Error::other("there is no certificate")),
        };
        let mut socket = match wrapped {
            Ok(transport) => self.web.wrap(transport, is_shared),
            Err(error) => return self.log(Level::Warn, peer, now, format_args!("{peer}: no TLS: {error}")),
        };
        let token = Token(self.server.next_key());
        // Register once for both: events are edge-triggered, so interest in writability costs nothing until a write
        // would block.
        let interests = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.reactor.poll.registry().register(&mut socket, token, interests) {
            return self.log(Level::Warn, peer, now, format_args!("{peer}: cannot be polled: {error}"));
        }
        self.log(Level::Debug, peer, now, format_args!("{peer}: connected"));
        if self.reserve.is_lent() {
            let full = CloseReason::ServerFull(self.server.connections());
            self.server.turn_away(socket, peer, full, now);
        } else if let Some(reason) = self.reactor.upgrading.farewell() {
            // It was accepted before, and its header has come only now.
            self.server.turn_away(socket, peer, reason, now);
        } else {
            self.server.accept(socket, peer, now);
        }
    }

    fn log(&mut self, level: Level, peer: Peer, now: Now, line: fmt::Arguments<'_>) {
        self.server.peer_log().line(level, peer, now.instant, line);
    }

    fn pause(&mut self, n: usize, error: &io::Error, now: Now) {
        let listener = &mut self.reactor.listeners[n];
        listener.pause(now.instant);
        if self.pause_logged_at.is_none_or(|at| now.instant >= at + PAUSE_LOG_INTERVAL) {
            self.pause_logged_at = Some(now.instant);
            warn!("{}: accepting pauses now and then: {error}", listener.address());
        }
    }

    /// Ends pauses: connections that left may have freed what was missing.
    pub(super) fn end_pauses(&mut self) {
        self.reactor.listeners.iter_mut().for_each(Listener::end_pause);
    }
}
