//! Why connections end.

use std::fmt;
use std::io;
use std::time::{Duration, SystemTime};

use crate::date;

/// Why a connection ends: for the log, for the rooms of its user and, if the server closes it, for the farewell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The peer shut down its writing side, and its input has been handled.
    PeerFinished,
    /// The peer quit, with an optional reason.
    Quit(String),
    /// The network or the peer broke the connection.
    Lost(io::ErrorKind),
    /// The peer sent malformed data, and the start of its next frame is unknown.
    Malformed(String),
    /// The peer does not read: its outbox exceeded this many bytes.
    OutboxFull(usize),
    /// All connections together exceeded this many bytes, and this peer used the most.
    MemoryFull(usize),
    /// The peer did not log in within this time.
    LoginTimeout(Duration),
    /// The peer sent nothing for this long, although it was pinged.
    PingTimeout(Duration),
    /// The peer did not read its last bytes in time.
    Stalled,
    /// The peer does not speak TLS on a TLS port.
    NotTls,
    /// TLS failed with this error.
    TlsFailed(String),
    /// The peer asked over HTTP, and its requests are answered.
    #[cfg(feature = "web")]
    Answered,
    /// Wrong server password.
    WrongPassword,
    /// The server could not check the password.
    PasswordNotChecked,
    /// The server requires an account.
    #[cfg(feature = "store")]
    AccountRequired,
    /// The peer could not log in to an account.
    #[cfg(feature = "store")]
    LoginFailed,
    /// The peer has logged in to its account and cannot enter, for this reason.
    #[cfg(feature = "store")]
    NotEntered(String),
    /// An operator killed the connection.
    Killed {
        /// The operator.
        by: String,
        reason: String,
    },
    /// The account of the user is deleted.
    #[cfg(feature = "store")]
    AccountDropped,
    /// The peer's address is banned.
    Banned {
        /// When the ban ends; `None` for never.
        until: Option<SystemTime>,
        /// The reason; may be empty.
        reason: String,
    },
    /// The server has reached this number of connections.
    ServerFull(usize),
    /// Connections have reached this many bytes of memory.
    NoMemory(usize),
    /// The peer's address has reached this number of connections.
    AddressFull(usize),
    /// The peer's address connects too often.
    ConnectsTooOften {
        /// How many connections it may open at once.
        burst: u32,
        /// How long it must wait now.
        wait: Duration,
    },
    /// The server shuts down.
    ShuttingDown,
    /// Another program takes the place of this one, and cannot take over the connection.
    #[cfg(feature = "upgrade")]
    Upgrading,
}

/// Tells a peer that the server could not check its password.
pub const PASSWORD_NOT_CHECKED: &str = "the server cannot check passwords right now, try again later";

impl CloseReason {
    /// True when the peer is told before its connection ends: the server closes it, or the peer quit and waits for
    /// confirmation.
    pub fn is_told(&self) -> bool {
        match self {
            Self::PeerFinished | Self::Lost(_) | Self::Stalled | Self::TlsFailed(_) => false,
            #[cfg(feature = "web")]
            Self::Answered => false,
            Self::Quit(_)
            | Self::Malformed(_)
            | Self::OutboxFull(_)
            | Self::MemoryFull(_)
            | Self::LoginTimeout(_)
            | Self::PingTimeout(_)
            | Self::NotTls
            | Self::WrongPassword
            | Self::PasswordNotChecked
            | Self::Killed { .. }
            | Self::Banned { .. }
            | Self::ServerFull(_)
            | Self::NoMemory(_)
            | Self::AddressFull(_)
            | Self::ConnectsTooOften { .. }
            | Self::ShuttingDown => true,
            #[cfg(feature = "store")]
            Self::AccountDropped | Self::AccountRequired | Self::LoginFailed | Self::NotEntered(_) => true,
            #[cfg(feature = "upgrade")]
            Self::Upgrading => true,
        }
    }

    /// True when the peer has probably received everything that it was sent: it was not cut off.
    pub fn is_whole(&self) -> bool {
        !matches!(
            self,
            Self::Lost(_)
                | Self::OutboxFull(_)
                | Self::MemoryFull(_)
                | Self::PingTimeout(_)
                | Self::Stalled
                | Self::TlsFailed(_)
        )
    }

    /// True when the server does not wait until the peer can be told, because its time is up.
    pub fn waits_for_nobody(&self) -> bool {
        #[cfg(feature = "upgrade")]
        if *self == Self::Upgrading {
            return true;
        }
        matches!(self, Self::LoginTimeout(_) | Self::ShuttingDown)
    }

    /// A stable name of the variant, for metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::PeerFinished => "end-of-input",
            Self::Quit(_) => "quit",
            Self::Lost(_) => "lost",
            Self::Malformed(_) => "malformed",
            Self::OutboxFull(_) => "outbox-full",
            Self::MemoryFull(_) => "memory-full",
            Self::LoginTimeout(_) => "login-timeout",
            Self::PingTimeout(_) => "ping-timeout",
            Self::Stalled => "stalled",
            Self::NotTls => "not-tls",
            Self::TlsFailed(_) => "tls-failed",
            #[cfg(feature = "web")]
            Self::Answered => "http",
            Self::WrongPassword => "wrong-password",
            Self::PasswordNotChecked => "password-not-checked",
            Self::Killed { .. } => "killed",
            #[cfg(feature = "store")]
            Self::AccountDropped => "account-dropped",
            #[cfg(feature = "store")]
            Self::AccountRequired => "account-required",
            #[cfg(feature = "store")]
            Self::LoginFailed => "login-failed",
            #[cfg(feature = "store")]
            Self::NotEntered(_) => "not-entered",
            Self::Banned { .. } => "banned",
            Self::ServerFull(_) => "server-full",
            Self::NoMemory(_) => "no-memory",
            Self::AddressFull(_) => "address-full",
            Self::ConnectsTooOften { .. } => "connects-too-often",
            Self::ShuttingDown => "shutting-down",
            #[cfg(feature = "upgrade")]
            Self::Upgrading => "upgrading",
        }
    }

    /// The same reason without text written by users, which the log never shows.
    pub fn without_words(&self) -> Self {
        match self {
            Self::Quit(_) => Self::Quit(String::new()),
            Self::Killed { by, .. } => Self::Killed { by: by.clone(), reason: String::new() },
            Self::Banned { until, .. } => Self::Banned { until: *until, reason: String::new() },
            Self::PeerFinished
            | Self::Lost(_)
            | Self::Malformed(_)
            | Self::OutboxFull(_)
            | Self::MemoryFull(_)
            | Self::LoginTimeout(_)
            | Self::PingTimeout(_)
            | Self::Stalled
            | Self::NotTls
            | Self::TlsFailed(_)
            | Self::WrongPassword
            | Self::PasswordNotChecked
            | Self::ServerFull(_)
            | Self::NoMemory(_)
            | Self::AddressFull(_)
            | Self::ConnectsTooOften { .. }
            | Self::ShuttingDown => self.clone(),
            #[cfg(feature = "web")]
            Self::Answered => Self::Answered,
            #[cfg(feature = "upgrade")]
            Self::Upgrading => Self::Upgrading,
            #[cfg(feature = "store")]
            Self::AccountDropped | Self::AccountRequired | Self::LoginFailed | Self::NotEntered(_) => {
                self.clone()
            }
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerFinished => f.write_str("end of input"),
            // The prefix that IRC users know. It prevents users from faking other reasons.
            Self::Quit(message) if message.is_empty() => f.write_str("Quit"),
            Self::Quit(message) => write!(f, "Quit: {message}"),
            Self::Lost(kind) => write!(f, "connection broken: {kind}"),
            Self::Malformed(what) => write!(f, "{what}"),
            Self::OutboxFull(bytes) => {
                write!(f, "outbox full: more than {bytes} bytes were waiting to be read")
            }
            Self::MemoryFull(bytes) => write!(
                f,
                "server memory full: more than {bytes} bytes were kept for all, and most of them for you: read faster"
            ),
            Self::LoginTimeout(time) => write!(f, "no login within {} s", time.as_secs()),
            Self::PingTimeout(time) => write!(f, "ping timeout: no answer for {} s", time.as_secs()),
            Self::Stalled => f.write_str("the last bytes were not read in time"),
            Self::NotTls => f.write_str("this port requires TLS: connect with TLS, or to a port without it"),
            Self::TlsFailed(why) => write!(f, "TLS failed: {why}"),
            #[cfg(feature = "web")]
            Self::Answered => f.write_str("HTTP requests answered"),
            Self::WrongPassword => f.write_str("wrong server password"),
            Self::PasswordNotChecked => f.write_str(PASSWORD_NOT_CHECKED),
            Self::Killed { by, reason } if reason.is_empty() => write!(f, "killed by {by}"),
            Self::Killed { by, reason } => write!(f, "killed by {by}: {reason}"),
            #[cfg(feature = "store")]
            Self::AccountDropped => f.write_str("the account is deleted"),
            #[cfg(feature = "store")]
            Self::AccountRequired => {
                f.write_str("this server requires an account: log in to yours, or ask its operators for one")
            }
            #[cfg(feature = "store")]
            Self::LoginFailed => f.write_str("no account with this password"),
            #[cfg(feature = "store")]
            Self::NotEntered(why) => f.write_str(why),
            Self::Banned { until, reason } => {
                f.write_str("banned from this server")?;
                if let Some(until) = until {
                    write!(f, " until {}", date::seconds(*until))?;
                }
                if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
            }
            Self::ServerFull(most) => {
                write!(f, "the server is full ({most} connections), try again in a few minutes")
            }
            Self::NoMemory(most) => {
                write!(f, "connections have reached their limit of {most} bytes, try again in a few minutes")
            }
            Self::AddressFull(most) => {
                write!(f, "your address has {most} connections already, end one of them first")
            }
            Self::ConnectsTooOften { burst, wait } => {
                // Rounded up, so that a peer that waits this long gets in.
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                write!(
                    f,
                    "your address has connected more than {burst} times in a row, try again in {seconds} s"
                )
            }
            Self::ShuttingDown => f.write_str("the server is shutting down"),
            #[cfg(feature = "upgrade")]
            Self::Upgrading => f.write_str("the server is being upgraded, connect again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_written_by_users_is_left_out_of_the_log() {
        let killed = CloseReason::Killed { by: "root".into(), reason: "secret".into() };
        for (reason, logged) in [
            (CloseReason::Quit("\x1b[2Jsecret".into()), "Quit"),
            (killed, "killed by root"),
            (CloseReason::Banned { until: None, reason: "secret".into() }, "banned from this server"),
            (CloseReason::PeerFinished, "end of input"),
        ] {
            assert_eq!(reason.without_words().to_string(), logged);
        }
    }
}
