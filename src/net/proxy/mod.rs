//! Newcomers behind proxies: their PROXY header says which peer they speak for. A bounded number waits here, for a
//! bounded time, until the header has arrived; then the server takes them as that peer.
//!
//! The header is peeked at first, then exactly its bytes are read: what follows, IRC or a TLS handshake, is still in
//! the socket.

mod header;

use std::fmt;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::time::{Duration, Instant};

use log::Level;
use mio::{Interest, Registry, Token};
use slab::Slab;

use super::newcomer::Newcomer;
use super::plain::Plain;
use crate::config::Proxy;
use crate::logging::PeerLog;
use crate::message::Peer;
use header::{HEADER_BYTES, Parsed};

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
        self.from.iter().any(|proxy| match (proxy, newcomer) {
            (Proxy::Network(network), Peer::Tcp(ip, _)) => network.contains(ip),
            (Proxy::Unix, Peer::Unix) => true,
            (Proxy::Network(_), Peer::Unix) | (Proxy::Unix, Peer::Tcp(..)) => false,
        })
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
        match look(&mut newcomer.socket, proxy, &mut log) {
            Look::Waits => {}
            Look::Told(peer) => return Some(Newcomer { peer, ..newcomer }),
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
        let Newcomer { socket, peer: proxy, .. } = &mut self.waiting.get_mut(key)?.newcomer;
        let proxy = *proxy;
        let peer = match look(socket, proxy, &mut |level, line| log.line(level, proxy, now, line)) {
            Look::Waits => return None,
            Look::Told(peer) => Some(peer),
            Look::Over => None,
        };
        let mut newcomer = self.waiting.remove(key).newcomer;
        // If this fails, registering it again will fail too, and that is logged.
        registry.deregister(&mut newcomer.socket).ok();
        Some(Newcomer { peer: peer?, ..newcomer })
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

enum Look {
    Waits,
    /// The header was read.
    Told(Peer),
    /// No header will come; the reason is logged.
    Over,
}

fn look(socket: &mut Plain, proxy: Peer, log: &mut impl FnMut(Level, fmt::Arguments<'_>)) -> Look {
    let mut buffer = [0; HEADER_BYTES];
    let count = match socket.peek(&mut buffer) {
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
    match header::parse(&buffer[..count]) {
        Parsed::NeedMore => Look::Waits,
        Parsed::Malformed(why) => {
            log(Level::Warn, format_args!("{proxy}: {why}"));
            Look::Over
        }
        Parsed::Header { length, peer } => {
            // The peeked bytes are there.
            if let Err(error) = socket.read_exact(&mut buffer[..length]) {
                log(Level::Debug, format_args!("{proxy}: lost after its PROXY header: {error}"));
                return Look::Over;
            }
            if let Some(peer) = peer {
                log(Level::Debug, format_args!("{proxy}: speaks for {peer}"));
            }
            Look::Told(peer.unwrap_or(proxy))
        }
    }
}
