//! Creates a self-signed certificate, whose fingerprint clients must be told.

use std::fmt;
use std::path::Path;

use rcgen::{CertificateParams, DnType, KeyPair};

use super::certificate::PEM_BYTES;
use crate::files::{read_text, replace};

/// Creates a certificate for this server name and this machine, and a key unless one exists, perhaps from an
/// interrupted start. The certificate is valid until the end of the year 4095, because nobody would renew it.
pub(super) fn make(cert: &Path, key: &Path, name: &str) -> Result<(), String> {
    let at = |path: &Path, why: &dyn fmt::Display| format!("{}: {why}", path.display());
    let pair = if key.exists() {
        let text = read_text(key, PEM_BYTES).map_err(|error| at(key, &error))?;
        KeyPair::from_pem(&text).map_err(|error| at(key, &error))?
    } else {
        let pair = KeyPair::generate().map_err(|error| error.to_string())?;
        replace(key, &pair.serialize_pem(), 0o600).map_err(|error| at(key, &error))?;
        pair
    };
    let names = [name, "localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let made = CertificateParams::new(names).and_then(|mut params| {
        params.distinguished_name.push(DnType::CommonName, name);
        params.self_signed(&pair)
    });
    let made = made.map_err(|error| error.to_string())?;
    replace(cert, &made.pem(), 0o644).map_err(|error| at(cert, &error))
}
