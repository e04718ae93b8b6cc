//! Newcomers behind proxies: their PROXY header, or the head of their first HTTP request, says which peer they speak
//! for. A bounded number waits here, for a bounded time, until it has arrived; then the server takes them as that peer.
//!
//! It is peeked at first, then exactly the bytes of a PROXY header are read: what follows, IRC or a TLS handshake, and
//! an HTTP request are still in the socket.

#[cfg(feature = "web")]
mod forwarded;
#[cfg(feature = "upgrade")]
mod handover;
mod header;
#[cfg_attr(not(feature = "web"), path = "no_http.rs")]
mod http;

use std::fmt;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::time::{Duration, Instant};

use log::Level;
use mio::{Interest, Registry, Token};
use slab::Slab;

use super::newcomer::Newcomer;
use crate::config::Proxy;
use crate::logging::PeerLog;
use crate::message::Peer;
#[cfg(feature = "upgrade")]
pub(super) use handover::WaitingHandover;
use header::{Malformed, Parsed};

const MOST_WAITING: usize = 1024;

const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// Token range: above those for metrics, and below the server's listeners.
const TOKENS: Range<usize> = 1 << 31..(1 << 31) + MOST_WAITING;

/// The trusted proxies, and newcomers whose header has not arrived.
#[derive(Debug)]
pub(super) struct Proxies {
    from: Vec<Proxy>,
    waiting: Slab<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    /// Until the header has arrived, `peer` is the proxy.
    newcomer: Newcomer,
    until: Instant,
}

impl Proxies {
    pub(super) fn new(from: &[Proxy]) -> Self {
        Self { from: from.to_vec(), waiting: Slab::new() }
    }

    pub(super) fn change(&mut self, from: &[Proxy]) {
        self.from = from.to_vec();
    }

    /// True when a newcomer from this peer must send a header.
    pub(super) fn must_tell(&self, newcomer: Peer) -> bool {
        has(&self.from, newcomer)
    }

    /// Takes a newcomer. Returns it with its real peer if its header has already arrived.
    pub(super) fn take(
        &mut self,
        mut newcomer: Newcomer,
        registry: &Registry,
        now: Instant,
        log: &mut PeerLog,
    ) -> Option<Newcomer> {
        let proxy = newcomer.peer;
        let mut log = |level, line: fmt::Arguments<'_>| log.line(level, proxy, now, line);
        // Most proxies send the header in the first packet.
        match look(&mut newcomer, &self.from, &mut log) {
            Look::Waits => {}
            Look::Told => return Some(newcomer),
            Look::Over => return None,
        }
        if self.waiting.len() == MOST_WAITING {
            log(
                Level::Warn,
                format_args!("{proxy}: dropped, {MOST_WAITING} others wait for their PROXY header"),
            );
            return None;
        }
        let token = Token(TOKENS.start + self.waiting.vacant_key());
        match registry.register(&mut newcomer.socket, token, Interest::READABLE) {
            Ok(()) => {
                self.waiting.insert(Waiting { newcomer, until: now + HEADER_TIMEOUT });
            }
            Err(error) => log(Level::Warn, format_args!("{proxy}: cannot be polled: {error}")),
        }
        None
    }

    pub(super) fn has(token: Token) -> bool {
        TOKENS.contains(&token.0)
    }

    /// Reads what has come for `token`. Returns the newcomer with its real peer, no longer registered, once its header
    /// has arrived.
    pub(super) fn ready(
        &mut self,
        token: Token,
        registry: &Registry,
        now: Instant,
        log: &mut PeerLog,
    ) -> Option<Newcomer> {
        let key = token.0.wrapping_sub(TOKENS.start);
        let newcomer = &mut self.waiting.get_mut(key)?.newcomer;
        let proxy = newcomer.peer;
        let looked = look(newcomer, &self.from, &mut |level, line| log.line(level, proxy, now, line));
        if let Look::Waits = looked {
            return None;
        }
        let mut newcomer = self.waiting.remove(key).newcomer;
        // If this fails, registering it again will fail too, and that is logged.
        registry.deregister(&mut newcomer.socket).ok();
        matches!(looked, Look::Told).then_some(newcomer)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|(_, waiting)| waiting.until).min()
    }

    pub(super) fn expire(&mut self, now: Instant, log: &mut PeerLog) {
        self.waiting.retain(|_, Waiting { newcomer, until }| {
            let is_late = *until <= now;
            if is_late {
                let (proxy, seconds) = (newcomer.peer, HEADER_TIMEOUT.as_secs());
                log.line(
                    Level::Warn,
                    proxy,
                    now,
                    format_args!("{proxy}: no PROXY header within {seconds} s"),
                );
            }
            !is_late
        });
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

/// True when the peer is one of these proxies.
fn has(proxies: &[Proxy], peer: Peer) -> bool {
    proxies.iter().any(|proxy| match (proxy, peer) {
        (Proxy::Network(network), Peer::Tcp(ip, _)) => network.contains(ip),
        (Proxy::Unix, Peer::Unix) => true,
        (Proxy::Network(_), Peer::Unix) | (Proxy::Unix, Peer::Tcp(..)) => false,
    })
}

enum Look {
    Waits,
    /// The newcomer has its real peer.
    Told,
    /// No header will come; the reason is logged.
    Over,
}

/// Looks for the peer that the newcomer, which is one of these proxies, speaks for.
fn look(newcomer: &mut Newcomer, proxies: &[Proxy], log: &mut impl FnMut(Level, fmt::Arguments<'_>)) -> Look {
    let proxy = newcomer.peer;
    let mut buffer = [0; http::PEEKED_BYTES];
    let count = match newcomer.socket.peek(&mut buffer) {
        Ok(0) => {
            log(Level::Debug, format_args!("{proxy}: left without a PROXY header"));
            return Look::Over;
        }
        Ok(count) => count,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Look::Waits,
        Err(error) => {
            log(Level::Debug, format_args!("{proxy}: left without a PROXY header: {error}"));
            return Look::Over;
        }
    };
    let (peer, length) = match header::parse(&buffer[..count]) {
        Parsed::NeedMore => return Look::Waits,
        // Over TLS, the request cannot be peeked at.
        Parsed::Malformed(Malformed::Beginning) if !newcomer.is_tls => {
            match http::begin(newcomer, &mut buffer[..count], proxies) {
                Ok(None) => return Look::Waits,
                Ok(peer) => (peer, 0),
                Err(why) => {
                    log(Level::Warn, format_args!("{proxy}: {why}"));
                    return Look::Over;
                }
            }
        }
        Parsed::Malformed(why) => {
            log(Level::Warn, format_args!("{proxy}: {why}"));
            return Look::Over;
        }
        Parsed::Header { length, peer } => (peer, length),
    };
    // The peeked bytes are there.
    if let Err(error) = newcomer.socket.read_exact(&mut buffer[..length]) {
        log(Level::Debug, format_args!("{proxy}: lost after its PROXY header: {error}"));
        return Look::Over;
    }
    if let Some(peer) = peer {
        log(Level::Debug, format_args!("{proxy}: speaks for {peer}"));
        newcomer.peer = peer;
    }
    Look::Told
}
