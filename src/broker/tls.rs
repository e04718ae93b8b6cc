//! TLS to a broker. It must show a certificate for its name that the system trusts, or those authorities that it was given.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::error::BrokerError;
use crate::address::Address;
use crate::blocking_socket::BlockingSocket;
use crate::tls_clock::TlsClock;

/// A socket with TLS.
pub(super) type TlsSocket = Box<StreamOwned<ClientConnection, BlockingSocket>>;

/// Authorities that certify a broker.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorities(Arc<[CertificateDer<'static>]>);

impl Authorities {
    /// Those in this text (PEM). Fails with the reason if there is none or one cannot be used.
    pub fn parse(pem: &str) -> Result<Self, String> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        let certificates = certificates.map_err(|error| error.to_string())?;
        if certificates.is_empty() {
            return Err("there is no certificate in it (PEM, -----BEGIN CERTIFICATE-----)".into());
        }
        let mut roots = RootCertStore::empty();
        for (n, certificate) in certificates.iter().enumerate() {
            let added = roots.add(certificate.clone());
            added.map_err(|error| format!("number {} in it cannot be used: {error}", n + 1))?;
        }
        Ok(Self(certificates.into()))
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.0.len())
    }
}

/// Puts TLS over a socket. The handshake is part of the first write.
pub(super) fn wrap(
    server: &Address,
    socket: BlockingSocket,
    authorities: Option<&Authorities>,
) -> Result<TlsSocket, BrokerError> {
    let host = match server {
        Address::Unix(_) => "localhost",
        Address::Tcp { host, .. } => host.as_str(),
    };
    let name = ServerName::try_from(host.to_owned()).map_err(BrokerError::broken)?;
    let session = ClientConnection::new(Arc::new(config(authorities)?), name).map_err(BrokerError::broken)?;
    Ok(Box::new(StreamOwned::new(session, socket)))
}

fn config(authorities: Option<&Authorities>) -> Result<ClientConfig, BrokerError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(Authorities(given)) => roots.add_parsable_certificates(given.iter().cloned()),
        None => roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
    };
    if roots.is_empty() {
        let hint =
            "there are no certificates to trust: install ca-certificates, or give some with --cluster-ca";
        return Err(BrokerError::broken(hint));
    }
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_details(provider, Arc::new(TlsClock));
    let config = config.with_safe_default_protocol_versions().map_err(BrokerError::broken)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The socket under it.
pub(super) fn socket(tls: &TlsSocket) -> &BlockingSocket {
    &tls.sock
}
