//! What the server shows of itself over TLS: a certificate, and the key that goes with it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// Where TLS is spoken, and what is shown there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// Where to listen for those who speak TLS.
    pub listen: Vec<Address>,
    /// The file with the certificate, and those that vouch for it behind it (PEM).
    pub cert: Option<PathBuf>,
    /// The file with its key (PEM: PKCS#8, SEC1 or RSA).
    pub key: Option<PathBuf>,
    /// Make both where there are none.
    pub self_signed: bool,
    /// What was read from these files.
    pub credentials: Option<Credentials>,
}

/// A certificate, those that vouch for it, and its key.
#[derive(Clone)]
pub struct Credentials {
    certified: Arc<CertifiedKey>,
    /// Nobody vouches for it: clients have to know its fingerprint.
    pub is_self_signed: bool,
}

impl Credentials {
    /// Reads PEM files. Fails, with one line that names the file, where they cannot be read, have no certificate or key
    /// in them, or do not belong together.
    pub fn read(cert: &Path, key: &Path, is_self_signed: bool) -> Result<Self, String> {
        let at = |path: &Path, why: &dyn fmt::Display| format!("{}: {why}", path.display());
        let text = read_text(cert, PEM_BYTES).map_err(|why| at(cert, &why))?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        let chain = chain.map_err(|error| at(cert, &error))?;
        if chain.is_empty() {
            return Err(at(cert, &"there is no certificate in it (PEM, -----BEGIN CERTIFICATE-----)"));
        }
        // Of those that vouch for the first, rustls looks at none; clients do.
        for (n, certificate) in chain.iter().enumerate() {
            ParsedCertificate::try_from(certificate)
                .map_err(|_| at(cert, &format_args!("number {} in it is no certificate", n + 1)))?;
        }
        let text = read_text(key, PEM_BYTES).map_err(|why| at(key, &why))?;
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| match error {
            // In the type of the section, or in a header, which is no base64.
            _ if text.contains("ENCRYPTED") => {
                at(key, &"the key has a passphrase, which openssl pkey -in FILE -out FILE takes away")
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

    /// What tells the certificate from any other.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.certified.cert.first().map_or(&[], |certificate| certificate))
    }

    /// The host at which clients find that the server is whom they mean, with nothing but what their system trusts:
    /// `wanted` or another. `None` where they have to know the fingerprint.
    pub fn trusted_host(&self, wanted: &str) -> Option<String> {
        let first = self.certified.cert.first().filter(|first| !certificate::is_self_issued(first))?;
        certificate::host(first, wanted)
    }

    /// For the handshake.
    pub(crate) fn certified(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }
}

/// Without the key.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.fingerprint())
    }
}

/// A certificate has one key, so it need not be looked at.
impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        self.certified.cert == other.certified.cert && self.is_self_signed == other.is_self_signed
    }
}

impl Eq for Credentials {}

impl TlsConfig {
    /// Reads what the options name, where they name anything. `state` is where it is kept where they name nothing.
    pub(super) fn read_credentials(&mut self, state: Option<&Path>) -> Result<(), String> {
        let Some((cert, key)) = self.files(state)? else { return Ok(()) };
        let option = if self.self_signed { "--self-signed" } else { "--tls-cert" };
        let credentials = Credentials::read(&cert, &key, self.self_signed);
        self.credentials = Some(credentials.map_err(|why| format!("{option}: {why}"))?);
        Ok(())
    }

    /// True where a certificate is wanted that is not there.
    pub(super) fn must_be_made(&self, state: Option<&Path>) -> Result<bool, String> {
        Ok(self.self_signed && self.files(state)?.is_some_and(|(cert, _)| !cert.exists()))
    }

    /// Makes a certificate for the server of this name.
    pub(super) fn make_credentials(&self, state: Option<&Path>, name: &str) -> Result<(), String> {
        let Some((cert, key)) = self.files(state)? else { return Ok(()) };
        self_signed::make(&cert, &key, name).map_err(|why| format!("--self-signed: {why}"))
    }

    /// The files of the certificate and of its key, if there is to be any.
    fn files(&self, state: Option<&Path>) -> Result<Option<(PathBuf, PathBuf)>, String> {
        let own = |file: &str| state.filter(|_| self.self_signed).map(|state| state.join(file));
        let cert = self.cert.clone().or_else(|| own("cert.pem"));
        let key = self.key.clone().or_else(|| own("key.pem"));
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
