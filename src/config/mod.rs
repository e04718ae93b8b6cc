//! Options of both programs, and limits with their units.

mod client;
#[cfg(feature = "tools")]
mod printed;
mod server;
mod setting;
mod table;
mod values;

#[cfg(feature = "tls")]
pub use client::Trust;
pub use client::{ClientConfig, Color, EARLIER_MOST};
#[cfg(feature = "cluster")]
pub use server::ClusterConfig;
#[cfg(feature = "tools")]
pub use server::advice_for;
#[cfg(feature = "store")]
pub use server::{AccountPolicy, AccountsConfig, HistoryConfig};
pub use server::{Changes, Operator, Proxy, ServerConfig, ServerTask};
#[cfg(feature = "tls")]
pub use server::{Credentials, TlsConfig};
#[cfg(feature = "web")]
pub use server::{PageOrigin, WebConfig, WebFile, WebRoot};

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

/// The limits of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest accepted frame in bytes, including delimiters.
    pub frame_bytes: usize,
    /// Most unsent bytes of a connection.
    pub outbox_bytes: usize,
    /// Most bytes for all connections, rooms and users together.
    pub memory_bytes: usize,
    /// The rate limit of a peer; `None` for no limit.
    pub flood: Option<Flood>,
    /// Most connections at the same time.
    pub connections: usize,
    /// Most connections from one address (IPv6: from one /64); peers on this machine are exempt.
    pub connections_per_ip: usize,
    /// Time to log in.
    pub login_timeout: Duration,
    /// Silence after which an IRC client gets a PING.
    pub ping_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 8 * 1024,
            outbox_bytes: 256 * 1024,
            memory_bytes: 64 * 1024 * 1024,
            flood: Some(Flood { burst: 10, per_second: 2 }),
            connections: 10_000,
            connections_per_ip: 16,
            login_timeout: Duration::from_secs(30),
            ping_after: Duration::from_secs(90),
        }
    }
}

/// A rate limit: a burst of messages, and a rate after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flood {
    /// Messages in a burst, at least 1.
    pub burst: u32,
    /// Messages per second, at least 1.
    pub per_second: u32,
}

#[cfg(feature = "upgrade")]
crate::cbor::map!(Flood { 0: burst, 1: per_second });

/// What a command line asks for. `T` is a task other than running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation<C, T = Infallible> {
    /// Run with this config.
    Run(C),
    /// Print this on standard output, and exit.
    Print(String),
    /// Do this task, and exit.
    Do(T),
}

/// A wrong option, value or file, described in one line for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl ConfigError {
    /// For errors of config that comes from elsewhere than a command line.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl From<getopts::Fail> for ConfigError {
    fn from(fail: getopts::Fail) -> Self {
        use getopts::Fail;
        // getopts reports names without their dashes, and its own messages begin in upper case.
        Self(match fail {
            Fail::ArgumentMissing(name) => format!("{} needs a value", dashed(&name)),
            Fail::UnrecognizedOption(name) => format!("unknown option {} (see --help)", dashed(&name)),
            Fail::OptionMissing(name) => format!("{} is required", dashed(&name)),
            Fail::OptionDuplicated(name) => format!("{} is given more than once", dashed(&name)),
            Fail::UnexpectedArgument(name) => format!("{} takes no value", dashed(&name)),
        })
    }
}

fn dashed(name: &str) -> String {
    if name.chars().count() == 1 { format!("-{name}") } else { format!("--{name}") }
}

/// The output of `--version`.
fn version(program: &str) -> String {
    format!("{program} {}\n", env!("CARGO_PKG_VERSION"))
}
