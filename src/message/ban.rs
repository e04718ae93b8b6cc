//! A ban from the server, and why one cannot be set.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::SystemTime;

use super::CloseReason;
use crate::footprint::heap_bytes;
use crate::network::Network;

/// Maximum number of bans.
pub const MOST_BANS: usize = 10_000;

/// Shortest prefix, for IPv4 and IPv6. A shorter one bans so much of the Internet that it must be a mistake.
const LEAST_PREFIX: [u8; 2] = [8, 16];

/// A ban: whom it matches, until when, and who set it. Times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// The addresses that it matches.
    pub network: Network,
    /// When it ends; `None` for never.
    pub until: Option<SystemTime>,
    /// The operator who set it; one word.
    pub by: String,
    /// When it was set.
    pub since: SystemTime,
    /// The reason, which banned peers are told: one line without control characters, may be empty.
    pub reason: String,
}

/// Why a ban cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BanError {
    /// The prefix is too short; this is the shortest allowed.
    TooWide(u8),
    /// It would match peers on this machine, which are never banned.
    ThisMachine,
    /// It would match the operator who sets it.
    Oneself,
    /// The list is full; it holds this many bans.
    TooMany(usize),
    /// Not enough memory: users, rooms and bans may take this many bytes.
    NoMemory(usize),
}

impl Ban {
    /// Checks that the network may be banned at all.
    pub fn check(network: Network) -> Result<(), BanError> {
        let [v4, v6] = LEAST_PREFIX;
        let least = if network.is_ipv4() { v4 } else { v6 };
        let here = [Network::new(Ipv4Addr::LOCALHOST.into(), 8), Network::of(Ipv6Addr::LOCALHOST.into())];
        if network.prefix() < least {
            return Err(BanError::TooWide(least));
        }
        if here.iter().any(|here| here.overlaps(&network)) {
            return Err(BanError::ThisMachine);
        }
        Ok(())
    }

    /// Why the connection of a banned peer is closed.
    pub fn close_reason(&self) -> CloseReason {
        CloseReason::Banned { until: self.until, reason: self.reason.clone() }
    }

    /// Its memory in bytes. Counted twice in a list, which may have just doubled its capacity.
    pub(crate) fn kept_bytes(&self) -> usize {
        2 * size_of::<Self>() + heap_bytes(self.by.capacity()) + heap_bytes(self.reason.capacity())
    }

    /// True when it has expired.
    pub(crate) fn is_over(&self, now: SystemTime) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

impl fmt::Display for BanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooWide(least) => write!(f, "this network is too large: the largest allowed is a /{least}"),
            Self::ThisMachine => f.write_str("nobody on this machine can be banned"),
            Self::Oneself => f.write_str("this would ban your own address"),
            Self::NoMemory(most) => write!(
                f,
                "users, rooms and bans have reached their limit of {most} bytes, remove a ban or try again in a few minutes"
            ),
            Self::TooMany(most) => write!(f, "there are {most} bans already, remove one or ban a network"),
        }
    }
}

impl std::error::Error for BanError {}
