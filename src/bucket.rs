//! A rate limiter: a token bucket that only stores one time.

use std::time::{Duration, Instant};

use crate::config::Flood;

/// The capacity of a bucket, and the interval at which tokens return.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) burst: u32,
    pub(crate) interval: Duration,
}

/// A token bucket, which refills over time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// When it is full again; in the past if it is full. Each missing token adds one interval.
    full_at: Instant,
}

#[cfg(feature = "upgrade")]
crate::cbor::map!(Bucket { 0: full_at });

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(now: Instant) -> Self {
        Self { full_at: now }
    }

    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }

    /// When it has at least one token; in the past if it has one now.
    pub(crate) fn ready_at(&self, rate: impl Into<Rate>) -> Instant {
        let Rate { burst, interval } = rate.into();
        // From this long before it is full, it has at least one token.
        let all_but_one = interval * burst.saturating_sub(1);
        self.full_at.checked_sub(all_but_one).unwrap_or(self.full_at)
    }

    /// Takes tokens. May take more than there are, on credit.
    pub(crate) fn take(&mut self, rate: impl Into<Rate>, tokens: u32, now: Instant) {
        self.full_at = self.full_at.max(now) + rate.into().interval * tokens;
    }

    /// Gives a token back, unless it has returned by itself.
    #[cfg(feature = "web")]
    pub(crate) fn give_back(&mut self, rate: impl Into<Rate>) {
        self.full_at = self.full_at.checked_sub(rate.into().interval).unwrap_or(self.full_at);
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
        /// Compares with a naive implementation that counts thousandths of tokens.
        #[test]
        fn it_agrees_with_a_counter_of_tokens(
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
    fn an_empty_bucket_says_when_its_next_token_returns() {
        let (now, flood) = (Instant::now(), Flood { burst: 2, per_second: 4 });
        let mut bucket = Bucket::new(now);
        bucket.take(flood, 1, now);
        bucket.take(flood, 1, now);
        assert_eq!(bucket.ready_at(flood), now + Duration::from_millis(250));
    }

    #[test]
    fn tokens_taken_on_credit_are_repaid_first() {
        let (now, flood) = (Instant::now(), Flood { burst: 2, per_second: 4 });
        let mut bucket = Bucket::new(now);
        bucket.take(flood, 5, now);
        assert_eq!(bucket.ready_at(flood), now + Duration::from_secs(1));
    }
}
