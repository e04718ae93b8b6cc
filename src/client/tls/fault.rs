//! Why TLS with a server failed, and what to do about it.

use std::fmt;
use std::io;
use std::time::{Duration, SystemTime};

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, Error as RustlsError};

use crate::date;
use crate::fingerprint::Fingerprint;

/// Why TLS failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// The certificate is refused. A later attempt will not succeed.
    Certificate(CertificateFault),
    /// The handshake failed.
    Handshake(HandshakeFault),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(fault) => fault.fmt(f),
            Self::Handshake(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Certificate(fault) => Some(fault),
            Self::Handshake(fault) => Some(fault),
        }
    }
}

impl From<CertificateFault> for TlsError {
    fn from(fault: CertificateFault) -> Self {
        Self::Certificate(fault)
    }
}

impl From<HandshakeFault> for TlsError {
    fn from(fault: HandshakeFault) -> Self {
        Self::Handshake(fault)
    }
}

/// Why a server's certificate is refused. Trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateFault {
    /// No trusted authority has signed it.
    Unknown {
        /// The certificate.
        found: Fingerprint,
        /// What is wrong.
        why: String,
    },
    /// It is for another name.
    Name {
        /// The certificate.
        found: Fingerprint,
        /// The name that was wanted.
        wanted: String,
        /// The names in the certificate.
        names: Vec<String>,
    },
    /// It has expired.
    Expired {
        /// The certificate.
        found: Fingerprint,
        /// Since when.
        since: SystemTime,
    },
    /// It is not valid yet. Perhaps our clock is wrong.
    Early {
        /// The certificate.
        found: Fingerprint,
        /// When it becomes valid.
        from: SystemTime,
    },
    /// It is not the pinned one.
    Other {
        /// The pinned certificate.
        pin: Fingerprint,
        /// The server's certificate.
        found: Fingerprint,
    },
    /// There are no trusted authorities, for this reason if the system gave one.
    NoRoots(Option<String>),
    /// No certificate can be for a server of this name.
    NoName(String),
}

impl CertificateFault {
    /// What is wrong with the certificate `found`.
    pub(super) fn new(found: Fingerprint, error: RustlsError, wanted: &ServerName<'_>) -> Self {
        let error = match error {
            RustlsError::InvalidCertificate(error) => error,
            other => return Self::Unknown { found, why: other.to_string() },
        };
        match error {
            CertificateError::NotValidForNameContext { presented, .. } => Self::Name {
                found,
                wanted: wanted.to_str().into_owned(),
                names: presented.iter().map(|name| bare(name).to_owned()).collect(),
            },
            CertificateError::ExpiredContext { not_after, .. } => {
                Self::Expired { found, since: time(not_after) }
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::Early { found, from: time(not_before) }
            }
            CertificateError::Other(why) => Self::Unknown { found, why: why.to_string() },
            other => Self::Unknown { found, why: format!("{other:?}") },
        }
    }
}

/// The name in `DnsName("chat.example")`.
fn bare(name: &str) -> &str {
    name.split_once('(').map_or(name, |(_, rest)| rest.trim_end_matches(')')).trim_matches('"')
}

fn time(time: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs())).unwrap_or(SystemTime::UNIX_EPOCH)
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = |time: &SystemTime| date::seconds(*time);
        let found = match self {
            Self::Unknown { found, why } => {
                write!(f, "the certificate is not signed by an authority that this system trusts ({why})")?;
                found
            }
            Self::Name { found, wanted, names } => {
                let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
                write!(f, "the certificate is for {names}, not for {wanted}")?;
                found
            }
            Self::Expired { found, since } => {
                write!(f, "the certificate expired at {}", date(since))?;
                found
            }
            Self::Early { found, from } => {
                write!(
                    f,
                    "the certificate is only valid from {} on, if the clock here is right",
                    date(from)
                )?;
                found
            }
            Self::Other { pin, found } => {
                return write!(
                    f,
                    "the certificate is {found}, and should be {pin}. Either the server has another one now, which \
                     its owner can tell, or somebody stands between you and the server"
                );
            }
            Self::NoRoots(why) => {
                let why = why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
                return write!(
                    f,
                    "this system has no trusted authorities{why}. Install its CA certificates, give their file as \
                     SSL_CERT_FILE, or add --fingerprint and the server's"
                );
            }
            Self::NoName(host) => return write!(f, "no certificate can be for the name {host:?}"),
        };
        write!(f, ". If you know that it is {found}, as its owner prints it, add --fingerprint {found}")
    }
}

impl std::error::Error for CertificateFault {}

/// Why the handshake failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeFault {
    /// The server does not speak TLS.
    NotTls,
    /// The server does not admit us (RFC 8446 §6.2, `access_denied`).
    Declined,
    /// The server closed the connection.
    Closed,
    /// The handshake took longer than this timeout.
    Late(Duration),
    /// The connection broke.
    Broken(io::Error),
    /// Any other failure of TLS.
    Failed(String),
}

impl HandshakeFault {
    pub(super) fn new(error: &RustlsError) -> Self {
        match error {
            RustlsError::InvalidMessage(_) => Self::NotTls,
            RustlsError::AlertReceived(AlertDescription::AccessDenied) => Self::Declined,
            other => Self::Failed(other.to_string()),
        }
    }
}

impl fmt::Display for HandshakeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTls => f.write_str("it does not speak TLS, try without --tls"),
            Self::Declined => f.write_str(
                "it does not admit this address now: it is full, or the address has too many connections, connects \
                 too often, or is banned",
            ),
            Self::Closed => {
                f.write_str("it closed the connection during the TLS handshake, try without --tls")
            }
            Self::Late(within) => {
                let seconds = within.as_secs_f32();
                write!(
                    f,
                    "it did not complete a TLS handshake within {seconds} s; perhaps it does not speak TLS, try without --tls"
                )
            }
            Self::Broken(error) => write!(f, "the connection broke during the TLS handshake: {error}"),
            Self::Failed(why) => write!(f, "TLS failed: {why}"),
        }
    }
}

impl std::error::Error for HandshakeFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Broken(error) => Some(error),
            Self::NotTls | Self::Declined | Self::Closed | Self::Late(_) | Self::Failed(_) => None,
        }
    }
}
