//! Event ids: 64 bits, increasing in the order of events, and unique across restarts.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// The low bits, which count within a millisecond.
const COUNTER_BITS: u32 = 20;

/// The lowest bits of the counter, which are the number of the node that gave the id.
#[cfg(feature = "cluster")]
const NODE_BITS: u32 = 6;

/// An event's id: milliseconds since 1970 in the upper 44 bits, a counter in the lower 20. Written as text, it is the
/// `msgid` of a message (IRCv3 `message-ids`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u64);

/// Counters from here on belong to milliseconds that were taken in advance because the clock was set back.
const SET_BACK: u64 = 1 << (COUNTER_BITS - 1);

impl EventId {
    /// Before all events.
    pub const MIN: Self = Self(0);

    /// After all events.
    pub const MAX: Self = Self(u64::MAX);

    /// The id of the next event, at `time`. Always larger than this one, even when the clock was set back. Then, ids
    /// leave the last millisecond once: who asks for what came after that millisecond misses nothing.
    pub fn next(self, time: SystemTime) -> Self {
        let at = milliseconds(time) << COUNTER_BITS;
        let is_set_back = milliseconds(time) < self.0 >> COUNTER_BITS;
        let counter = self.0 & ((1 << COUNTER_BITS) - 1);
        if is_set_back && counter < SET_BACK {
            let next = (self.0 >> COUNTER_BITS).saturating_add(1).min(u64::MAX >> COUNTER_BITS);
            return Self((next << COUNTER_BITS | SET_BACK).max(self.0.saturating_add(1)));
        }
        Self(at.max(self.0.saturating_add(1)))
    }

    /// The least id from this one on that this node gives.
    #[cfg(feature = "cluster")]
    pub fn of_node(self, node: super::NodeId) -> Self {
        let (lane, of_all) = (u64::from(node.0), (1 << NODE_BITS) - 1);
        let id = self.0 & !of_all | lane & of_all;
        Self(if id < self.0 { id.saturating_add(1 << NODE_BITS) } else { id })
    }

    /// The id before all events of the millisecond of `time`.
    pub fn before(time: SystemTime) -> Self {
        Self((milliseconds(time) << COUNTER_BITS).saturating_sub(1))
    }

    /// The id after all events of the millisecond of `time`.
    pub fn after(time: SystemTime) -> Self {
        Self((milliseconds(time) << COUNTER_BITS | ((1 << COUNTER_BITS) - 1)).saturating_add(1))
    }

    /// The largest id that is smaller than this one.
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The smallest id that is larger than this one.
    pub fn following(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The id as a number, for the store.
    pub fn number(self) -> u64 {
        self.0
    }

    /// The id with this number.
    pub fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The millisecond of the id, which is that of the event unless the clock was set back.
    pub fn time(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.0 >> COUNTER_BITS)
    }
}

/// Milliseconds since 1970, as far as they fit in an id.
fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX).min(u64::MAX >> COUNTER_BITS)
}

impl FromStr for EventId {
    type Err = NoEventId;

    /// The id whose text is `text`.
    fn from_str(text: &str) -> Result<Self, NoEventId> {
        let is_id = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = u64::from_str_radix(text, 16).ok().filter(|_| is_id);
        id.map(Self).ok_or(NoEventId)
    }
}

/// A text that is no id of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoEventId;

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
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
    fn after_the_clock_is_set_back_ids_are_of_a_later_millisecond_than_before() {
        let last = EventId::default().next(at(5_000)).next(at(5_000));
        let mut next = last.next(at(1_000));
        assert!(next > EventId::after(at(5_000)));
        for time in [at(1_000), at(2_000), at(5_001)] {
            next = next.next(time);
            assert!(next < EventId::after(at(5_001)), "only one millisecond is taken in advance");
        }
        assert_eq!(next.next(at(6_000)), EventId(6_000 << COUNTER_BITS));
    }

    #[test]
    fn an_id_is_between_the_ends_of_its_millisecond_and_reads_back() {
        let id = EventId::default().next(at(7)).next(at(7));
        assert!(EventId::before(at(7)) < id && id < EventId::after(at(7)) && id < EventId::before(at(8)));
        assert_eq!(id.time(), at(7));
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in
            ["", "x", "-", "0123456789abcdef0", "0123456789abcdef-", "+123456789abcdef", "0123456789abcdef-x"]
        {
            assert_eq!(text.parse::<EventId>(), Err(NoEventId), "{text:?}");
        }
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn two_nodes_never_give_the_same_id() {
        use crate::message::NodeId;
        for node in [1, 2, 63] {
            let mut last = EventId::default();
            for _ in 0..200 {
                let next = last.next(at(5)).of_node(NodeId(node));
                assert!(next > last && next.0 & 63 == u64::from(node), "{last} {next}");
                last = next;
            }
        }
    }

    #[test]
    fn an_id_never_overflows() {
        let end = EventId(u64::MAX);
        assert_eq!(end.next(at(0)), end);
        assert!(EventId::default().next(at(u64::MAX / 2)) <= end);
    }
}
