//! Why a server cannot be set up.

use std::fmt;
use std::io;

use crate::address::Address;

/// A server that could not be set up.
#[derive(Debug)]
pub struct BindError {
    /// Where it should have listened; `None` when it was not about an address.
    pub address: Option<Address>,
    /// What the system said.
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
