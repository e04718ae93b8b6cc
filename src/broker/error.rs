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

    /// An error answer of the broker. If it does not know a command, it repeats the command's beginning, which may be what
    /// people say or a password: that is cut.
    pub(super) fn refused(words: &[u8]) -> Self {
        let words = String::from_utf8_lossy(words);
        let end = words.find(", with args").unwrap_or(words.len());
        Self::Refused(words[..end].into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_broker_repeats_of_a_command_is_left_out() {
        let words = b"ERR unknown command 'AUTH', with args beginning with: 'parlor' 'secret' ";
        assert_eq!(BrokerError::refused(words).to_string(), "it refuses: ERR unknown command 'AUTH'");
        assert_eq!(BrokerError::refused(b"LOADING wait").to_string(), "it refuses: LOADING wait");
    }
}
