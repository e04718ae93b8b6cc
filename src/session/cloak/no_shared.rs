//! The secret of cloaks in programs that share it with no other.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

/// The key.
#[derive(Clone, Debug, Default)]
pub(super) struct Secret(RandomState);

impl Secret {
    pub(super) fn address(&self, ip: IpAddr) -> u64 {
        self.0.hash_one(("address", ip))
    }

    pub(super) fn network(&self, is_ipv4: bool, network: u64) -> u64 {
        self.0.hash_one(("network", is_ipv4, network))
    }
}
