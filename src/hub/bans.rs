//! Bans from the server: addresses and networks, each with an end or permanent.
//!
//! Every accept looks for bans, at a cost of one binary search per prefix length in use, however many bans there are.
//! An expired ban needs no timer: it is removed when the list is full.

use std::mem;
use std::net::IpAddr;
use std::time::SystemTime;

use crate::message::{Ban, BanError, MOST_BANS, Peer};
use crate::network::Network;

/// All bans, at most one per network.
#[derive(Debug, Default)]
pub struct Bans {
    /// Sorted by network: a lookup is a binary search, and insertions are rare.
    list: Vec<Ban>,
    /// The number of bans for each prefix length, never 0.
    lengths: Vec<(Length, usize)>,
    changes: u64,
    /// The bytes charged to the budget.
    pub(super) charged: u32,
}

/// Whether it is IPv4, and the length of the prefix.
type Length = (bool, u8);

impl Bans {
    /// The ban that matches this peer; the longest if there are several.
    pub fn hitting(&self, peer: Peer, now: SystemTime) -> Option<&Ban> {
        match peer {
            Peer::Tcp(ip, _) if !ip.is_loopback() => self.covering(ip, now),
            Peer::Tcp(..) | Peer::Unix => None,
        }
    }

    /// The ban of a network that contains `ip`; the longest if there are several.
    pub fn covering(&self, ip: IpAddr, now: SystemTime) -> Option<&Ban> {
        let ip = ip.to_canonical();
        let lengths = self.lengths.iter().filter(|((is_ipv4, _), _)| *is_ipv4 == ip.is_ipv4());
        let found = lengths.filter_map(|&((_, prefix), _)| self.find(&Network::new(ip, prefix)).ok());
        let bans = found.map(|at| &self.list[at]);
        bans.filter(|ban| !ban.is_over(now)).max_by_key(|ban| (ban.until.is_none(), ban.until))
    }

    /// Adds a ban, or replaces the one of the same network. True when it replaced one that has not expired.
    pub fn add(&mut self, ban: Ban, now: SystemTime) -> Result<bool, BanError> {
        Ban::check(ban.network)?;
        if self.list.len() >= MOST_BANS && self.find(&ban.network).is_err() {
            self.forget_what_is_over(now);
            if self.list.len() >= MOST_BANS {
                return Err(BanError::TooMany(MOST_BANS));
            }
        }
        self.changes += 1;
        match self.find(&ban.network) {
            Ok(at) => Ok(!mem::replace(&mut self.list[at], ban).is_over(now)),
            Err(at) => {
                self.count(&ban.network);
                self.list.insert(at, ban);
                Ok(false)
            }
        }
    }

    /// Removes the ban of exactly this network, and returns it unless it has expired.
    pub fn remove(&mut self, network: &Network, now: SystemTime) -> Option<Ban> {
        let at = self.find(network).ok()?;
        self.changes += 1;
        let ban = self.list.remove(at);
        self.uncount(network);
        (!ban.is_over(now)).then_some(ban)
    }

    /// All bans that have not expired, sorted by network.
    pub fn iter(&self, now: SystemTime) -> impl Iterator<Item = &Ban> {
        self.list.iter().filter(move |ban| !ban.is_over(now))
    }

    pub(super) fn kept_bytes(&self) -> usize {
        self.list.iter().map(Ban::kept_bytes).sum()
    }

    pub(super) fn charged_bytes(&self) -> usize {
        self.charged as usize
    }

    /// Counts additions and removals, so that the owner of a copy notices changes.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Notes that these bans replace others.
    #[cfg(feature = "cluster")]
    pub(super) fn changed_since(&mut self, before: &Self) {
        self.changes = before.changes + 1;
    }

    /// The index of the ban of exactly this network, or where to insert it.
    fn find(&self, network: &Network) -> Result<usize, usize> {
        self.list.binary_search_by(|ban| ban.network.cmp(network))
    }

    fn forget_what_is_over(&mut self, now: SystemTime) {
        self.list.retain(|ban| !ban.is_over(now));
        self.lengths.clear();
        for network in self.list.iter().map(|ban| ban.network).collect::<Vec<_>>() {
            self.count(&network);
        }
    }

    fn count(&mut self, network: &Network) {
        let length = length(network);
        match self.lengths.iter_mut().find(|(known, _)| *known == length) {
            Some((_, count)) => *count += 1,
            None => self.lengths.push((length, 1)),
        }
    }

    fn uncount(&mut self, network: &Network) {
        let length = length(network);
        self.lengths.retain_mut(|(known, count)| {
            *count -= usize::from(*known == length);
            *count > 0
        });
    }
}

fn length(network: &Network) -> Length {
    (network.is_ipv4(), network.prefix())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn ban(network: &str, until: Option<u64>) -> Ban {
        let network = network.parse().unwrap();
        Ban { network, until: until.map(at), by: "root".into(), since: at(0), reason: String::new() }
    }

    fn hit(bans: &Bans, ip: &str, now: u64) -> Option<String> {
        let peer = Peer::Tcp(ip.parse().unwrap(), 1);
        bans.hitting(peer, at(now)).map(|ban| ban.network.to_string())
    }

    #[test]
    fn the_longest_ban_is_the_one_reported() {
        let mut bans = Bans::default();
        for (network, until) in [("192.0.2.0/24", Some(9)), ("192.0.2.7", Some(8)), ("192.0.0.0/16", Some(5))]
        {
            assert_eq!(bans.add(ban(network, until), at(0)), Ok(false));
        }
        assert_eq!(hit(&bans, "192.0.2.7", 1).as_deref(), Some("192.0.2.0/24"));
        assert_eq!(bans.add(ban("192.0.2.7", None), at(0)), Ok(true), "in place of the other");
        assert_eq!(hit(&bans, "192.0.2.7", 1).as_deref(), Some("192.0.2.7"));
        assert_eq!(hit(&bans, "192.0.3.7", 4).as_deref(), Some("192.0.0.0/16"));
        assert_eq!(hit(&bans, "192.0.3.7", 5), None, "it is over");
        assert_eq!(hit(&bans, "192.1.2.7", 1), None);
    }

    #[test]
    fn an_expired_ban_is_neither_listed_nor_removable_and_frees_its_place() {
        let mut bans = Bans::default();
        bans.add(ban("192.0.2.7", Some(5)), at(0)).unwrap();
        assert_eq!(bans.iter(at(5)).count(), 0);
        assert_eq!(bans.remove(&"192.0.2.7".parse().unwrap(), at(5)), None);
        for n in 0..MOST_BANS as u32 {
            let network = Network::of(Ipv4Addr::from_bits(0x0a00_0000 + n).into());
            bans.add(Ban { network, ..ban("192.0.2.7", Some(10)) }, at(0)).unwrap();
        }
        let too_many = Err(BanError::TooMany(MOST_BANS));
        assert_eq!(bans.add(ban("192.0.2.7", None), at(9)), too_many);
        assert_eq!(bans.add(ban("10.0.0.1", Some(11)), at(9)), Ok(true), "one more is not needed");
        assert_eq!(bans.add(ban("192.0.2.7", None), at(10)), Ok(false));
        assert_eq!(bans.list.len(), 2);
        assert_eq!(bans.lengths, [((true, 32), 2)]);
    }

    #[test]
    fn too_wide_networks_and_this_machine_cannot_be_banned() {
        for (network, why) in [
            ("0.0.0.0/0", BanError::TooWide(8)),
            ("10.0.0.0/7", BanError::TooWide(8)),
            ("2000::/15", BanError::TooWide(16)),
            ("127.0.0.1", BanError::ThisMachine),
            ("127.0.0.0/8", BanError::ThisMachine),
            ("::/16", BanError::ThisMachine),
            ("::1", BanError::ThisMachine),
        ] {
            assert_eq!(Bans::default().add(ban(network, None), at(0)), Err(why), "{network}");
        }
    }

    #[test]
    fn peers_on_this_machine_are_never_banned() {
        let mut bans = Bans::default();
        bans.add(ban("10.0.0.0/8", None), at(0)).unwrap();
        assert!(bans.hitting(Peer::Unix, at(0)).is_none());
        assert_eq!(hit(&bans, "127.0.0.1", 0), None);
        assert_eq!(hit(&bans, "::1", 0), None);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Add(Network, Option<u64>),
        Remove(Network),
        Ask(IpAddr),
        Wait(u64),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        // Few addresses and many prefix lengths, so that networks contain each other.
        let ip = prop_oneof![
            (0..64u32).prop_map(|n| IpAddr::from(Ipv4Addr::from_bits(0xc000_0200 + n))),
            (0..64u128).prop_map(|n| IpAddr::from(Ipv6Addr::from_bits(0x2001_0db8 << 96 | n << 62))),
        ];
        let network = (ip.clone(), 24..=128u8).prop_map(|(ip, prefix)| Network::new(ip, prefix));
        prop_oneof![
            4 => (network.clone(), prop::option::of(0..100u64)).prop_map(|(n, until)| Step::Add(n, until)),
            2 => network.prop_map(Step::Remove),
            6 => ip.prop_map(Step::Ask),
            1 => (0..20u64).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn bans_agree_with_a_naive_implementation(steps in prop::collection::vec(any_step(), 0..100)) {
            let (mut bans, mut twin, mut now) = (Bans::default(), Vec::<Ban>::new(), 0);
            for step in steps {
                match step {
                    Step::Add(network, until) => {
                        let new = Ban { network, ..ban("10.0.0.1", until) };
                        let is_old = |old: &Ban| {
                            old.network == network && old.until.is_none_or(|until| until > at(now))
                        };
                        prop_assert_eq!(bans.add(new.clone(), at(now)), Ok(twin.iter().any(is_old)));
                        twin.retain(|old| old.network != network);
                        twin.push(new);
                    }
                    Step::Remove(network) => {
                        let old = twin.iter().position(|ban| ban.network == network).map(|n| twin.remove(n));
                        let old = old.filter(|ban| ban.until.is_none_or(|until| until > at(now)));
                        prop_assert_eq!(bans.remove(&network, at(now)), old);
                    }
                    Step::Ask(ip) => {
                        let hits = |ban: &&Ban| {
                            ban.network.contains(ip) && ban.until.is_none_or(|until| until > at(now))
                        };
                        let longest = |ban: &Ban| (ban.until.is_none(), ban.until);
                        let expected = twin.iter().filter(hits).map(longest).max();
                        prop_assert_eq!(bans.covering(ip, at(now)).map(longest), expected);
                    }
                    Step::Wait(seconds) => now += seconds,
                }
                let left = twin.iter().filter(|ban| ban.until.is_none_or(|until| until > at(now))).count();
                prop_assert_eq!(bans.iter(at(now)).count(), left);
                prop_assert!(bans.list.is_sorted_by_key(|ban| ban.network));
            }
        }
    }
}
