//! Why the program fails, and its exit status.

use std::fmt;

#[cfg(feature = "tls")]
use crate::client::TlsError;
use crate::client::{AccountFault, Error};

/// Why the program fails.
#[derive(Debug)]
pub struct Failure {
    message: String,
    /// The exit status: 1 the connection failed, 2 the input was wrong, 3 the server refused or has the wrong
    /// certificate, 143 SIGTERM.
    pub status: u8,
}

impl Failure {
    pub(super) fn new(status: u8, message: impl Into<String>) -> Self {
        Self { message: message.into(), status }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(status(&error), error.to_string())
    }
}

/// The exit status for an error of the client.
pub(super) fn status(error: &Error) -> u8 {
    match error {
        Error::Connect { .. }
        | Error::NoThread(_)
        | Error::Lost { .. }
        | Error::NoAnswer { .. }
        | Error::Unavailable { .. } => 1,
        Error::Account { fault: AccountFault::Exposed | AccountFault::Unsendable(_), .. } => 2,
        Error::Account { .. } => 3,
        Error::Mark(_) | Error::NoRoom | Error::Unsupported { .. } | Error::NotOffered { .. } => 2,
        Error::Refused { .. } | Error::PasswordRefused { .. } | Error::NameRefused { .. } => 3,
        #[cfg(feature = "tls")]
        Error::Tls { error: TlsError::Handshake(_), .. } => 1,
        #[cfg(feature = "tls")]
        Error::Tls { error: TlsError::Certificate(_), .. } => 3,
    }
}
