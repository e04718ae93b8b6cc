//! TLS for connections of the event loop (RFC 8446, RFC 5246). rustls converts between records and bytes; all buffers
//! are ours, so an idle connection has none.

mod alert;
mod buffer;
#[cfg_attr(not(feature = "store"), path = "no_client_certificates.rs")]
mod client_certificates;
mod records;
mod stream;
#[cfg(test)]
mod test_support;
mod tickets;

pub(super) use stream::TlsStream;

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use log::info;
use rustls::crypto::ring;
use rustls::server::{NoServerSessionStorage, UnbufferedServerConnection};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, version};

use super::plain::Plain;
use crate::address::Address;
#[cfg(feature = "upgrade")]
use crate::cbor::map;
use crate::fingerprint::Fingerprint;
use crate::tls_clock::TlsClock;
use client_certificates::Client;
use records::Scratch;
#[cfg(feature = "upgrade")]
use tickets::Keys;
use tickets::Tickets;

#[derive(Debug)]
pub(super) struct Tls {
    fingerprint: Fingerprint,
    /// Length of the certificate and its chain.
    chain_bytes: usize,
    config: Arc<ServerConfig>,
    /// `None` if the system had no random numbers for keys.
    #[cfg_attr(not(feature = "upgrade"), allow(dead_code))]
    tickets: Option<Arc<Tickets>>,
    scratch: Rc<RefCell<Scratch>>,
}

/// What lets clients resume their sessions with the program that takes the place of this one.
#[cfg(feature = "upgrade")]
#[derive(Clone, Debug)]
pub(super) struct TicketsHandover {
    /// The sessions began with this certificate.
    fingerprint: [u8; 32],
    keys: Keys,
}

#[cfg(feature = "upgrade")]
map!(TicketsHandover { 0: fingerprint, 1: keys });

/// The addresses at which `config` requires TLS.
pub(super) fn addresses(config: &crate::config::ServerConfig) -> &[Address] {
    &config.tls.listen
}

pub(super) fn has_certificate(config: &crate::config::ServerConfig) -> bool {
    config.tls.credentials.is_some()
}

/// True when clients can verify the certificate without being told its fingerprint.
pub(super) fn is_vouched_for(config: &crate::config::ServerConfig) -> bool {
    config.tls.credentials.as_ref().is_some_and(|credentials| !credentials.is_self_signed)
}

impl Tls {
    /// TLS with the certificate in `config`, if there is one.
    pub(super) fn new(config: &crate::config::ServerConfig) -> Option<Self> {
        let credentials = config.tls.credentials.as_ref()?;
        let (fingerprint, certified) = (credentials.fingerprint(), credentials.certified());
        let tickets = Tickets::new(Instant::now()).map(Arc::new);
        let (chain_bytes, config) = (chain_bytes(certified), handshakes(certified, tickets.clone()));
        Some(Self { fingerprint, chain_bytes, config, tickets, scratch: Rc::default() })
    }

    /// What the program that takes the place of this one gets.
    #[cfg(feature = "upgrade")]
    pub(super) fn hand_over(&self) -> Option<TicketsHandover> {
        let keys = self.tickets.as_ref()?.keys()?;
        Some(TicketsHandover { fingerprint: self.fingerprint.bytes(), keys })
    }

    /// Lets clients resume the sessions that they had with another program, unless there is another certificate now.
    #[cfg(feature = "upgrade")]
    pub(super) fn take_over(&mut self, handed: TicketsHandover) {
        if let Some(tickets) = &self.tickets
            && handed.fingerprint == self.fingerprint.bytes()
        {
            tickets.take_over(handed.keys);
        }
    }

    /// Shows newcomers the certificate in `config` from now on. Existing connections keep their keys.
    pub(super) fn renew(&mut self, config: &crate::config::ServerConfig) {
        let Some(credentials) = &config.tls.credentials else { return };
        if self.fingerprint != credentials.fingerprint() {
            self.fingerprint = credentials.fingerprint();
            info!("the certificate is now {}", self.fingerprint);
        }
        self.chain_bytes = chain_bytes(credentials.certified());
        self.tickets = Tickets::new(Instant::now()).map(Arc::new);
        self.config = handshakes(credentials.certified(), self.tickets.clone());
    }

    /// Wraps the socket of a newcomer. Fails when the system has no random numbers.
    pub(super) fn wrap(&self, inner: Plain) -> io::Result<Box<TlsStream<Plain>>> {
        let connection = UnbufferedServerConnection::new(Arc::clone(&self.config));
        let (connection, scratch) = (connection.map_err(io::Error::other)?, Rc::clone(&self.scratch));
        Ok(Box::new(TlsStream::new(inner, connection, Client::new(self.chain_bytes), scratch)))
    }
}

fn chain_bytes(certified: &CertifiedKey) -> usize {
    certified.cert.iter().map(|certificate| certificate.len()).sum()
}

fn handshakes(certified: &Arc<CertifiedKey>, tickets: Option<Arc<Tickets>>) -> Arc<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_details(provider, Arc::new(TlsClock))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .expect("ring has suites for both versions");
    let resolver = SingleCertAndKey::from(Arc::clone(certified));
    let mut config = client_certificates::ask(config).with_cert_resolver(Arc::new(resolver));
    // A resumed session saves the signature. Its state is in the client's ticket, so it takes no memory here.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    if let Some(tickets) = tickets {
        config.ticketer = tickets;
    }
    config.send_tls13_tickets = 1;
    Arc::new(config)
}
