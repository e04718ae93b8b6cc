//! The broker that several nodes share, Redis or Valkey: its address, and a client for it, which blocks.
//!
//! The client speaks RESP2 over a socket of the standard library. The `redis` package does the same in ten times the size
//! (doc/CLUSTER.md, “The client”). Knows no keys: `cluster` and `store` do.

mod command;
mod connection;
mod error;
mod sentinel;
mod single;
mod slot;
mod spread;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
mod tls;
mod url;
mod value;

pub use command::{Argument, Command, Script, sha1_hex};
pub use connection::Connection;
pub use error::BrokerError;
pub use tls::Authorities;
pub use url::BrokerUrlError;
pub use value::Value;

use std::fmt;
use std::time::Duration;

use crate::address::Address;

/// How long connecting may take, and then each write and each wait for an answer.
pub const TIMEOUT: Duration = Duration::from_secs(3);

/// The address of a broker and how to log in there, as a URL has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    kind: Kind,
    servers: Vec<Address>,
    login: Option<Login>,
    database: u32,
    is_tls: bool,
    /// The authorities that may have signed its certificate; `None` for those that the system trusts.
    authorities: Option<Authorities>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// One server.
    One,
    /// The primary server of this service, which sentinels know.
    Sentinel(Box<str>),
    /// A Redis Cluster.
    Spread,
}

#[derive(Clone, PartialEq, Eq)]
struct Login {
    user: Option<Box<str>>,
    password: Box<str>,
}

impl Broker {
    /// Trusts only certificates of these authorities.
    pub fn trust(&mut self, authorities: Authorities) {
        self.authorities = Some(authorities);
    }

    /// Opens a connection. The error is one line, which names the address.
    pub fn open(&self) -> Result<Connection, String> {
        Connection::open(self).map_err(|error| self.explain(&error))
    }

    /// An error in one line, which names the address.
    pub fn explain(&self, error: &BrokerError) -> String {
        // The text may come from the broker, with control characters.
        let why = error.to_string().replace(char::is_control, " ");
        format!("broker {self}: {}", why.trim())
    }
}

/// The address without the password.
impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, server) in self.servers.iter().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            server.fmt(f)?;
        }
        Ok(())
    }
}

/// Does not show the password.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_is_not_there_is_an_error_of_one_line_with_its_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let broker: Broker = format!("redis://:secret@{address}").parse().unwrap();
        let error = broker.open().err().unwrap();
        assert!(error.contains(&address) && error.lines().count() == 1, "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
