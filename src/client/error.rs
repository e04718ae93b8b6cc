//! What can go wrong for a client, and where.

use std::fmt;
use std::io;

use super::ANSWER_TIMEOUT;
use crate::address::Address;
use crate::name::UserName;
use crate::wire::crazyit::MarkInside;

/// Why a client cannot do what it was asked to.
#[derive(Debug)]
pub enum Error {
    /// The server cannot be reached.
    Connect {
        /// Which server.
        server: Address,
        /// What the system said.
        error: io::Error,
    },
    /// The connection broke.
    Lost {
        /// Which server.
        server: Address,
        /// What the system said.
        error: io::Error,
    },
    /// The server did not answer the login within [`ANSWER_TIMEOUT`].
    NoAnswer {
        /// Which server.
        server: Address,
    },
    /// The server does not want us, whatever our name.
    Refused {
        /// Which server.
        server: Address,
        /// What it said.
        line: String,
    },
    /// The name is taken, or this server does not allow it.
    NameRefused {
        /// Which name.
        name: UserName,
    },
    /// The text cannot be sent. Nothing was.
    Mark(MarkInside),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { server, error } => write!(f, "cannot connect to {server}: {error}"),
            Self::Lost { server, error } if error.kind() == io::ErrorKind::UnexpectedEof => {
                write!(f, "{server} closed the connection")
            }
            Self::Lost { server, error } => write!(f, "the connection to {server} broke: {error}"),
            Self::NoAnswer { server } => {
                write!(f, "{server} did not answer the login within {} s", ANSWER_TIMEOUT.as_secs())
            }
            Self::Refused { server, line } => write!(f, "{server} said: {}", line.trim_start_matches("* ")),
            Self::NameRefused { name } => write!(f, "the name {name} is taken or not allowed here"),
            Self::Mark(inside) => write!(f, "not sent: {inside}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect { error, .. } | Self::Lost { error, .. } => Some(error),
            Self::Mark(inside) => Some(inside),
            Self::NoAnswer { .. } | Self::Refused { .. } | Self::NameRefused { .. } => None,
        }
    }
}
