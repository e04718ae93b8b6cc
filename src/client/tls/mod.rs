//! TLS: whom to trust, the handshake, and the two ends of a connection. It does not know the protocol inside.

mod ends;
mod fault;
mod handshake;
mod verifier;

pub use fault::{CertificateFault, HandshakeFault, TlsError};

pub(super) use ends::{TlsReadEnd, TlsWriteEnd};

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::address::Address;
use crate::blocking_socket::BlockingSocket;
use crate::config::Credentials;
use crate::fingerprint::Fingerprint;
use crate::tls_clock::TlsClock;
use verifier::Verifier;

/// Options of TLS: which servers to trust, and what to show them.
#[derive(Clone, Debug)]
pub struct Tls {
    whom: Whom,
    own: Option<Credentials>,
}

#[derive(Clone, Debug)]
enum Whom {
    System,
    Roots(Vec<CertificateDer<'static>>),
    Certificate(Fingerprint),
}

impl Tls {
    fn new(whom: Whom) -> Self {
        Self { whom, own: None }
    }

    /// Trusts a server whose certificate is for its name and signed by an authority that the system trusts. The
    /// authorities are read at each connect, from `SSL_CERT_FILE` and `SSL_CERT_DIR` or else from the system's store.
    /// A server on a Unix socket has the name `localhost`.
    pub fn system() -> Self {
        Self::new(Whom::System)
    }

    /// Trusts a server whose certificate is for its name and signed by one of these authorities, given as DER.
    pub fn trusting(roots: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self::new(Whom::Roots(roots.into_iter().map(CertificateDer::from).collect()))
    }

    /// Trusts only the server with this certificate, whatever its names and dates.
    pub fn pinned(certificate: Fingerprint) -> Self {
        Self::new(Whom::Certificate(certificate))
    }

    /// Shows a certificate to a server that asks for one. Reads PEM files, which may be the same. Fails with one line
    /// that names the file, if they cannot be read, lack a certificate or key, or do not match.
    pub fn with_certificate(self, certificate: &Path, key: &Path) -> Result<Self, String> {
        Credentials::read(certificate, key, false).map(|own| self.with_credentials(own))
    }

    pub(crate) fn with_credentials(self, own: Credentials) -> Self {
        Self { own: Some(own), ..self }
    }

    /// Completes the handshake within this time, which is not zero.
    pub(super) fn begin(
        &self,
        server: &Address,
        mut stream: BlockingSocket,
        within: Duration,
    ) -> Result<(TlsReadEnd, TlsWriteEnd), TlsError> {
        let (config, name) = (Arc::new(self.config()?), name_of(server)?);
        let session = ClientConnection::new(config, name).map_err(|error| HandshakeFault::new(&error));
        let mut session = session?;
        handshake::complete(&mut session, &mut stream, within)?;
        let session = Arc::new(Mutex::new(session));
        let reading = stream.try_clone().map_err(HandshakeFault::Broken)?;
        Ok((TlsReadEnd::new(reading, Arc::clone(&session)), TlsWriteEnd::new(stream, session)))
    }

    fn config(&self) -> Result<ClientConfig, CertificateFault> {
        let provider = Arc::new(ring::default_provider());
        let verifier = match &self.whom {
            Whom::System => Verifier::trusting(system_roots()?, &provider)?,
            Whom::Roots(roots) => Verifier::trusting(store(roots.clone()), &provider)?,
            Whom::Certificate(pin) => Verifier::pinned(*pin, &provider),
        };
        let config = ClientConfig::builder_with_details(provider, Arc::new(TlsClock))
            .with_safe_default_protocol_versions();
        let config = config.expect("ring has what both versions of the protocol need").dangerous();
        let config = config.with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.own {
            Some(own) => {
                let shown = SingleCertAndKey::from(Arc::clone(own.certified()));
                config.with_client_cert_resolver(Arc::new(shown))
            }
            None => config.with_no_client_auth(),
        };
        // Each connection has its own config, so sessions cannot be resumed.
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// The authorities that the system trusts.
fn system_roots() -> Result<RootCertStore, CertificateFault> {
    let found = rustls_native_certs::load_native_certs();
    let roots = store(found.certs);
    match found.errors.first() {
        Some(error) if roots.is_empty() => Err(CertificateFault::NoRoots(Some(error.to_string()))),
        _ => Ok(roots),
    }
}

/// Skips certificates in the system's store that cannot be parsed.
fn store(certificates: Vec<CertificateDer<'static>>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    roots
}

/// The name that the server's certificate must have.
fn name_of(server: &Address) -> Result<ServerName<'static>, CertificateFault> {
    let host = match server {
        Address::Unix(_) => "localhost",
        // The zone of an IPv6 address has a meaning only on this machine (RFC 4007 §11).
        Address::Tcp { host, .. } => host.split('%').next().unwrap_or(host),
    };
    ServerName::try_from(host.to_owned()).map_err(|_| CertificateFault::NoName(host.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_a_certificate_is_that_of_the_host() {
        let name = |text| name_of(&Address::parse(text).unwrap()).map(|name| name.to_str().into_owned());
        for (address, expected) in [
            ("chat.example:6697", "chat.example"),
            ("127.0.0.1:1", "127.0.0.1"),
            ("[::1]:1", "::1"),
            ("[fe80::1%eth0]:1", "fe80::1"),
            ("unix:/run/x", "localhost"),
        ] {
            assert_eq!(name(address).as_deref(), Ok(expected));
        }
        assert_eq!(name("chat room:1"), Err(CertificateFault::NoName("chat room".into())));
    }
}
