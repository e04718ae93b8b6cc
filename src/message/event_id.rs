//! The ids of events: 64 bits, in the order in which things happened, and not used again by a later run.

use std::fmt;
use std::time::SystemTime;

/// Bits of an id that count within a millisecond.
const COUNTER_BITS: u32 = 20;

/// The id of an event: milliseconds since 1970 in the upper 44 bits, and a counter in the lower 20. Its text form is the
/// `msgid` of a message (IRCv3 `message-ids`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u64);

impl EventId {
    /// The id of what happens at `time`, after the event with this id: larger than it, also where the clock was set back.
    pub fn next(self, time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let milliseconds = u64::try_from(since.as_millis()).unwrap_or(u64::MAX).min(u64::MAX >> COUNTER_BITS);
        Self((milliseconds << COUNTER_BITS).max(self.0.saturating_add(1)))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(milliseconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds)
    }

    #[test]
    fn ids_grow_within_a_millisecond_and_when_the_clock_is_set_back() {
        let mut last = EventId::default();
        for time in
            [at(5), at(5), at(6), at(2), at(2), at(7), SystemTime::UNIX_EPOCH - Duration::from_secs(1)]
        {
            let next = last.next(time);
            assert!(next > last && next.to_string() > last.to_string(), "{last} {next}");
            last = next;
        }
    }

    #[test]
    fn a_later_run_does_not_use_ids_of_an_earlier_one() {
        let mut last = EventId::default();
        for _ in 0..1_000 {
            last = last.next(at(1_700_000_000_000));
        }
        assert!(EventId::default().next(at(1_700_000_000_001)) > last);
    }

    #[test]
    fn no_time_is_too_late() {
        let end = EventId(u64::MAX);
        assert_eq!(end.next(at(0)), end);
        assert!(EventId::default().next(at(u64::MAX / 2)) <= end);
    }
}
