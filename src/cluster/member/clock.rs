//! All nodes use the clock of the broker.

use std::time::{Duration, Instant, SystemTime};

use crate::message::Now;

/// Differences up to this are left alone: they are no larger than the error of the measurement.
const TOLERANCE_MS: i64 = 10;

/// A reply that took longer tells nothing.
const MOST_DELAY: Duration = Duration::from_millis(500);

/// What is known of the broker's clock.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// The broker's clock minus the node's, in milliseconds.
    offset: i64,
    /// When it was last asked.
    asked: Option<Instant>,
}

impl Clock {
    pub(super) fn offset(&self) -> i64 {
        self.offset
    }

    pub(super) fn is_asked(&mut self, now: Instant) {
        self.asked = Some(now);
    }

    /// Takes the broker's time. That of the node is corrected already.
    pub(super) fn told(&mut self, clock: SystemTime, now: Now) {
        let Some(asked) = self.asked.take() else { return };
        let delay = now.instant.saturating_duration_since(asked);
        if delay > MOST_DELAY {
            return;
        }
        // The broker has read its clock about halfway.
        let error = milliseconds(clock) - milliseconds(now.time) + (delay / 2).as_millis() as i64;
        if error.abs() > TOLERANCE_MS {
            self.offset = self.offset.saturating_add(error);
        }
    }
}

/// Milliseconds since 1970, within the range of event ids.
fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX / 2).min(1 << 44)
}
