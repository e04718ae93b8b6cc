//! How often something may be done: a token bucket that remembers one time and nothing else.

use std::time::{Duration, Instant};

use crate::config::Flood;

/// How many tokens a bucket holds, and how long each takes to come back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) burst: u32,
    pub(crate) interval: Duration,
}

/// A bucket of tokens. It fills again with time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// When it is full again; in the past for a full one. Each token that is missing moves this by what one takes to
    /// come back.
    full_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// True when no token is missing.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }

    /// When there is a token in it; in the past where there is one.
    pub(crate) fn ready_at(&self, rate: impl Into<Rate>) -> Instant {
        let Rate { burst, interval } = rate.into();
        // All tokens but one are missing at the earliest this long before it is full.
        let all_but_one = interval * burst.saturating_sub(1);
        self.full_at.checked_sub(all_but_one).unwrap_or(self.full_at)
    }

    /// Takes tokens out. Those that are not there yet are taken as they come back.
    pub(crate) fn take(&mut self, rate: impl Into<Rate>, tokens: u32, now: Instant) {
        self.full_at = self.full_at.max(now) + rate.into().interval * tokens;
    }
}

impl From<Flood> for Rate {
    fn from(Flood { burst, per_second }: Flood) -> Self {
        Self { burst, interval: Duration::from_secs(1) / per_second.max(1) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A naive twin counts tokens in thousandths.
        #[test]
        fn it_gives_what_a_counting_twin_gives(
            burst in 1..20u32,
            per_second in prop::sample::select(vec![1, 2, 4, 5, 10]),
            waits in prop::collection::vec(0..700u64, 0..100),
        ) {
            let flood = Flood { burst, per_second };
            let mut now = Instant::now();
            let mut bucket = Bucket::new(now);
            let mut thousandths = u64::from(burst) * 1000;
            for wait in waits {
                now += Duration::from_millis(wait);
                thousandths = (thousandths + wait * u64::from(per_second)).min(u64::from(burst) * 1000);
                let is_ready = bucket.ready_at(flood) <= now;
                prop_assert_eq!(is_ready, thousandths >= 1000);
                if is_ready {
                    bucket.take(flood, 1, now);
                    thousandths -= 1000;
                }
            }
        }
    }

    #[test]
    fn an_empty_bucket_says_when_it_has_a_token_again() {
        let (now, flood) = (Instant::now(), Flood { burst: 2, per_second: 4 });
        let mut bucket = Bucket::new(now);
        bucket.take(flood, 1, now);
        bucket.take(flood, 1, now);
        assert_eq!(bucket.ready_at(flood), now + Duration::from_millis(250));
    }

    #[test]
    fn tokens_that_are_not_there_are_taken_as_they_come_back() {
        let (now, flood) = (Instant::now(), Flood { burst: 2, per_second: 4 });
        let mut bucket = Bucket::new(now);
        bucket.take(flood, 5, now);
        assert_eq!(bucket.ready_at(flood), now + Duration::from_secs(1));
    }
}
