//! Admission of connections: limits in total and per address, and on how often an address connects.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, Instant};

use crate::bucket::{Bucket, Rate};
use crate::config::Limits;
use crate::message::{CloseReason, Peer};
use crate::origin::Origin;

/// Interval between connections of an address whose burst is spent. A returning person does not notice it; a program
/// that reconnects in a loop costs next to nothing at this rate.
const REFILL: Duration = Duration::from_secs(2);

/// The burst, as a multiple of the connections that an address may have: all users behind it can connect, be thrown out
/// by their network, and reconnect without waiting.
const BURST_FOR_EACH: usize = 2;

/// Absent addresses that are remembered, or as many as have connections, if that is more.
const REMEMBERED: usize = 1024;

/// Counts connections, in total and per address. Peers on this machine are held only to the total. An operation costs
/// amortized O(1).
///
/// Memory is bounded: an address is remembered while it has connections, and up to [`REMEMBERED`] absent ones (or as
/// many again as have connections) for a while longer. Beyond that a sweep forgets absent addresses with a full burst,
/// which equals being unknown; if these are not half of them, it forgets all absent ones: per-address limits do not
/// stop a peer with that many addresses. A sweep looks at most at two addresses for each absent one and forgets at
/// least half of those: about four looks per address forgotten.
#[derive(Debug)]
pub(super) struct Admission {
    most: usize,
    /// Most connections per origin.
    most_each: usize,
    /// Connections that were admitted and have not left.
    connections: usize,
    origins: HashMap<Origin, Record>,
    /// Number of origins without a connection.
    absent: usize,
}

/// State of an origin. An unknown origin has no connections and a full burst.
#[derive(Clone, Copy, Debug)]
struct Record {
    connections: usize,
    /// How often it may connect before it has to wait.
    bucket: Bucket,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            most: limits.connections,
            most_each: limits.connections_per_ip,
            connections: 0,
            origins: HashMap::new(),
            absent: 0,
        }
    }

    /// Applies other limits. Nobody is disconnected. If the limit per address changes, all bursts start anew, because
    /// the counts no longer fit.
    pub(super) fn change_limits(&mut self, limits: &Limits, now: Instant) {
        self.most = limits.connections;
        if self.most_each == limits.connections_per_ip {
            return;
        }
        self.most_each = limits.connections_per_ip;
        self.origins.retain(|_, record| record.connections > 0);
        self.origins.values_mut().for_each(|record| record.bucket = Bucket::new(now));
        self.absent = 0;
    }

    /// How often each known address may connect.
    #[cfg(feature = "upgrade")]
    pub(super) fn buckets(&self) -> Vec<(Origin, Bucket)> {
        self.origins.iter().map(|(origin, record)| (*origin, record.bucket)).collect()
    }

    /// Goes on with the peers that another has admitted. `buckets` are those of another, if its limit per address was the
    /// same.
    #[cfg(feature = "upgrade")]
    pub(super) fn take_over(
        &mut self,
        peers: impl Iterator<Item = Peer>,
        buckets: Vec<(Origin, Bucket)>,
        now: Instant,
    ) {
        let known = |(origin, bucket)| (origin, Record { connections: 0, bucket });
        self.origins.extend(buckets.into_iter().filter(|(_, bucket)| !bucket.is_full(now)).map(known));
        for peer in peers {
            self.connections += 1;
            if let Some(origin) = Origin::elsewhere(peer) {
                let new = || Record { connections: 0, bucket: Bucket::new(now) };
                self.origins.entry(origin).or_insert_with(new).connections += 1;
            }
        }
        self.absent = self.origins.values().filter(|record| record.connections == 0).count();
    }

    pub(super) fn connections(&self) -> usize {
        self.connections
    }

    /// Counts a newcomer, or returns why it is refused and counts nothing.
    pub(super) fn admit(&mut self, peer: Peer, now: Instant) -> Result<(), CloseReason> {
        if self.connections >= self.most {
            return Err(CloseReason::ServerFull(self.most));
        }
        if let Some(origin) = Origin::elsewhere(peer) {
            self.admit_from(origin, now)?;
        }
        self.connections += 1;
        Ok(())
    }

    fn admit_from(&mut self, origin: Origin, now: Instant) -> Result<(), CloseReason> {
        let rate = self.rate();
        let entry = self.origins.entry(origin);
        let Record { connections, mut bucket } = match &entry {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(_) => Record { connections: 0, bucket: Bucket::new(now) },
        };
        if connections >= self.most_each {
            return Err(CloseReason::AddressFull(self.most_each));
        }
        let wait = bucket.ready_at(rate).saturating_duration_since(now);
        if !wait.is_zero() {
            return Err(CloseReason::ConnectsTooOften { burst: rate.burst, wait });
        }
        bucket.take(rate, 1, now);
        if let Entry::Occupied(_) = entry {
            self.absent -= usize::from(connections == 0);
        }
        entry.insert_entry(Record { connections: connections + 1, bucket });
        Ok(())
    }

    /// How often an address may connect.
    fn rate(&self) -> Rate {
        let burst = u32::try_from(self.most_each.saturating_mul(BURST_FOR_EACH)).unwrap_or(u32::MAX);
        Rate { burst, interval: REFILL }
    }

    /// Lets a peer that is about to leave connect once more: a proxy needs a connection for each file of the page.
    #[cfg(feature = "web")]
    pub(super) fn excuse(&mut self, peer: Peer) {
        let rate = self.rate();
        let known = Origin::elsewhere(peer).and_then(|origin| self.origins.get_mut(&origin));
        if let Some(record) = known {
            record.bucket.give_back(rate);
        }
    }

    pub(super) fn leave(&mut self, peer: Peer, now: Instant) {
        self.connections -= 1;
        let Some(origin) = Origin::elsewhere(peer) else { return };
        let Entry::Occupied(mut known) = self.origins.entry(origin) else {
            debug_assert!(false, "{peer} leaves and was never admitted");
            return;
        };
        let record = known.get_mut();
        record.connections -= 1;
        if record.connections > 0 {
            return;
        }
        if record.bucket.is_full(now) {
            known.remove();
            return;
        }
        self.absent += 1;
        if self.absent > REMEMBERED.max(self.origins.len() - self.absent) {
            self.sweep(now);
        }
    }

    fn sweep(&mut self, now: Instant) {
        let most = self.absent / 2;
        for forgets_all in [false, true] {
            let present = self.origins.len() - self.absent;
            self.origins
                .retain(|_, record| record.connections > 0 || !record.bucket.is_full(now) && !forgets_all);
            self.absent = self.origins.len() - present;
            if self.absent <= most {
                return;
            }
        }
    }

    /// Panics when the counts differ from `peers`, all admitted connections that have not left. O(n), for tests.
    pub(super) fn check(&self, peers: impl Iterator<Item = Peer>) {
        let (mut connections, mut counts) = (0, HashMap::new());
        for peer in peers {
            connections += 1;
            if let Some(origin) = Origin::elsewhere(peer) {
                *counts.entry(origin).or_insert(0) += 1;
            }
        }
        assert_eq!(self.connections, connections, "connections are counted");
        assert!(counts.keys().all(|origin| self.origins.contains_key(origin)), "an origin is unknown");
        for (origin, record) in &self.origins {
            let count = counts.get(origin).copied().unwrap_or_default();
            assert_eq!(record.connections, count, "{origin:?}");
        }
        assert_eq!(self.absent, self.origins.len() - counts.len(), "absent origins are counted");
        assert!(self.absent <= REMEMBERED.max(self.most), "{} are remembered", self.absent);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use proptest::prelude::*;

    use super::*;

    const MOST: usize = 9;
    const EACH: usize = 3;
    const BURST: u32 = 6;

    fn admission() -> Admission {
        Admission::new(&Limits { connections: MOST, connections_per_ip: EACH, ..Limits::default() })
    }

    fn at(ip: &str) -> Peer {
        Peer::Tcp(ip.parse().expect("the test names good addresses"), 1)
    }

    #[test]
    fn peers_on_this_machine_are_held_only_to_the_total_limit() {
        for peer in [Peer::Unix, at("127.0.0.1"), at("127.1.2.3"), at("::1")] {
            let (mut admission, now) = (admission(), Instant::now());
            for _ in 0..100 {
                for _ in 0..MOST {
                    assert_eq!(admission.admit(peer, now), Ok(()));
                }
                assert_eq!(admission.admit(peer, now), Err(CloseReason::ServerFull(MOST)));
                for _ in 0..MOST {
                    admission.leave(peer, now);
                }
            }
        }
    }

    #[test]
    fn an_address_told_to_wait_is_admitted_exactly_after_that_time() {
        let (mut admission, mut now, peer) = (admission(), Instant::now(), at("192.0.2.1"));
        for _ in 0..BURST {
            assert_eq!(admission.admit(peer, now), Ok(()));
            admission.leave(peer, now);
        }
        for _ in 0..3 {
            let too_often = |wait| Err(CloseReason::ConnectsTooOften { burst: BURST, wait });
            // Refused attempts cost no token.
            for _ in 0..10 {
                assert_eq!(admission.admit(peer, now), too_often(REFILL));
            }
            now += REFILL - Duration::from_nanos(1);
            assert_eq!(admission.admit(peer, now), too_often(Duration::from_nanos(1)));
            assert_eq!(admission.admit(at("192.0.2.2"), now), Ok(()), "others are not affected");
            now += Duration::from_nanos(1);
            assert_eq!(admission.admit(peer, now), Ok(()));
            admission.leave(peer, now);
        }
    }

    #[cfg(feature = "web")]
    #[test]
    fn connections_that_are_excused_do_not_count_as_connecting_often() {
        let (mut admission, now, peer) = (admission(), Instant::now(), at("192.0.2.1"));
        for _ in 0..3 * BURST {
            assert_eq!(admission.admit(peer, now), Ok(()));
            admission.excuse(peer);
            admission.leave(peer, now);
        }
        assert!(admission.origins.is_empty());
        for _ in 0..BURST {
            assert_eq!(admission.admit(peer, now), Ok(()));
            admission.leave(peer, now);
        }
        let wait = REFILL;
        assert_eq!(admission.admit(peer, now), Err(CloseReason::ConnectsTooOften { burst: BURST, wait }));
    }

    #[test]
    fn an_address_that_leaves_with_a_full_burst_is_forgotten() {
        let (mut admission, now, peer) = (admission(), Instant::now(), at("192.0.2.1"));
        assert_eq!(admission.admit(peer, now), Ok(()));
        admission.leave(peer, now + REFILL);
        assert!(admission.origins.is_empty());
    }

    #[test]
    fn the_number_of_remembered_addresses_is_bounded() {
        let (mut admission, mut now) = (admission(), Instant::now());
        let stays = at("192.0.2.1");
        assert_eq!(admission.admit(stays, now), Ok(()));
        for n in 0..20 * REMEMBERED as u128 {
            let peer = Peer::Tcp(Ipv6Addr::from_bits(0x2001_0db8 << 96 | n << 64).into(), 1);
            assert_eq!(admission.admit(peer, now), Ok(()));
            admission.leave(peer, now);
            assert!(admission.origins.len() <= REMEMBERED + 1);
            // Fast, then slow, so that sweeps forget some for their full bursts and some for their number.
            now += Duration::from_millis(if n < 10 * REMEMBERED as u128 { 1 } else { 5 });
        }
        admission.check([stays].into_iter());
    }

    /// The same in the simplest form; it never forgets.
    #[derive(Default)]
    struct Twin {
        peers: Vec<Peer>,
        /// How long each origin had to wait for a full burst when last updated, and the time of that.
        missing: HashMap<Origin, (Duration, Instant)>,
    }

    impl Twin {
        fn admit(&mut self, peer: Peer, now: Instant) -> Result<(), CloseReason> {
            if self.peers.len() >= MOST {
                return Err(CloseReason::ServerFull(MOST));
            }
            if let Some(origin) = Origin::elsewhere(peer) {
                if self.peers.iter().filter(|&&other| Origin::elsewhere(other) == Some(origin)).count()
                    >= EACH
                {
                    return Err(CloseReason::AddressFull(EACH));
                }
                let (missing, since) = self.missing.entry(origin).or_insert((Duration::ZERO, now));
                *missing = missing.saturating_sub(now - *since);
                *since = now;
                let room = (REFILL * BURST).saturating_sub(*missing);
                if room < REFILL {
                    return Err(CloseReason::ConnectsTooOften { burst: BURST, wait: REFILL - room });
                }
                *missing += REFILL;
            }
            self.peers.push(peer);
            Ok(())
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Come(Peer),
        /// One of the connections leaves.
        Go(prop::sample::Index),
        Wait(u64),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let peers = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:1::1", "127.0.0.1"];
        let peers: Vec<_> = peers.map(at).into_iter().chain([Peer::Unix]).collect();
        prop_oneof![
            8 => prop::sample::select(peers).prop_map(Step::Come),
            6 => any::<prop::sample::Index>().prop_map(Step::Go),
            3 => (1..3000u64).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn admission_agrees_with_a_naive_model(steps in prop::collection::vec(any_step(), 0..200)) {
            let (mut admission, mut twin, mut now) = (admission(), Twin::default(), Instant::now());
            for step in steps {
                match step {
                    Step::Come(peer) => prop_assert_eq!(admission.admit(peer, now), twin.admit(peer, now)),
                    Step::Go(which) if !twin.peers.is_empty() => {
                        let peer = twin.peers.swap_remove(which.index(twin.peers.len()));
                        admission.leave(peer, now);
                    }
                    Step::Go(_) => {}
                    Step::Wait(ms) => now += Duration::from_millis(ms),
                }
                admission.check(twin.peers.iter().copied());
            }
        }
    }
}
