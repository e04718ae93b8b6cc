//! The config that servers under test share.

use parlor::config::{Limits, ServerConfig};

/// Default limits without flood control: most tests send faster than people do.
pub fn limits() -> Limits {
    Limits { flood: None, ..Limits::default() }
}

pub fn config() -> ServerConfig {
    ServerConfig { limits: limits(), ..ServerConfig::default() }
}

pub const PARLORD_ARGS: [&str; 4] = ["--listen", "127.0.0.1:0", "--flood", "off"];
