//! Whether what outlives a restart is being written down.

use std::time::{Duration, Instant};

/// How long the server's end may wait for the disk.
pub(super) const SAVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether bans are being written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saving {
    /// They are not.
    Rests,
    /// They are, since this time.
    Since(Instant),
}

impl Saving {
    /// True when the server's end has to wait for it. It does not wait for ever.
    pub(super) fn holds_up_the_end(self, now: Instant) -> bool {
        match self {
            Self::Rests => false,
            Self::Since(since) => now < since + SAVE_TIMEOUT,
        }
    }

    /// When the server's end need not wait for it any more.
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Rests => None,
            Self::Since(since) => Some(since + SAVE_TIMEOUT),
        }
    }
}
