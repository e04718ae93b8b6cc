//! How servers under test run, unless a test says otherwise: the one place for what all of them need.

use parlor::config::{Limits, ServerConfig};

/// What a server of a test holds connections to.
pub fn limits() -> Limits {
    Limits::default()
}

/// How a server of a test runs.
pub fn config() -> ServerConfig {
    ServerConfig { limits: limits(), ..ServerConfig::default() }
}

/// How `parlord` runs in a test, as a program.
pub const PARLORD_ARGS: [&str; 2] = ["--listen", "127.0.0.1:0"];
