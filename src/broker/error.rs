//! Why the broker gives no answer.

use std::fmt;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerError {
    /// The broker refuses the command, in these words. The connection goes on.
    Refused(Box<str>),
    /// The connection has failed, or an answer makes no sense. Open another one.
    Broken(Box<str>),
}

impl BrokerError {
    pub(crate) fn broken(why: impl fmt::Display) -> Self {
        Self::Broken(why.to_string().into())
    }

    pub(super) fn refused(words: &[u8]) -> Self {
        Self::Refused(String::from_utf8_lossy(words).into())
    }

    /// True if the broker refuses with this code, the first word of what it says.
    pub fn has_code(&self, code: &str) -> bool {
        match self {
            Self::Refused(words) => words.split(' ').next() == Some(code),
            Self::Broken(_) => false,
        }
    }
}

impl fmt::Display for BrokerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(words) => write!(f, "it refuses: {words}"),
            Self::Broken(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for BrokerError {}
