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

use log::info;
use rustls::crypto::ring;
use rustls::server::{NoServerSessionStorage, UnbufferedServerConnection};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, version};

use super::plain::Plain;
use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::tls_clock::TlsClock;
use client_certificates::Client;
use records::Scratch;

#[derive(Debug)]
pub(super) struct Tls {
    fingerprint: Fingerprint,
    /// Length of the certificate and its chain.
    chain_bytes: usize,
    config: Arc<ServerConfig>,
    scratch: Rc<RefCell<Scratch>>,
}

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
        let (chain_bytes, config) = (chain_bytes(certified), handshakes(certified));
        Some(Self { fingerprint, chain_bytes, config, scratch: Rc::default() })
    }

    /// Shows newcomers the certificate in `config` from now on. Existing connections keep their keys.
    pub(super) fn renew(&mut self, config: &crate::config::ServerConfig) {
        let Some(credentials) = &config.tls.credentials else { return };
        if self.fingerprint != credentials.fingerprint() {
            self.fingerprint = credentials.fingerprint();
            info!("the certificate is now {}", self.fingerprint);
        }
        self.chain_bytes = chain_bytes(credentials.certified());
        self.config = handshakes(credentials.certified());
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

fn handshakes(certified: &Arc<CertifiedKey>) -> Arc<ServerConfig> {
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_details(provider, Arc::new(TlsClock))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .expect("ring has suites for both versions");
    let resolver = SingleCertAndKey::from(Arc::clone(certified));
    let mut config = client_certificates::ask(config).with_cert_resolver(Arc::new(resolver));
    // A resumed session saves the signature. Its state is in the client's ticket, so it takes no memory here.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    if let Some(tickets) = tickets::tickets() {
        config.ticketer = tickets;
    }
    config.send_tls13_tickets = 1;
    Arc::new(config)
}
