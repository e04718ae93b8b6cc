//! The errors of a client.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use super::account::{Account, AccountFault};
use super::texts::{printable, refusal as declined};
#[cfg(feature = "tls")]
use super::tls::TlsError;
use crate::address::Address;
use crate::blocking_socket::ConnectError;
use crate::name::UserName;
use crate::wire::crazyit::MarkInside;

/// Why a request to the client failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is no connection to the server.
    Connect {
        /// Which server.
        server: Address,
        /// Why.
        error: ConnectError,
    },
    /// The server can be reached, but TLS failed.
    #[cfg(feature = "tls")]
    Tls {
        /// Which server.
        server: Address,
        /// Why.
        error: TlsError,
    },
    /// The connection broke.
    Lost {
        /// Which server.
        server: Address,
        /// The step in which it broke.
        step: Step,
        /// The error of the system.
        error: io::Error,
    },
    /// The server did not answer the login in time.
    NoAnswer {
        /// Which server.
        server: Address,
        /// The timeout.
        within: Duration,
    },
    /// The server ended the connection before the login without a code for the cause. It may be full or shutting
    /// down. A later attempt may succeed.
    Unavailable {
        /// Which server.
        server: Address,
        /// The text of the server.
        line: String,
    },
    /// The server banned us or does not admit us, and said so by code. A later attempt will not succeed.
    Refused {
        /// Which server.
        server: Address,
        /// The text of the server.
        line: String,
    },
    /// The password is wrong or missing.
    PasswordRefused {
        /// Which server.
        server: Address,
        /// The text of the server.
        line: String,
        /// The client gave a password.
        was_given: bool,
    },
    /// The name is taken or not allowed.
    NameRefused {
        /// Which name.
        name: UserName,
        /// The text of the server. `None` on the CrazyIt wire, where the password may also be wrong.
        why: Option<String>,
    },
    /// We cannot log in to the account, or register it.
    Account {
        /// The account.
        name: String,
        /// Why.
        fault: AccountFault,
    },
    /// The client has not joined a room to speak in.
    NoRoom,
    /// The text contains a mark of the protocol. Nothing was sent.
    Mark(MarkInside),
    /// The protocol has no such request. Nothing was sent.
    Unsupported {
        /// The kind of request, in the plural.
        what: &'static str,
    },
    /// The server does not offer this. Nothing was sent.
    NotOffered {
        /// The kind of request.
        what: &'static str,
    },
    /// The system refuses to start the reader thread.
    NoThread(io::Error),
}

/// The step in which a client lost the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The login.
    LoggingIn,
    /// After the login.
    Talking,
    /// At the end: the client waited for the server to confirm and close.
    Closing,
}

impl Error {
    /// An attempt to log in to this account, or to register it, has failed.
    pub(super) fn of_account(account: &Account, fault: AccountFault) -> Self {
        Self::Account { name: account.name().to_owned(), fault }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { server, error: ConnectError::Lookup(error) } => {
                write!(f, "cannot find {server}: {error}")
            }
            Self::Connect { server, error: ConnectError::Socket(error) } => {
                write!(f, "cannot connect to {server}: {error}")
            }
            #[cfg(feature = "tls")]
            Self::Tls { server, error } => write!(f, "{server}: {error}"),
            Self::Lost { server, step, error } => {
                match error.kind() {
                    ErrorKind::UnexpectedEof => write!(f, "{server} closed the connection"),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                        write!(f, "{server} stopped answering")
                    }
                    _ => write!(f, "the connection to {server} broke: {error}"),
                }?;
                f.write_str(match step {
                    Step::LoggingIn => ", during the login",
                    Step::Talking => "",
                    Step::Closing => ", before it confirmed everything",
                })
            }
            Self::NoAnswer { server, within } => {
                write!(f, "{server} did not answer the login within {} s", within.as_secs())
            }
            Self::Unavailable { server, line } | Self::Refused { server, line } => {
                write!(f, "{server} said: {}", printable(line))
            }
            Self::PasswordRefused { server, line, was_given } => {
                let advice = if *was_given { "" } else { " (give one with --password-file)" };
                write!(f, "{server} said: {}{advice}", printable(line))
            }
            Self::NameRefused { name, why: None } => {
                write!(f, "the name {name} is taken or not allowed here, or the password is wrong")
            }
            Self::NameRefused { name, why: Some(why) } => {
                f.write_str(&printable(&declined(Some(name.as_str()), why)))
            }
            Self::Account { name, fault } => write!(f, "the account {}: {fault}", printable(name)),
            Self::NoRoom => f.write_str("join a room before you speak"),
            Self::Mark(inside) => write!(f, "not sent: {inside}"),
            Self::Unsupported { what } => write!(f, "not sent: the crazyit protocol has no {what}"),
            Self::NotOffered { what } => write!(f, "not sent: this server offers no {what}"),
            Self::NoThread(error) => write!(f, "cannot start the reader thread: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect { error, .. } => Some(error.system_error()),
            Self::Lost { error, .. } | Self::NoThread(error) => Some(error),
            #[cfg(feature = "tls")]
            Self::Tls { error, .. } => Some(error),
            Self::Mark(inside) => Some(inside),
            Self::Account { fault, .. } => Some(fault),
            Self::NoAnswer { .. }
            | Self::Unavailable { .. }
            | Self::Refused { .. }
            | Self::PasswordRefused { .. }
            | Self::NameRefused { .. }
            | Self::NoRoom
            | Self::Unsupported { .. }
            | Self::NotOffered { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_name_is_shown_once_with_the_reason() {
        let refused = |why: Option<&str>| {
            let name = UserName::new("alice").unwrap();
            Error::NameRefused { name, why: why.map(str::to_owned) }.to_string()
        };
        assert_eq!(refused(None), "the name alice is taken or not allowed here, or the password is wrong");
        assert_eq!(refused(Some("the name alice is taken")), "the name alice is taken");
        assert_eq!(refused(Some("Nickname is already in use")), "alice: Nickname is already in use");
    }
}
