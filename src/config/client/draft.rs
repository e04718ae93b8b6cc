//! A client's settings while they are being read.

use std::time::Duration;

#[cfg(feature = "tls")]
use crate::config::Credentials;
#[cfg(feature = "tls")]
use crate::fingerprint::Fingerprint;
use crate::name::{RoomName, UserName};
use crate::wire::Wire;

/// The default room.
pub(super) const LOBBY: &str = "#lobby";

/// Most earlier lines that can be asked for.
pub const EARLIER_MOST: usize = 1000;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// At a terminal with colours, unless the environment has `NO_COLOR`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    pub(super) const ALL: [Self; 3] = [Self::Auto, Self::Always, Self::Never];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

/// The settings read so far.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Draft {
    /// An address whose port may be missing.
    pub(super) server: Option<String>,
    pub(super) name: Option<UserName>,
    pub(super) wire: Wire,
    #[cfg(feature = "tls")]
    pub(super) tls: bool,
    #[cfg(feature = "tls")]
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) rooms: Vec<RoomName>,
    pub(super) password: Option<String>,
    pub(super) account: Option<String>,
    pub(super) account_password: Option<String>,
    #[cfg(feature = "tls")]
    pub(super) certificate: Option<Credentials>,
    pub(super) highlights: Vec<String>,
    pub(super) color: Color,
    pub(super) history: Option<usize>,
    pub(super) retry: Option<Option<Duration>>,
}
