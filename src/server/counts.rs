//! Counters of the running server, for its reports.

use super::turn_times::TurnTimes;
use crate::message::Tally;

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) turns: TurnTimes,
    /// Closed connections, by the labels of `CloseReason`.
    pub(super) endings: Tally,
    pub(super) dropped: u64,
    /// How often a peer had to wait because it exceeded its rate.
    pub(super) pauses: u64,
}

#[cfg(feature = "upgrade")]
crate::cbor::map!(Counts { 0: turns, 1: endings, 2: dropped, 3: pauses });
