//! Client certificates: every client is asked for one and none needs one. Who signed it does not matter: a certificate
//! identifies whoever has its key, and accounts know it by its fingerprint.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WantsServerCert;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CommonState, ConfigBuilder, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme, WantsVerifier,
};

use crate::fingerprint::Fingerprint;
use crate::message::CertificateHash;

/// Most bytes of a client's certificate and its chain, which rustls keeps as long as the connection. Usual chains have
/// less than 4 KiB.
const CHAIN_BYTES: usize = 8 * 1024;

/// Memory of a connection during the handshake besides that of rustls without client certificates, in bytes.
pub(super) const OWN_BYTES: usize = 640;

/// The client's certificate, and what rustls keeps because it asks for one.
#[derive(Debug)]
pub(super) enum Client {
    /// The handshake is under way. Its messages so far have this many bytes, and all of them will be signed.
    Unknown(usize),
    /// The client has no certificate.
    Anonymous,
    /// The client has the key of this certificate. It and its chain have `bytes`.
    Certified { hash: Box<CertificateHash>, bytes: usize },
}

impl Client {
    /// A client that will be shown a chain with this many bytes.
    pub(super) fn new(shown_bytes: usize) -> Self {
        Self::Unknown(shown_bytes)
    }

    /// Notes that the client has sent this many bytes of the handshake.
    pub(super) fn sent(&mut self, bytes: usize) {
        if let Self::Unknown(kept) = self {
            *kept += bytes;
        }
    }

    /// Notes that the handshake is complete.
    pub(super) fn is_known(&mut self, connection: &CommonState) {
        *self = match connection.peer_certificates() {
            Some(chain @ [certificate, ..]) => Self::Certified {
                hash: Box::new(Fingerprint::of(certificate).bytes()),
                bytes: chain.iter().map(|certificate| certificate.len()).sum(),
            },
            Some([]) | None => Self::Anonymous,
        }
    }

    /// Notes that the handshake has failed.
    pub(super) fn has_failed(&mut self) {
        *self = Self::Anonymous;
    }

    pub(super) fn kept_bytes(&self) -> usize {
        match self {
            Self::Unknown(bytes) | Self::Certified { bytes, .. } => *bytes,
            Self::Anonymous => 0,
        }
    }

    pub(super) fn certificate(&self) -> Option<CertificateHash> {
        match self {
            Self::Certified { hash, .. } => Some(**hash),
            Self::Unknown(_) | Self::Anonymous => None,
        }
    }
}

/// Asks clients for a certificate.
pub(super) fn ask(
    config: ConfigBuilder<ServerConfig, WantsVerifier>,
) -> ConfigBuilder<ServerConfig, WantsServerCert> {
    let algorithms = ring::default_provider().signature_verification_algorithms;
    config.with_client_cert_verifier(Arc::new(Possession(algorithms)))
}

/// Accepts every certificate whose key signs the handshake.
#[derive(Debug)]
struct Possession(WebPkiSupportedAlgorithms);

impl ClientCertVerifier for Possession {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// None: clients may send a certificate of any issuer.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let bytes = certificate.len() + issuers.iter().map(|issuer| issuer.len()).sum::<usize>();
        if bytes > CHAIN_BYTES {
            return Err(Error::General(format!("a client certificate of more than {CHAIN_BYTES} bytes")));
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
