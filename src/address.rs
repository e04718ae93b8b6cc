//! Addresses to listen on or connect to: `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

#[cfg(feature = "upgrade")]
use crate::cbor::cases;

/// The port of the CrazyIt textbook, our default.
pub const DEFAULT_PORT: u16 = 30000;

/// The port of IRC over TLS (RFC 7194), our default with TLS.
#[cfg(feature = "tls")]
pub const DEFAULT_TLS_PORT: u16 = 6697;

/// An address as written. Host names are resolved on use, not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host and a port. Port 0 lets the system choose one to listen on.
    Tcp {
        /// A host name or IP address, without brackets.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// The path of a Unix stream socket.
    Unix(PathBuf),
}

#[cfg(feature = "upgrade")]
cases!(Address, "address" { 0 => Tcp { 0: host, 1: port }, 1 => Unix(0: path) });

/// Why a text is not a valid address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// No host before the port.
    NoHost,
    /// No port, but it is required here.
    NoPort,
    /// The text after the colon is not a number from 0 to 65535.
    Port,
    /// Unbalanced brackets, or an IPv6 address without brackets.
    Brackets,
    /// `unix:` without a path.
    NoPath,
}

impl Address {
    /// Parses an address with a port.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        match Self::split(text)? {
            Parts::Unix(path) => Ok(Self::Unix(path)),
            Parts::Tcp { port: None, .. } => Err(AddressError::NoPort),
            Parts::Tcp { host, port: Some(port) } => Ok(Self::Tcp { host, port }),
        }
    }

    /// Parses an address with an optional port.
    pub fn parse_or_port(text: &str, default_port: u16) -> Result<Self, AddressError> {
        Ok(match Self::split(text)? {
            Parts::Unix(path) => Self::Unix(path),
            Parts::Tcp { host, port } => Self::Tcp { host, port: port.unwrap_or(default_port) },
        })
    }

    /// True for a listener at every address of this machine, to which nobody can connect by that address.
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Self::Tcp { host, .. } if host == "0.0.0.0" || host == "::")
    }

    /// The port, if other machines can reach it.
    pub fn public_port(&self) -> Option<u16> {
        match self {
            Self::Tcp { host, port } => match host.parse::<IpAddr>() {
                Ok(ip) => Some(*port).filter(|_| !ip.is_loopback()),
                Err(_) => Some(*port).filter(|_| host != "localhost"),
            },
            Self::Unix(_) => None,
        }
    }

    fn split(text: &str) -> Result<Parts, AddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(AddressError::NoPath) } else { Ok(Parts::Unix(path.into())) };
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or(AddressError::Brackets)?;
                match rest.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if rest.is_empty() => (host, None),
                    None => return Err(AddressError::Brackets),
                }
            }
            None => match text.split_once(':') {
                Some((_, rest)) if rest.contains(':') => return Err(AddressError::Brackets),
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        if host.is_empty() {
            return Err(AddressError::NoHost);
        }
        let port = port.map(|p| p.parse().map_err(|_| AddressError::Port)).transpose()?;
        Ok(Parts::Tcp { host: host.to_owned(), port })
    }
}

enum Parts {
    Tcp { host: String, port: Option<u16> },
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHost => "there is no host before the port",
            Self::NoPort => "there is no port; write HOST:PORT",
            Self::Port => "the port is not a number from 0 to 65535",
            Self::Brackets => "an IPv6 address stands in brackets: [::1]:30000",
            Self::NoPath => "there is no path after unix:",
        })
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_reachable_from_other_machines_have_a_public_port() {
        for (text, port) in [
            ("0.0.0.0:1", Some(1)),
            ("[::]:2", Some(2)),
            ("192.0.2.1:3", Some(3)),
            ("chat.example:4", Some(4)),
            ("127.0.0.1:5", None),
            ("127.1.2.3:6", None),
            ("[::1]:7", None),
            ("localhost:8", None),
            ("unix:/run/x", None),
        ] {
            assert_eq!(Address::parse(text).unwrap().public_port(), port, "{text}");
        }
    }

    #[test]
    fn parsing_a_displayed_address_gives_the_same_address() {
        for text in ["localhost:30000", "127.0.0.1:0", "[::1]:30000", "unix:/run/parlord.sock"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_default_port_is_only_used_where_it_is_allowed() {
        assert_eq!(Address::parse("localhost"), Err(AddressError::NoPort));
        assert_eq!(Address::parse_or_port("localhost", 7).unwrap().to_string(), "localhost:7");
        assert_eq!(Address::parse_or_port("[::1]", 7).unwrap().to_string(), "[::1]:7");
    }

    #[test]
    fn an_invalid_address_is_refused_with_a_reason() {
        let cases = [
            ("", AddressError::NoHost),
            (":30000", AddressError::NoHost),
            ("a:b", AddressError::Port),
            ("a:65536", AddressError::Port),
            ("a:", AddressError::Port),
            ("::1", AddressError::Brackets),
            ("[::1", AddressError::Brackets),
            ("[::1]x", AddressError::Brackets),
            ("unix:", AddressError::NoPath),
        ];
        for (text, why) in cases {
            assert_eq!(Address::parse(text), Err(why), "{text:?}");
        }
    }
}
