//! How servers under test run, unless a test says otherwise: the one place for what all of them need.

use parlor::config::{Limits, ServerConfig};

/// What a server of a test holds connections to: most tests send more at once than people do.
pub fn limits() -> Limits {
    Limits { flood: None, ..Limits::default() }
}

/// How a server of a test runs.
pub fn config() -> ServerConfig {
    ServerConfig { limits: limits(), ..ServerConfig::default() }
}

/// How `parlord` runs in a test, as a program.
pub const PARLORD_ARGS: [&str; 4] = ["--listen", "127.0.0.1:0", "--flood", "off"];
