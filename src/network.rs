//! IP networks: an address and the length of its prefix.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// One address, or all addresses with the same prefix: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`.
///
/// IPv4-mapped IPv6 addresses (`::ffff:192.0.2.7`, RFC 4291 §2.5.5.2) become IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    /// The first address, with all bits after the prefix 0. Never an IPv4-mapped IPv6 address.
    first: IpAddr,
    /// The length of the prefix, in bits; at most the length of the address.
    prefix: u8,
}

/// Why a text is not a valid network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkError {
    /// The text before the slash is not an IP address.
    Address,
    /// The text after the slash is not a valid prefix length.
    Prefix,
}

impl Network {
    /// All addresses that share the first `prefix` bits with `ip`. Longer prefixes are cut to the length of the
    /// address.
    pub fn new(ip: IpAddr, prefix: u8) -> Self {
        let (ip, prefix) = match ip.to_canonical() {
            v4 @ IpAddr::V4(_) if ip.is_ipv6() && prefix >= MAPPED_PREFIX => (v4, prefix - MAPPED_PREFIX),
            IpAddr::V4(_) | IpAddr::V6(_) => (ip, prefix),
        };
        match ip {
            IpAddr::V4(v4) => {
                let prefix = prefix.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Self { first: Ipv4Addr::from_bits(v4.to_bits() & mask).into(), prefix }
            }
            IpAddr::V6(v6) => {
                let prefix = prefix.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                Self { first: Ipv6Addr::from_bits(v6.to_bits() & mask).into(), prefix }
            }
        }
    }

    /// The network with only `ip`.
    pub fn of(ip: IpAddr) -> Self {
        Self::new(ip.to_canonical(), 128)
    }

    /// `ip` and its neighbours, which likely belong to the same customer: a /24 of IPv4, a /64 of IPv6.
    pub fn around(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        Self::new(ip, if ip.is_ipv4() { 24 } else { 64 })
    }

    /// True when `ip` is in the network.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_ipv4() == self.is_ipv4() && Self::new(ip, self.prefix) == *self
    }

    /// True when the networks share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }

    /// True for IPv4.
    pub fn is_ipv4(&self) -> bool {
        self.first.is_ipv4()
    }

    /// The length of the prefix, in bits: at most 32 for IPv4, 128 for IPv6.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }
}

/// The length of the prefix of IPv4-mapped IPv6 addresses.
const MAPPED_PREFIX: u8 = 96;

/// Clears the bits after the prefix: `192.0.2.7/24` denotes the network that contains the address.
impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (ip, prefix) = match text.split_once('/') {
            Some((ip, prefix)) => (ip, Some(prefix)),
            None => (text, None),
        };
        let ip: IpAddr = ip.parse().map_err(|_| NetworkError::Address)?;
        let Some(prefix) = prefix else { return Ok(Self::of(ip)) };
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let is_number = prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|&prefix| is_number && prefix <= most);
        Ok(Self::new(ip, prefix.ok_or(NetworkError::Prefix)?))
    }
}

/// In the form that it parses; without a length for a single address.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.prefix) {
            (IpAddr::V4(_), 32) | (IpAddr::V6(_), 128) => write!(f, "{}", self.first),
            (first, prefix) => write!(f, "{first}/{prefix}"),
        }
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "this is no IP address",
            Self::Prefix => "behind the / stands a number of bits: up to 32 for IPv4, up to 128 for IPv6",
        })
    }
}

impl std::error::Error for NetworkError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn parsing_a_displayed_network_gives_the_same_network() {
        for text in ["192.0.2.7", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "2001:db8::7", "::/0"] {
            assert_eq!(network(text).to_string(), text);
        }
    }

    #[test]
    fn bits_after_the_prefix_are_cleared_and_mapped_addresses_become_ipv4() {
        for (text, same) in [
            ("192.0.2.7/24", "192.0.2.0/24"),
            ("192.0.2.7/32", "192.0.2.7"),
            ("2001:db8::7/64", "2001:db8::/64"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7/120", "192.0.2.0/24"),
        ] {
            assert_eq!(network(text).to_string(), same);
        }
        assert!(network("192.0.2.0/24").contains(ip("::ffff:192.0.2.9")));
        assert_eq!(network("::ffff:0:0/90").prefix(), 90, "more than the addresses of IPv4");
    }

    #[test]
    fn an_invalid_network_is_refused_with_a_reason() {
        for (text, why) in [
            ("", NetworkError::Address),
            ("/24", NetworkError::Address),
            ("192.0.2", NetworkError::Address),
            ("192.0.2.1:80", NetworkError::Address),
            ("localhost", NetworkError::Address),
            ("192.0.2.0/33", NetworkError::Prefix),
            ("192.0.2.0/", NetworkError::Prefix),
            ("192.0.2.0/+8", NetworkError::Prefix),
            ("192.0.2.0/8/8", NetworkError::Prefix),
            ("2001:db8::/129", NetworkError::Prefix),
            ("2001:db8::/256", NetworkError::Prefix),
        ] {
            assert_eq!(text.parse::<Network>(), Err(why), "{text:?}");
        }
    }

    #[test]
    fn neighbours_are_the_addresses_with_the_same_network_cloak() {
        assert_eq!(Network::around(ip("192.0.2.7")).to_string(), "192.0.2.0/24");
        assert_eq!(Network::around(ip("2001:db8::7")).to_string(), "2001:db8::/64");
    }

    #[test]
    fn networks_overlap_if_one_contains_the_other() {
        let overlap = |a: &str, b: &str| network(a).overlaps(&network(b)) && network(b).overlaps(&network(a));
        assert!(overlap("127.0.0.0/8", "127.0.0.1") && overlap("0.0.0.0/0", "127.0.0.1"));
        assert!(!overlap("127.0.0.0/8", "128.0.0.0/8") && !overlap("::/0", "127.0.0.1"));
    }

    proptest! {
        #[test]
        fn an_address_is_in_its_own_networks_and_leaves_them_when_a_prefix_bit_changes(bits: u128, prefix in 1..=128u8, four: bool) {
            let (ip, prefix) = match four {
                true => (Ipv4Addr::from_bits(bits as u32).into(), prefix.min(32)),
                false => (IpAddr::from(Ipv6Addr::from_bits(bits)), prefix),
            };
            let network = Network::new(ip, prefix);
            prop_assert!(network.contains(ip));
            prop_assert_eq!(network.to_string().parse(), Ok(network));
            let other: IpAddr = match ip {
                IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() ^ 1 << (32 - prefix)).into(),
                IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() ^ 1 << (128 - prefix)).into(),
            };
            prop_assert!(!network.contains(other));
        }
    }
}
