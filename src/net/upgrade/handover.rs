//! What a reactor hands over, as bytes.

use std::time::Instant;

use crate::cbor::{Bytes, decode_at, encode_at, map};
use crate::net::handover::SocketHandover;
use crate::net::listener::ListenerHandover;
use crate::net::proxy::WaitingHandover;
use crate::net::tls::TicketsHandover;

/// What every state begins with.
const MAGIC: &[u8] = b"parlord state ";

/// The version of what is written. It is raised whenever a program of the version before could not read it, or would
/// read it wrongly.
const VERSION: u32 = 1;

/// What a reactor hands over besides descriptors.
#[derive(Debug)]
pub(in crate::net) struct Handover {
    /// The version of the program, for people.
    pub(in crate::net) program: String,
    /// Each has a descriptor, in this order.
    pub(in crate::net) listeners: Vec<ListenerHandover>,
    /// Each has a descriptor, in this order and after those of listeners. With the keys of their connections.
    pub(in crate::net) sockets: Vec<(u64, SocketHandover)>,
    /// `None` without TLS.
    pub(in crate::net) tickets: Option<TicketsHandover>,
    /// As the server encodes it; empty if the next one begins anew.
    pub(in crate::net) server: Bytes,
    /// Newcomers of proxies. Each has a descriptor, in this order and after those of connections.
    pub(in crate::net) waiting: Vec<WaitingHandover>,
}

map!(Handover { 0: program, 1: listeners, 2: sockets, 3: tickets, 4: server, 5: waiting });

impl Handover {
    /// How many descriptors belong to it.
    pub(in crate::net) fn descriptors(&self) -> usize {
        self.listeners.len() + self.sockets.len() + self.waiting.len()
    }

    /// True if the next server begins anew.
    pub(in crate::net) fn is_without_users(&self) -> bool {
        self.server.0.is_empty()
    }

    pub(in crate::net) fn encode(&self, now: Instant) -> Vec<u8> {
        let mut bytes = [MAGIC, &VERSION.to_le_bytes()].concat();
        bytes.append(&mut encode_at(self, now));
        bytes
    }

    /// Decodes it. An error tells what is wrong.
    pub(in crate::net) fn decode(bytes: &[u8], now: Instant) -> Result<Self, String> {
        let state = bytes.strip_prefix(MAGIC).and_then(<[u8]>::split_first_chunk);
        let (version, state) = state.ok_or("this is no state of parlord")?;
        let version = u32::from_le_bytes(*version);
        if version > VERSION {
            return Err(format!(
                "the state has version {version}, and parlord {} reads up to {VERSION}",
                env!("CARGO_PKG_VERSION")
            ));
        }
        decode_at(state, now)
    }
}
