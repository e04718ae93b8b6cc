//! TLS with a server that need not be trusted: nothing secret is said.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned};

use crate::blocking_socket::BlockingSocket;
use crate::tls_clock::TlsClock;

/// Puts TLS over a socket. The handshake is part of the first write.
pub(super) fn wrap(socket: BlockingSocket) -> Result<StreamOwned<ClientConnection, BlockingSocket>, String> {
    let words = |error: Error| error.to_string();
    let provider = Arc::new(ring::default_provider());
    let verifier = Anybody { algorithms: provider.signature_verification_algorithms };
    let config = ClientConfig::builder_with_details(provider, Arc::new(TlsClock));
    let config = config.with_safe_default_protocol_versions().map_err(words)?;
    let config = config.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let name = ServerName::try_from("localhost").map_err(|error| error.to_string())?;
    let session = ClientConnection::new(Arc::new(config.with_no_client_auth()), name).map_err(words)?;
    Ok(StreamOwned::new(session, socket))
}

/// Accepts every certificate whose key the server has.
#[derive(Debug)]
struct Anybody {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
