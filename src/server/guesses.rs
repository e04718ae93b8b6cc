//! A limit on wrong passwords per address. Right ones do not count.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::bucket::{Bucket, Rate};
use crate::origin::Origin;

/// A burst for people who mistype, then one per interval: 8640 a day.
const GUESSES: Rate = Rate { burst: 5, interval: Duration::from_secs(10) };

/// Most addresses remembered. This limit does not stop a peer with more of them.
const REMEMBERED: usize = 1024;

/// Addresses that guessed wrong lately. An unknown address has all its guesses.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    wrong: HashMap<Origin, Bucket>,
}

impl Guesses {
    /// When `origin` may guess; not after `now` if it may already.
    pub(super) fn ready_at(&self, origin: Origin, now: Instant) -> Instant {
        self.wrong.get(&origin).map_or(now, |bucket| bucket.ready_at(GUESSES))
    }

    /// Counts a wrong guess of `origin`. O([`REMEMBERED`]) when that many are remembered.
    pub(super) fn count(&mut self, origin: Origin, now: Instant) {
        if self.wrong.len() >= REMEMBERED && !self.wrong.contains_key(&origin) {
            self.forget(now);
        }
        self.wrong.entry(origin).or_insert_with(|| Bucket::new(now)).take(GUESSES, 1, now);
    }

    /// Forgets addresses that have all their guesses again, or else one with the most left: the most active are
    /// forgotten last.
    fn forget(&mut self, now: Instant) {
        self.wrong.retain(|_, bucket| !bucket.is_full(now));
        if self.wrong.len() >= REMEMBERED {
            let least = self.wrong.iter().min_by_key(|(_, bucket)| bucket.ready_at(GUESSES));
            if let Some((&origin, _)) = least {
                self.wrong.remove(&origin);
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
        let (mut guesses, mut now) = (Guesses::default(), Instant::now());
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
        let (mut guesses, mut now) = (Guesses::default(), Instant::now());
        (0..5).for_each(|_| guesses.count(origin(0), now));
        for n in 1..3 * REMEMBERED as u64 {
            guesses.count(origin(n), now);
            assert!(guesses.wrong.len() <= REMEMBERED);
            assert!(guesses.ready_at(origin(0), now) > now);
        }
        now += Duration::from_secs(60);
        guesses.count(origin(0), now);
        guesses.count(origin(1 << 20), now);
        assert_eq!(guesses.wrong.len(), 2, "addresses with all their guesses are forgotten");
    }
}
