//! An account to log in to, and why that fails.

use std::fmt;

use super::texts::printable;
#[cfg(any(feature = "store", feature = "tls"))]
use crate::secret::ProverError;

/// An account, and what proves that it is ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    name: String,
    password: Option<String>,
}

impl Account {
    /// An account with a password. On parlord, the name of this device may follow, as in `alice/phone`.
    pub fn new(name: &str, password: &str) -> Self {
        Self { name: name.to_owned(), password: Some(password.to_owned()) }
    }

    /// An account that knows the certificate of [`Tls::with_certificate`](super::Tls::with_certificate).
    #[cfg(feature = "tls")]
    pub fn by_certificate(name: &str) -> Self {
        Self { name: name.to_owned(), password: None }
    }

    /// The name, with that of the device.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }
}

/// Omits the password, so that no log has it.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why we are not logged in to an account, or it is not registered. Unless a variant says otherwise, a later attempt
/// will not succeed either.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountFault {
    /// The password is wrong, or there is no such account (904).
    Refused {
        /// The text of the server.
        line: String,
    },
    /// The account cannot be entered, for another reason (902, 905 to 907). Perhaps too many devices are in it.
    Declined {
        /// The text of the server.
        line: String,
    },
    /// The server could not check the password (`FAIL AUTHENTICATE TEMPORARILY_UNAVAILABLE`). A login fails with
    /// [`Error::Unavailable`](super::Error::Unavailable) then.
    Unavailable {
        /// The text of the server.
        line: String,
    },
    /// The server has no accounts, or offers no login to them (IRCv3 `sasl`).
    NotOffered,
    /// The server offers none of the mechanisms that we can use (908).
    NoMechanism {
        /// The mechanisms that it offers.
        offered: String,
    },
    /// The server wants the password itself, and others could read it on the way. It was not sent.
    Exposed,
    /// The server cannot carry this password, for this reason. It was not sent.
    Unsendable(&'static str),
    /// The server registers accounts only with an e-mail address.
    NeedsEmail,
    /// SCRAM failed: the server may be another one than it should be.
    #[cfg(any(feature = "store", feature = "tls"))]
    Scram(ProverError),
    /// The server does not follow the specification.
    Malformed,
}

impl fmt::Display for AccountFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { line } | Self::Declined { line } | Self::Unavailable { line } => {
                f.write_str(&printable(line))
            }
            Self::NotOffered => f.write_str("the server has no accounts, or offers no login to them (SASL)"),
            Self::NoMechanism { offered } => {
                let offered = printable(offered);
                write!(f, "none of the ways to log in that the server offers can be used here: {offered}")
            }
            Self::Exposed => f.write_str(
                "the server wants the password itself, and others could read it on the way: connect with TLS",
            ),
            Self::Unsendable(why) => f.write_str(why),
            Self::NeedsEmail => f.write_str("the server registers accounts only with an e-mail address"),
            #[cfg(any(feature = "store", feature = "tls"))]
            Self::Scram(why) => write!(f, "{why}"),
            Self::Malformed => f.write_str("the server does not follow the specification of SASL"),
        }
    }
}

impl std::error::Error for AccountFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_no_password() {
        let shown = format!("{:?}", Account::new("alice/phone", "open sesame"));
        assert_eq!(shown, "Account { name: \"alice/phone\", .. }");
    }

    #[test]
    fn what_a_server_says_cannot_control_the_terminal() {
        let refused = AccountFault::Refused { line: "\x1b[2J".into() };
        assert_eq!(refused.to_string(), "\u{fffd}[2J");
    }
}
