//! Why a server cannot start.

use std::fmt;
use std::io;

use crate::address::Address;

/// An error of starting the server.
#[derive(Debug)]
pub struct BindError {
    /// The address at which it could not listen; `None` for other errors.
    pub address: Option<Address>,
    /// The system's error.
    pub error: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Some(address) if self.error.kind() == io::ErrorKind::AddrInUse => write!(
                f,
                "cannot listen on {address}: {}; end the program that listens there, perhaps another parlord, or \
                 choose another address (see --listen)",
                self.error
            ),
            Some(address) => write!(f, "cannot listen on {address}: {}", self.error),
            None => write!(f, "{}", self.error),
        }
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
