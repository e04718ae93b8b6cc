//! Verifies the server's certificate.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};

use super::fault::CertificateFault;
use crate::fingerprint::Fingerprint;

/// Accepts a trusted certificate, and reports a [`CertificateFault`] for any other. In both modes rustls verifies
/// that the server has the key.
#[derive(Debug)]
pub(super) struct Verifier {
    trust: TrustAnchor,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
enum TrustAnchor {
    Roots(Arc<WebPkiServerVerifier>),
    Certificate(Fingerprint),
}

impl Verifier {
    pub(super) fn trusting(
        roots: RootCertStore,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, CertificateFault> {
        let algorithms = provider.signature_verification_algorithms;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        // Without revocation lists this only fails if there are no authorities.
        let verifier = verifier.build().map_err(|_| CertificateFault::NoRoots(None))?;
        Ok(Self { trust: TrustAnchor::Roots(verifier), algorithms })
    }

    pub(super) fn pinned(pin: Fingerprint, provider: &CryptoProvider) -> Self {
        Self { trust: TrustAnchor::Certificate(pin), algorithms: provider.signature_verification_algorithms }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = Fingerprint::of(end_entity);
        match &self.trust {
            TrustAnchor::Roots(roots) => roots
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|error| refusal(CertificateFault::new(found, error, server_name))),
            TrustAnchor::Certificate(pin) if *pin == found => Ok(ServerCertVerified::assertion()),
            TrustAnchor::Certificate(pin) => Err(refusal(CertificateFault::Other { pin: *pin, found })),
        }
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

/// The handshake passes this on to [`refused`].
fn refusal(why: CertificateFault) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why))))
}

/// Our fault in the certificate, if the handshake failed for that.
pub(super) fn refused(error: &Error) -> Option<CertificateFault> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(why))) => why.downcast_ref().cloned(),
        _ => None,
    }
}
