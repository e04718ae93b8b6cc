use std::net::IpAddr;

#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer};
#[cfg(feature = "store")]
use crate::message::AccountId;
use crate::message::Peer;

/// The unit of limits per address: an IPv4 address, the first 64 bits of an IPv6 address (the least that a customer
/// gets), or all peers on Unix sockets. IPv4 uses the first 2^32 numbers and Unix sockets the next one; no IPv6
/// network has these (RFC 4291 §2.4, `::/8`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Origin(u64);

const UNIX: Origin = Origin(1 << 32);

/// Accounts use the numbers from here on, which no IPv6 network has either.
#[cfg(feature = "store")]
const FIRST_ACCOUNT: u64 = 2 << 32;

impl Origin {
    pub(crate) fn of(peer: Peer) -> Self {
        match peer {
            Peer::Unix => UNIX,
            Peer::Tcp(IpAddr::V4(ip), _) => Self(ip.to_bits().into()),
            Peer::Tcp(IpAddr::V6(ip), _) => Self((ip.to_bits() >> 64) as u64),
        }
    }

    /// An account, which pays for its rooms wherever its owner is.
    #[cfg(feature = "store")]
    pub(crate) fn of_account(AccountId(number): AccountId) -> Self {
        Self(FIRST_ACCOUNT + u64::from(number))
    }

    /// The origin of a peer on another machine; `None` for peers on this one.
    pub(crate) fn elsewhere(peer: Peer) -> Option<Self> {
        match peer {
            Peer::Unix => None,
            Peer::Tcp(ip, _) if ip.is_loopback() => None,
            Peer::Tcp(..) => Some(Self::of(peer)),
        }
    }
}

#[cfg(feature = "upgrade")]
impl ToCbor for Origin {
    fn write(&self, out: &mut Writer) {
        out.number(self.0);
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for Origin {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        input.number().map(Self)
    }
}

#[cfg(all(test, feature = "upgrade"))]
impl crate::cbor::any::Any for Origin {
    fn any(choices: &mut crate::cbor::any::Choices<'_>) -> Self {
        Self(crate::cbor::any::Any::any(choices))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_origin_and_each_ipv4_address_another() {
        let origin = |ip: &str| Origin::of(Peer::Tcp(ip.parse().unwrap(), 1));
        assert_eq!(origin("2001:db8::1"), origin("2001:db8::ffff:1:2:3"));
        assert_ne!(origin("2001:db8::1"), origin("2001:db8:0:1::1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
        assert_ne!(origin("127.0.0.1"), origin("127.0.0.2"));
        let [lowest, highest] =
            [0, u32::MAX].map(|bits| Origin::of(Peer::Tcp(Ipv4Addr::from_bits(bits).into(), 1)));
        for Origin(number) in [lowest, highest, UNIX] {
            let v6 = Ipv6Addr::from(u128::from(number) << 64);
            assert_eq!(v6.segments()[0], 0, "only networks that nobody has look like {number}");
        }
        assert!(highest < UNIX);
    }

    #[test]
    fn only_peers_on_other_machines_are_elsewhere() {
        for ip in ["127.0.0.1", "127.1.2.3", "::1"] {
            assert_eq!(Origin::elsewhere(Peer::Tcp(ip.parse().unwrap(), 1)), None);
        }
        assert_eq!(Origin::elsewhere(Peer::Unix), None);
        let far = Peer::Tcp(Ipv4Addr::new(192, 0, 2, 1).into(), 1);
        assert_eq!(Origin::elsewhere(far), Some(Origin::of(far)));
    }
}
