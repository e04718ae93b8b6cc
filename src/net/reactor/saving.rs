//! Whether bans are being saved.

use std::time::{Duration, Instant};

/// How long shutting down may wait for the disk.
pub(super) const SAVE_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saving {
    Rests,
    Since(Instant),
}

impl Saving {
    /// True when shutting down must wait for the save, up to [`SAVE_TIMEOUT`].
    pub(super) fn holds_up_the_end(self, now: Instant) -> bool {
        match self {
            Self::Rests => false,
            Self::Since(since) => now < since + SAVE_TIMEOUT,
        }
    }

    /// When shutting down stops waiting for the save.
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Rests => None,
            Self::Since(since) => Some(since + SAVE_TIMEOUT),
        }
    }
}
