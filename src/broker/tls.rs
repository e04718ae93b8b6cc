//! TLS to a broker. It must show a certificate for its name that the system trusts, or that is in `SSL_CERT_FILE`.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::error::BrokerError;
use crate::address::Address;
use crate::blocking_socket::BlockingSocket;
use crate::tls_clock::TlsClock;

/// A socket with TLS.
pub(super) type TlsSocket = Box<StreamOwned<ClientConnection, BlockingSocket>>;

/// Puts TLS over a socket. The handshake is part of the first write.
pub(super) fn wrap(server: &Address, socket: BlockingSocket) -> Result<TlsSocket, BrokerError> {
    let host = match server {
        Address::Unix(_) => "localhost",
        Address::Tcp { host, .. } => host.as_str(),
    };
    let name = ServerName::try_from(host.to_owned()).map_err(BrokerError::broken)?;
    let session = ClientConnection::new(Arc::new(config()?), name).map_err(BrokerError::broken)?;
    Ok(Box::new(StreamOwned::new(session, socket)))
}

fn config() -> Result<ClientConfig, BrokerError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let hint = "there are no certificates to trust: install ca-certificates, or set SSL_CERT_FILE";
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
