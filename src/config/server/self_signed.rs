//! A certificate that nobody vouches for, made where there is none: who connects has to be told its fingerprint.

use std::path::Path;

use rcgen::{CertificateParams, DnType, KeyPair};

use crate::files::replace;

/// Makes a key and a certificate for it, for the server of this name and this machine, and keeps both in files. It holds
/// to the end of the year 4095, because nobody would renew it.
pub(super) fn make(cert: &Path, key: &Path, name: &str) -> Result<(), String> {
    let names = [name, "localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let made = KeyPair::generate().and_then(|pair| {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, name);
        Ok((params.self_signed(&pair)?.pem(), pair.serialize_pem()))
    });
    let (cert_pem, key_pem) = made.map_err(|error| error.to_string())?;
    // The key first: without its certificate it is made again, and not the other way round.
    for (path, text, mode) in [(key, key_pem, 0o600), (cert, cert_pem, 0o644)] {
        replace(path, &text, mode).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
