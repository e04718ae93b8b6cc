//! A certificate that nobody vouches for, made where there is none: who connects has to be told its fingerprint.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rcgen::{CertificateParams, DnType, KeyPair};

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
        keep(path, &text, mode).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Writes a new file, whole or not at all.
fn keep(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)
}
