//! Names of files in the directory for data, besides the database.

/// Bans, in builds without the store.
pub(crate) const BANS: &str = "bans";

/// The self-signed certificate.
#[cfg(any(feature = "store", feature = "tls"))]
pub(crate) const CERTIFICATE: &str = "cert.pem";

/// Its key.
#[cfg(any(feature = "store", feature = "tls"))]
pub(crate) const KEY: &str = "key.pem";

/// All of them.
#[cfg(feature = "store")]
pub(crate) const ALL: [&str; 3] = [BANS, CERTIFICATE, KEY];
