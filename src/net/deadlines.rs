//! When which connection is to be woken. Setting, moving and finding the next one cost O(log n) in the number
//! of connections that wait for something; those that do not cost nothing.

use std::collections::BTreeSet;
use std::time::Instant;

/// Deadlines of connections, by their keys in the slab.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    by_time: BTreeSet<(Instant, usize)>,
}

impl Deadlines {
    /// Moves the deadline of `key` from `old`, which is what it was set to last, to `new`.
    pub(super) fn change(&mut self, key: usize, old: Option<Instant>, new: Option<Instant>) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            let was_there = self.by_time.remove(&(old, key));
            debug_assert!(was_there, "connection {key} had no deadline at {old:?}");
        }
        if let Some(new) = new {
            self.by_time.insert((new, key));
        }
    }

    /// The next deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|&(time, _)| time)
    }

    /// Takes out one connection whose deadline is not after `now`.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<usize> {
        let &(time, key) = self.by_time.first()?;
        (time <= now).then(|| {
            self.by_time.pop_first();
            key
        })
    }

    pub(super) fn len(&self) -> usize {
        self.by_time.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn deadlines_come_due_in_order_and_never_early() {
        let start = Instant::now();
        let at = |s| Some(start + Duration::from_secs(s));
        let mut deadlines = Deadlines::default();
        deadlines.change(7, None, at(3));
        deadlines.change(8, None, at(1));
        deadlines.change(9, None, at(1));
        deadlines.change(8, at(1), at(2));
        deadlines.change(9, at(1), None);
        assert_eq!(deadlines.next(), at(2));
        assert_eq!(deadlines.pop_due(start + Duration::from_millis(1999)), None);
        assert_eq!(deadlines.pop_due(start + Duration::from_secs(9)), Some(8));
        assert_eq!(deadlines.pop_due(start + Duration::from_secs(9)), Some(7));
        assert_eq!(deadlines.pop_due(start + Duration::from_secs(9)), None);
        assert_eq!(deadlines.len(), 0);
    }
}
