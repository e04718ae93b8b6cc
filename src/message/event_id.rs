//! Event ids: 64 bits, increasing in the order of events, and unique across restarts.

use std::fmt;
use std::time::SystemTime;

/// The low bits, which count within a millisecond.
const COUNTER_BITS: u32 = 20;

/// An event's id: milliseconds since 1970 in the upper 44 bits, a counter in the lower 20. Written as text, it is the
/// `msgid` of a message (IRCv3 `message-ids`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u64);

impl EventId {
    /// The id of the next event, at `time`. Always larger than this one, even when the clock was set back.
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
    fn ids_increase_within_a_millisecond_and_when_the_clock_is_set_back() {
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
    fn a_later_run_does_not_reuse_ids() {
        let mut last = EventId::default();
        for _ in 0..1_000 {
            last = last.next(at(1_700_000_000_000));
        }
        assert!(EventId::default().next(at(1_700_000_000_001)) > last);
    }

    #[test]
    fn an_id_never_overflows() {
        let end = EventId(u64::MAX);
        assert_eq!(end.next(at(0)), end);
        assert!(EventId::default().next(at(u64::MAX / 2)) <= end);
    }
}
