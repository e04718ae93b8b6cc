//! The progress of a long paste.

use std::time::{Duration, Instant};

/// How often it is shown.
const PROGRESS: Duration = Duration::from_secs(3);

/// Lines that make a paste long.
const LONG_SEND: usize = 10;

/// Decides when to show how much is left.
#[derive(Debug, Default)]
pub(super) struct SendProgress {
    /// When the long paste began, or its progress was last shown.
    told: Option<Instant>,
}

impl SendProgress {
    /// True if it is time to show how many lines are left, while `lines` are being sent.
    pub(super) fn is_to_be_told(&mut self, lines: usize, now: Instant) -> bool {
        if lines < LONG_SEND {
            self.told = None;
            return false;
        }
        let is_due = self.due().is_some_and(|due| now >= due);
        if is_due || self.told.is_none() {
            self.told = Some(now);
        }
        is_due
    }

    /// When it may be time to show it.
    pub(super) fn due(&self) -> Option<Instant> {
        self.told.map(|at| at + PROGRESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_of_a_long_paste_is_shown_and_of_a_short_one_is_not() {
        let (mut progress, start) = (SendProgress::default(), Instant::now());
        let mut told =
            |lines: usize, seconds: u64| progress.is_to_be_told(lines, start + Duration::from_secs(seconds));
        assert!(!told(LONG_SEND - 1, 0) && !told(LONG_SEND - 1, 10));
        assert!(!told(50, 20) && !told(49, 22) && told(48, 23) && !told(47, 24) && told(46, 26));
        assert!(!told(LONG_SEND - 1, 40) && !told(50, 50), "another begins");
    }
}
