//! The servers that are compared.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::wire::Wire;

/// Directories to search for servers besides those in `PATH`.
const MORE_DIRECTORIES: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Relay,
    Parlord,
    Ngircd,
    Inspircd,
    Redis,
    Nats,
}

/// All servers in the order of the tables, the limit first.
pub(crate) const KINDS: [Kind; 6] =
    [Kind::Relay, Kind::Parlord, Kind::Inspircd, Kind::Ngircd, Kind::Redis, Kind::Nats];

/// Those with TLS. ngircd has it, but reads 2 KB of a record, and the rest only when another record comes: the end of a
/// record with 30 lines waits, and so do the speakers, for ever.
pub(crate) const TLS_KINDS: [Kind; 4] = [Kind::Parlord, Kind::Inspircd, Kind::Redis, Kind::Nats];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Relay => "bare relay",
            Self::Parlord => "parlord",
            Self::Ngircd => "ngircd",
            Self::Inspircd => "InspIRCd",
            Self::Redis => "redis-server",
            Self::Nats => "nats-server",
        }
    }

    pub(crate) fn wire(self) -> Wire {
        match self {
            Self::Relay => Wire::Raw,
            Self::Parlord | Self::Ngircd | Self::Inspircd => Wire::Irc,
            Self::Redis => Wire::Redis,
            Self::Nats => Wire::Nats,
        }
    }

    /// Its program, if installed.
    pub(crate) fn program(self) -> Option<PathBuf> {
        match self {
            // This program, as a child.
            Self::Relay => env::current_exe().ok(),
            Self::Parlord => Some(env!("CARGO_BIN_EXE_parlord").into()),
            Self::Ngircd | Self::Redis | Self::Nats => find(self.name()),
            Self::Inspircd => find("inspircd"),
        }
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain(MORE_DIRECTORIES.iter().map(PathBuf::from));
    directories.map(|directory| directory.join(program)).find(|file| is_file(file))
}

fn is_file(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|metadata| metadata.is_file())
}
