//! Cloaks: host names that hide the address, but stay the same for an address while the server runs.

#[cfg(not(any(feature = "cluster", feature = "upgrade")))]
mod no_shared;
#[cfg(any(feature = "cluster", feature = "upgrade"))]
mod shared;

use std::net::IpAddr;

#[cfg(feature = "upgrade")]
use crate::cbor::map;
use crate::message::Peer;
#[cfg(not(any(feature = "cluster", feature = "upgrade")))]
use no_shared::Secret;
#[cfg(any(feature = "cluster", feature = "upgrade"))]
use shared::Secret;

/// 32 characters without special meaning in masks and without lookalikes.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Keyed with a random secret made at start and never stored, or with one that all nodes know.
#[derive(Clone, Debug, Default)]
pub(super) struct Cloak {
    secret: Secret,
}

#[cfg(feature = "upgrade")]
map!(Cloak { 0: secret });

impl Cloak {
    /// What others see instead of the address: `ADDRESS.NETWORK.ip`, so that a mask can match one address or its
    /// network (a /24 of IPv4, a /64 of IPv6).
    pub(super) fn host(&self, peer: &Peer) -> String {
        let ip = match peer {
            Peer::Unix => return "local".into(),
            Peer::Tcp(ip, _) => *ip,
        };
        let network = match ip {
            IpAddr::V4(v4) => u64::from(v4.to_bits() >> 8),
            IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
        };
        let secret = &self.secret;
        format!("{}.{}.ip", word(secret.address(ip)), word(secret.network(ip.is_ipv4(), network)))
    }

    /// Makes the cloaks that all nodes make with this text.
    #[cfg(feature = "cluster")]
    pub(super) fn share(&mut self, secret: &str) {
        self.secret = Secret::new(secret);
    }
}

// Inlined twice, it makes the smallest program 450 bytes larger.
#[inline(never)]
fn word(hash: u64) -> String {
    (0..8).map(|n| char::from(ALPHABET[(hash >> (5 * n)) as usize % ALPHABET.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(cloak: &Cloak, address: &str) -> String {
        cloak.host(&address.parse::<std::net::SocketAddr>().unwrap().into())
    }

    #[test]
    fn an_address_has_the_same_cloak_on_every_port() {
        let cloak = Cloak::default();
        assert_eq!(host(&cloak, "192.0.2.1:1"), host(&cloak, "192.0.2.1:2"));
        assert_ne!(host(&cloak, "192.0.2.1:1"), host(&cloak, "192.0.2.2:1"));
        assert!(!host(&cloak, "192.0.2.1:1").contains("192"));
    }

    #[test]
    fn only_neighbours_share_the_network_part_of_their_cloaks() {
        let cloak = Cloak::default();
        let network = |address| host(&cloak, address).split_once('.').unwrap().1.to_owned();
        assert_eq!(network("192.0.2.1:1"), network("192.0.2.200:1"));
        assert_ne!(network("192.0.2.1:1"), network("192.0.3.1:1"));
        assert_eq!(network("[2001:db8::1]:1"), network("[2001:db8::ffff]:1"));
        assert_ne!(network("[2001:db8::1]:1"), network("[2001:db8:0:1::1]:1"));
    }

    #[test]
    fn another_server_makes_different_cloaks() {
        assert_ne!(host(&Cloak::default(), "192.0.2.1:1"), host(&Cloak::default(), "192.0.2.1:1"));
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn nodes_make_the_same_cloaks() {
        let sharing = |secret: &str| {
            let mut cloak = Cloak::default();
            cloak.share(secret);
            cloak
        };
        let [one, other, another] = ["tea", "tea", "coffee"].map(sharing);
        for address in ["192.0.2.1:1", "[2001:db8::1]:1"] {
            assert_eq!(host(&one, address), host(&other, address));
            let [here, there] = [&one, &another].map(|cloak| host(cloak, address));
            let words = here.split('.').zip(there.split('.')).take(2);
            assert!(words.into_iter().all(|(here, there)| here != there), "{here} {there}");
        }
        // Versions must agree, too.
        assert_eq!(host(&one, "192.0.2.1:1"), "8hwkjifk.2g4e5dzf.ip");
    }
}
