//! How long turns took: a histogram of fixed size that costs some nanoseconds per turn.

use std::time::Duration;

#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer, read_fields, write_fields};

/// A power of two is divided into 2 to the power of this many buckets of equal width.
const PARTS_EXP: u32 = 3;

/// Longer turns than 2 to the power of this, in nanoseconds (18 minutes), count as that long.
const LONGEST_EXP: u32 = 40;

const BUCKETS: usize = ((LONGEST_EXP - PARTS_EXP + 1) << PARTS_EXP) as usize;

/// Durations of turns. Quantiles are at most an eighth too long and never too short; the sum and the longest are exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnTimes {
    /// Each bucket counts times above the limit of the bucket before. Below 2^3 ns there is one per nanosecond.
    buckets: [u64; BUCKETS],
    count: u64,
    sum: Duration,
    longest: Duration,
    /// The longest since `forget_recent`.
    recent: Duration,
}

impl Default for TurnTimes {
    fn default() -> Self {
        Self {
            buckets: [0; BUCKETS],
            count: 0,
            sum: Duration::ZERO,
            longest: Duration::ZERO,
            recent: Duration::ZERO,
        }
    }
}

impl TurnTimes {
    /// Adds the duration of a turn.
    pub fn record(&mut self, time: Duration) {
        self.buckets[bucket(time)] += 1;
        self.count += 1;
        self.sum = self.sum.saturating_add(time);
        self.longest = self.longest.max(time);
        self.recent = self.recent.max(time);
    }

    /// The number of turns.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The total time of all turns.
    pub fn sum(&self) -> Duration {
        self.sum
    }

    /// The longest turn.
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// The longest turn since [`TurnTimes::forget_recent`].
    pub fn longest_recent(&self) -> Duration {
        self.recent
    }

    /// Starts to look for the longest turn anew.
    pub fn forget_recent(&mut self) {
        self.recent = Duration::ZERO;
    }

    /// The time within which `of_thousand` of a thousand turns were done.
    pub fn within(&self, of_thousand: u64) -> Duration {
        let mut wanted = (self.count * of_thousand).div_ceil(1000);
        for (bucket, &count) in self.buckets.iter().enumerate() {
            if wanted <= count {
                return most(bucket).min(self.longest);
            }
            wanted -= count;
        }
        self.longest
    }

    /// Number of turns of at most 2 to the power of `exp` nanoseconds; exact from 8 ns to 18 minutes.
    pub fn count_within_power(&self, exp: u32) -> u64 {
        let buckets = ((exp.clamp(PARTS_EXP, LONGEST_EXP) - PARTS_EXP + 1) << PARTS_EXP) as usize;
        self.buckets[..buckets].iter().sum()
    }
}

/// Only buckets that are not empty, by their places.
#[cfg(feature = "upgrade")]
impl ToCbor for TurnTimes {
    fn write(&self, out: &mut Writer) {
        let Self { buckets, count: _, sum, longest, recent } = self;
        let counted = (0..).zip(buckets).filter(|(_, count)| **count > 0);
        let counts: &Vec<(u32, u64)> = &counted.map(|(place, count)| (place, *count)).collect();
        write_fields!(out; 0: counts, 1: sum, 2: longest, 3: recent);
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for TurnTimes {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 0: counts, 1: sum, 2: longest, 3: recent);
        let mut times = Self { sum, longest, recent, ..Self::default() };
        let counts: Vec<(u32, u64)> = counts;
        for (place, count) in counts {
            // The last one has all that are longer.
            times.buckets[(place as usize).min(BUCKETS - 1)] += count;
            times.count = times.count.saturating_add(count);
        }
        Ok(times)
    }
}

/// The bucket of `time`, by its most significant bits: the power of two, and the part of it.
fn bucket(time: Duration) -> usize {
    let longest = (1 << LONGEST_EXP) - 1;
    // One less, so that a power of two is the longest time of its bucket.
    let below = u64::try_from(time.as_nanos()).unwrap_or(longest).saturating_sub(1).min(longest);
    match below.checked_ilog2() {
        Some(exp) if exp >= PARTS_EXP => {
            let shift = exp - PARTS_EXP;
            ((u64::from(shift) << PARTS_EXP) + (below >> shift)) as usize
        }
        Some(_) | None => below as usize,
    }
}

fn most(bucket: usize) -> Duration {
    let (bucket, parts) = (bucket as u64, 1 << PARTS_EXP);
    let shift = (bucket >> PARTS_EXP).saturating_sub(1);
    let part = bucket - (shift << PARTS_EXP);
    debug_assert!(part < 2 * parts, "a bucket is a part of one power of two");
    Duration::from_nanos((part + 1) << shift)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[cfg(feature = "upgrade")]
    impl crate::cbor::any::Any for TurnTimes {
        fn any(choices: &mut crate::cbor::any::Choices<'_>) -> Self {
            let mut times = Self::default();
            let all: Vec<u32> = crate::cbor::any::Any::any(choices);
            all.into_iter().for_each(|time| times.record(nanos(time.into())));
            times
        }
    }

    fn nanos(nanos: u64) -> Duration {
        Duration::from_nanos(nanos)
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        for n in 0..BUCKETS {
            assert_eq!(bucket(most(n)), n);
            assert_eq!(bucket(most(n) + nanos(1)), (n + 1).min(BUCKETS - 1));
        }
        assert_eq!(most(BUCKETS - 1), nanos(1 << LONGEST_EXP));
    }

    #[test]
    fn a_power_of_two_counts_as_within_itself() {
        let mut times = TurnTimes::default();
        for time in [0, 1, 4096, 4097, 1 << 30, (1 << 30) + 1, u64::MAX] {
            times.record(nanos(time));
        }
        assert_eq!(times.count_within_power(12), 3);
        assert_eq!(times.count_within_power(13), 4);
        assert_eq!(times.count_within_power(30), 5);
        assert_eq!(times.count(), 7);
    }

    #[test]
    fn the_histogram_is_small_and_zero_without_turns() {
        assert!(size_of::<TurnTimes>() < 5 * 1024);
        assert_eq!(TurnTimes::default().within(999), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn quantiles_are_at_most_an_eighth_too_long_and_never_too_short(
            mut all in prop::collection::vec((0..37u32, any::<u64>()).prop_map(|(exp, n)| n >> (24 + exp)), 1..200),
            of_thousand in 1..1000u64
        ) {
            let mut times = TurnTimes::default();
            all.iter().for_each(|&time| times.record(nanos(time)));
            all.sort_unstable();
            let place = (all.len() as u64 * of_thousand).div_ceil(1000) as usize - 1;
            let (exact, told) = (nanos(all[place]), times.within(of_thousand));
            prop_assert!(exact <= told && told <= exact + exact / 8 + nanos(1), "{exact:?} {told:?}");
            prop_assert_eq!(times.longest(), nanos(all[all.len() - 1]));
            prop_assert_eq!(times.sum(), nanos(all.iter().sum()));
        }
    }
}
