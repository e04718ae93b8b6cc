//! A stretch of the net: an address and how many of its bits count.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address, or all addresses that begin with the same bits: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`.
///
/// An IPv4 address in the clothes of IPv6 (`::ffff:192.0.2.7`, RFC 4291 §2.5.5.2) is the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    /// The first address: beyond the prefix there are no bits. Never IPv4 in the clothes of IPv6.
    first: IpAddr,
    /// How many bits count, at most all of the address.
    prefix: u8,
}

/// Why a text is not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkError {
    /// What stands before the slash, or all of it, is not an IP address.
    Address,
    /// What stands behind the slash is not a number of bits that the address has.
    Prefix,
}

impl Network {
    /// All addresses that share the first `prefix` bits with `ip`; all of its bits, where there are not as many.
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

    /// `ip` alone.
    pub fn of(ip: IpAddr) -> Self {
        Self::new(ip.to_canonical(), 128)
    }

    /// `ip` and its neighbours, who are likely to be the same customer: a /24 of IPv4, a /64 of IPv6.
    pub fn around(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        Self::new(ip, if ip.is_ipv4() { 24 } else { 64 })
    }

    /// True when `ip` is one of them.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_ipv4() == self.is_ipv4() && Self::new(ip, self.prefix) == *self
    }

    /// True when some address is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }

    /// True for addresses of IPv4.
    pub fn is_ipv4(&self) -> bool {
        self.first.is_ipv4()
    }

    /// How many bits all of them share: at most 32 of IPv4, 128 of IPv6.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }
}

/// How many bits make an IPv6 address one of IPv4.
const MAPPED_PREFIX: u8 = 96;

/// Bits beyond the prefix are left out: whoever writes `192.0.2.7/24` means the network in which that is.
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

/// As it is read; one address without its length.
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
    fn a_network_reads_back_as_it_was_written() {
        for text in ["192.0.2.7", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "2001:db8::7", "::/0"] {
            assert_eq!(network(text).to_string(), text);
        }
    }

    #[test]
    fn bits_beyond_the_prefix_are_left_out_and_ipv4_is_ipv4_in_any_clothes() {
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
    fn what_is_no_network_says_why() {
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
    fn neighbours_are_those_whom_a_cloak_calls_so() {
        assert_eq!(Network::around(ip("192.0.2.7")).to_string(), "192.0.2.0/24");
        assert_eq!(Network::around(ip("2001:db8::7")).to_string(), "2001:db8::/64");
    }

    #[test]
    fn networks_overlap_where_one_is_in_the_other() {
        let overlap = |a: &str, b: &str| network(a).overlaps(&network(b)) && network(b).overlaps(&network(a));
        assert!(overlap("127.0.0.0/8", "127.0.0.1") && overlap("0.0.0.0/0", "127.0.0.1"));
        assert!(!overlap("127.0.0.0/8", "128.0.0.0/8") && !overlap("::/0", "127.0.0.1"));
    }

    proptest! {
        #[test]
        fn an_address_is_in_its_own_networks_and_a_changed_bit_tells(bits: u128, prefix in 1..=128u8, four: bool) {
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
