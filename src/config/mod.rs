//! Options of both programs, and the limits that come of them, with their units.

mod client;
mod server;
mod setting;
mod table;
mod values;

#[cfg(feature = "tls")]
pub use client::Trust;
pub use client::{ClientConfig, Color};
pub use server::{Changes, Operator, Proxy, ServerConfig, ServerTask};
#[cfg(feature = "tls")]
pub use server::{Credentials, TlsConfig};

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

/// What every connection is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest frame taken, in bytes, its delimiters included.
    pub frame_bytes: usize,
    /// Most unsent bytes kept for one connection.
    pub outbox_bytes: usize,
    /// Most bytes kept for all connections, rooms and users together.
    pub memory_bytes: usize,
    /// How fast one peer may send; `None` for as fast as it likes.
    pub flood: Option<Flood>,
    /// Most connections at the same time.
    pub connections: usize,
    /// Most of them from one address, of IPv6 from one /64; peers on this machine are not counted.
    pub connections_per_ip: usize,
    /// Time to log in.
    pub login_timeout: Duration,
    /// How long an IRC client may be silent before it is asked for a sign of life.
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

/// How fast one peer may send: so many messages at once, and so many a second after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flood {
    /// Messages at once, at least 1.
    pub burst: u32,
    /// Messages a second, at least 1.
    pub per_second: u32,
}

/// What a command line asks a program to do. `T` is what it can do besides running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation<C, T = Infallible> {
    /// Run like this.
    Run(C),
    /// Print this on standard output, and end.
    Print(String),
    /// Do this, and end.
    Do(T),
}

/// An option, value or file that is wrong, in one line for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl ConfigError {
    /// For who reads a config in another way than from a command line.
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
        // getopts gives names without their dashes, and its own sentences begin in upper case.
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

/// What both programs print for `--version`.
fn version(program: &str) -> String {
    format!("{program} {}\n", env!("CARGO_PKG_VERSION"))
}
