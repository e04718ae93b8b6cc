//! What the server counts while it runs, for those who look inside.

use super::turn_times::TurnTimes;
use crate::message::Tally;

/// Counts since the server started.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// How long turns took.
    pub(super) turns: TurnTimes,
    /// Why connections ended, by the labels of `CloseReason`.
    pub(super) endings: Tally,
    /// Newcomers who were dropped without a word.
    pub(super) dropped: u64,
    /// How often somebody had to wait for sending too much.
    pub(super) pauses: u64,
}
