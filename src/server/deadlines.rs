//! The deadlines of connections. Setting, moving and finding the next one cost O(log n) in the number of connections
//! with a deadline; others cost nothing.

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

/// Bits of an [`Entry`] for the key of a connection: enough for the slab.
const KEY_BITS: u32 = 24;

#[derive(Debug)]
pub(super) struct Deadlines {
    start: Instant,
    by_time: BTreeSet<Entry>,
}

/// A deadline, in milliseconds from the start plus one, rounded up so that nobody wakes early. It takes half the memory
/// of an `Instant`, and each connection has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due(NonZeroU64);

/// A deadline in the high bits and a connection's key in the low ones: ordered by time, in a third of the memory of
/// both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u64);

impl Entry {
    fn new(Due(due): Due, key: usize) -> Self {
        debug_assert!(key < 1 << KEY_BITS, "{key} exceeds the descriptors of a process");
        Self(due.get() << KEY_BITS | key as u64)
    }

    fn due(self) -> u64 {
        self.0 >> KEY_BITS
    }

    fn key(self) -> usize {
        (self.0 & ((1 << KEY_BITS) - 1)) as usize
    }
}

impl Deadlines {
    /// No deadlines; none will be before `start`.
    pub(super) fn new(start: Instant) -> Self {
        Self { start, by_time: BTreeSet::new() }
    }

    pub(super) fn due(&self, time: Instant) -> Due {
        let since = time.saturating_duration_since(self.start);
        let milliseconds = since.as_secs() * 1_000 + u64::from(since.subsec_nanos().div_ceil(1_000_000));
        // 40 bits are 34 years.
        let latest = (1 << (u64::BITS - KEY_BITS)) - 2;
        Due(NonZeroU64::MIN.saturating_add(milliseconds.min(latest)))
    }

    /// The time of a deadline.
    #[cfg(feature = "upgrade")]
    pub(super) fn time(&self, Due(due): Due) -> Instant {
        self.start + Duration::from_millis(due.get() - 1)
    }

    /// Moves the deadline of `key` from `old`, its current value, to `new`.
    pub(super) fn change(&mut self, key: usize, old: Option<Due>, new: Option<Due>) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            let was_there = self.by_time.remove(&Entry::new(old, key));
            debug_assert!(was_there, "connection {key} had no deadline at {old:?}");
        }
        if let Some(new) = new {
            self.by_time.insert(Entry::new(new, key));
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|entry| self.start + Duration::from_millis(entry.due() - 1))
    }

    /// Removes a connection whose deadline is not after `now`, and returns its key.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<usize> {
        (self.next()? <= now).then(|| self.by_time.pop_first()).flatten().map(Entry::key)
    }

    pub(super) fn len(&self) -> usize {
        self.by_time.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_due_in_order_and_never_early() {
        let start = Instant::now();
        let mut deadlines = Deadlines::new(start);
        let time = |s| start + Duration::from_secs(s);
        let [one, two, three] = [1, 2, 3].map(|s| Some(deadlines.due(time(s))));
        deadlines.change(7, None, three);
        deadlines.change(8, None, one);
        deadlines.change(9, None, one);
        deadlines.change(8, one, two);
        deadlines.change(9, one, None);
        assert_eq!(deadlines.next(), Some(time(2)));
        assert_eq!(deadlines.pop_due(start + Duration::from_millis(1999)), None);
        assert_eq!(deadlines.pop_due(time(9)), Some(8));
        assert_eq!(deadlines.pop_due(time(9)), Some(7));
        assert_eq!(deadlines.pop_due(time(9)), None);
        assert_eq!(deadlines.len(), 0);
    }

    #[test]
    fn a_deadline_is_rounded_up_to_a_millisecond_and_never_beyond_the_last() {
        let start = Instant::now();
        let mut deadlines = Deadlines::new(start);
        let near = start + Duration::from_nanos(5_000_001);
        deadlines.change(1, None, Some(deadlines.due(near)));
        assert_eq!(deadlines.next(), Some(start + Duration::from_millis(6)));
        assert_eq!(deadlines.pop_due(start + Duration::from_millis(6)), Some(1));
        let far = deadlines.due(start + Duration::from_secs(1 << 40));
        deadlines.change((1 << KEY_BITS) - 1, None, Some(far));
        assert_eq!(deadlines.pop_due(start + Duration::from_secs(1 << 40)), Some((1 << KEY_BITS) - 1));
    }
}
