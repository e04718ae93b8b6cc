//! A limit per address on what is rare, such as wrong passwords.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::bucket::{Bucket, Rate};
use crate::origin::Origin;

/// Most addresses remembered. This limit does not stop a peer with more of them.
const REMEMBERED: usize = 1024;

/// Addresses that have used some of theirs lately. An unknown address has all of it.
#[derive(Debug)]
pub(super) struct Ration {
    rate: Rate,
    used: HashMap<Origin, Bucket>,
}

impl Ration {
    /// A burst, and one in each interval after that.
    pub(super) fn new(burst: u32, interval: Duration) -> Self {
        Self { rate: Rate { burst, interval }, used: HashMap::new() }
    }

    /// When `origin` has some again; not after `now` if it has some already.
    pub(super) fn ready_at(&self, origin: Origin, now: Instant) -> Instant {
        self.used.get(&origin).map_or(now, |bucket| bucket.ready_at(self.rate))
    }

    /// Counts a use by `origin`. O([`REMEMBERED`]) when that many are remembered.
    pub(super) fn count(&mut self, origin: Origin, now: Instant) {
        if self.used.len() >= REMEMBERED && !self.used.contains_key(&origin) {
            self.forget(now);
        }
        self.used.entry(origin).or_insert_with(|| Bucket::new(now)).take(self.rate, 1, now);
    }

    /// The addresses that have used some of theirs.
    #[cfg(feature = "upgrade")]
    pub(super) fn used(&self) -> Vec<(Origin, Bucket)> {
        self.used.iter().map(|(origin, bucket)| (*origin, *bucket)).collect()
    }

    /// Goes on with what was used of another.
    #[cfg(feature = "upgrade")]
    pub(super) fn take_over(&mut self, used: Vec<(Origin, Bucket)>) {
        self.used.extend(used);
    }

    /// Forgets addresses that have all of theirs again, or else one with the most left: the most active are forgotten
    /// last.
    fn forget(&mut self, now: Instant) {
        self.used.retain(|_, bucket| !bucket.is_full(now));
        if self.used.len() >= REMEMBERED {
            let least = self.used.iter().min_by_key(|(_, bucket)| bucket.ready_at(self.rate));
            if let Some((&origin, _)) = least {
                self.used.remove(&origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;
    use crate::message::Peer;

    fn origin(n: u64) -> Origin {
        Origin::of(Peer::Tcp(Ipv6Addr::from_bits(0x2001_0db8 << 96 | u128::from(n) << 64).into(), 1))
    }

    #[test]
    fn after_five_wrong_guesses_an_address_waits_ten_seconds_for_each() {
        let (mut guesses, mut now) = (Ration::new(5, Duration::from_secs(10)), Instant::now());
        for _ in 0..5 {
            assert!(guesses.ready_at(origin(1), now) <= now);
            guesses.count(origin(1), now);
        }
        for _ in 0..3 {
            assert_eq!(guesses.ready_at(origin(1), now), now + Duration::from_secs(10));
            assert!(guesses.ready_at(origin(2), now) <= now, "others are not affected");
            now += Duration::from_secs(10);
            guesses.count(origin(1), now);
        }
    }

    #[test]
    fn memory_for_guesses_is_bounded_and_the_worst_guesser_is_forgotten_last() {
        let (mut guesses, mut now) = (Ration::new(5, Duration::from_secs(10)), Instant::now());
        (0..5).for_each(|_| guesses.count(origin(0), now));
        for n in 1..3 * REMEMBERED as u64 {
            guesses.count(origin(n), now);
            assert!(guesses.used.len() <= REMEMBERED);
            assert!(guesses.ready_at(origin(0), now) > now);
        }
        now += Duration::from_secs(60);
        guesses.count(origin(0), now);
        guesses.count(origin(1 << 20), now);
        assert_eq!(guesses.used.len(), 2, "addresses with all their guesses are forgotten");
    }
}
