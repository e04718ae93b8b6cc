//! The server's TLS certificate and key.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(feature = "tools")]
use std::time::SystemTime;

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use super::certificate::{self, PEM_BYTES};
use super::self_signed;
use crate::address::Address;
use crate::files::read_text;
use crate::fingerprint::Fingerprint;
use crate::state_files;

/// TLS listeners and their certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// Addresses to listen at with TLS.
    pub listen: Vec<Address>,
    /// The file with the certificate and its chain (PEM).
    pub cert: Option<PathBuf>,
    /// The file with its key (PEM: PKCS#8, SEC1 or RSA).
    pub key: Option<PathBuf>,
    /// Create both if they are missing.
    pub self_signed: bool,
    /// The content of these files.
    pub credentials: Option<Credentials>,
}

/// A certificate, its chain, and its key.
#[derive(Clone)]
pub struct Credentials {
    certified: Arc<CertifiedKey>,
    /// No authority has signed it: clients have to know its fingerprint.
    pub is_self_signed: bool,
}

impl Credentials {
    /// Reads PEM files. Fails with one line that names the file, if they cannot be read, lack a certificate or key, or
    /// do not match.
    pub fn read(cert: &Path, key: &Path, is_self_signed: bool) -> Result<Self, String> {
        let at = |path: &Path, why: &dyn fmt::Display| format!("{}: {why}", path.display());
        let text = read_text(cert, PEM_BYTES).map_err(|why| at(cert, &why))?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        let chain = chain.map_err(|error| at(cert, &error))?;
        if chain.is_empty() {
            return Err(at(cert, &"there is no certificate in it (PEM, -----BEGIN CERTIFICATE-----)"));
        }
        // rustls checks only the first certificate, but clients check the whole chain.
        for (n, certificate) in chain.iter().enumerate() {
            ParsedCertificate::try_from(certificate)
                .map_err(|_| at(cert, &format_args!("number {} in it is not a certificate", n + 1)))?;
        }
        let text = read_text(key, PEM_BYTES).map_err(|why| at(key, &why))?;
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| match error {
            // In the section's type or in a header, neither of which is base64.
            _ if text.contains("ENCRYPTED") => {
                at(key, &"the key has a passphrase; openssl pkey -in FILE -out FILE removes it")
            }
            pem::Error::NoItemsFound => at(key, &"there is no private key in it (PEM: PKCS#8, SEC1 or RSA)"),
            error => at(key, &error),
        })?;
        let certified = CertifiedKey::from_der(chain, der, &ring::default_provider());
        let certified = certified.map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                at(key, &format_args!("this is not the key of {}", cert.display()))
            }
            error => at(key, &error),
        })?;
        Ok(Self { certified: Arc::new(certified), is_self_signed })
    }

    /// The fingerprint of the certificate.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.certified.cert.first().map_or(&[], |certificate| certificate))
    }

    /// The host for which clients can verify the certificate with their system's trust: `wanted` or another. `None` if
    /// they have to know the fingerprint.
    pub fn trusted_host(&self, wanted: &str) -> Option<String> {
        let first = self.certified.cert.first().filter(|first| !certificate::is_self_issued(first))?;
        certificate::host(first, wanted)
    }

    /// From when and until when the certificate is valid; `None` if it is odd.
    #[cfg(feature = "tools")]
    pub fn validity(&self) -> Option<(SystemTime, SystemTime)> {
        certificate::validity(self.certified.cert.first()?)
    }

    /// True if no authority has issued it.
    #[cfg(feature = "tools")]
    pub fn is_self_issued(&self) -> bool {
        self.certified.cert.first().is_some_and(|first| certificate::is_self_issued(first))
    }

    /// The form that handshakes need.
    pub(crate) fn certified(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }
}

/// Omits the key.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.fingerprint())
    }
}

/// A certificate has only one key, so comparing certificates suffices.
impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        self.certified.cert == other.certified.cert && self.is_self_signed == other.is_self_signed
    }
}

impl Eq for Credentials {}

impl TlsConfig {
    /// Reads the configured files, if any; a self-signed certificate is in `state` by default.
    pub(super) fn read_credentials(&mut self, state: Option<&Path>) -> Result<(), String> {
        let Some((cert, key)) = self.files(state)? else { return Ok(()) };
        let option = if self.self_signed { "--self-signed" } else { "--tls-cert" };
        let credentials = Credentials::read(&cert, &key, self.self_signed);
        self.credentials = Some(credentials.map_err(|why| format!("{option}: {why}"))?);
        Ok(())
    }

    /// True when a self-signed certificate is wanted and missing.
    pub(super) fn must_be_made(&self, state: Option<&Path>) -> Result<bool, String> {
        Ok(self.self_signed && self.files(state)?.is_some_and(|(cert, _)| !cert.exists()))
    }

    /// Creates a certificate for a server of this name.
    pub(super) fn make_credentials(&self, state: Option<&Path>, name: &str) -> Result<(), String> {
        let Some((cert, key)) = self.files(state)? else { return Ok(()) };
        self_signed::make(&cert, &key, name).map_err(|why| format!("--self-signed: {why}"))
    }

    /// The paths of certificate and key, if TLS is configured.
    fn files(&self, state: Option<&Path>) -> Result<Option<(PathBuf, PathBuf)>, String> {
        let own = |file: &str| state.filter(|_| self.self_signed).map(|state| state.join(file));
        let cert = self.cert.clone().or_else(|| own(state_files::CERTIFICATE));
        let key = self.key.clone().or_else(|| own(state_files::KEY));
        match (cert, key) {
            (Some(cert), Some(key)) => Ok(Some((cert, key))),
            _ if self.self_signed => Err("--self-signed: give --state, or --tls-cert and --tls-key".into()),
            (Some(_), None) => Err("--tls-cert: its --tls-key is missing".into()),
            (None, Some(_)) => Err("--tls-key: its --tls-cert is missing".into()),
            (None, None) if self.listen.is_empty() => Ok(None),
            (None, None) => Err("--tls-listen: give --tls-cert and --tls-key, or --self-signed".into()),
        }
    }
}
