//! How long to wait before a retry.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60);

/// Pauses that grow from 1 s to 60 s. Each is up to a quarter shorter at random, so that not all clients return at
/// once.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    pauses: u32,
}

impl Backoff {
    /// The next pause.
    pub(super) fn pause(&mut self) -> Duration {
        // The seed of the standard library's hasher is random.
        let jitter = RandomState::new().build_hasher().finish() % 256;
        let pause = FIRST.saturating_mul(1 << self.pauses.min(6)).min(LONGEST);
        self.pauses += 1;
        if self.pauses == 1 {
            return pause;
        }
        pause - pause / 4 * u32::try_from(jitter).unwrap_or(0) / 256
    }

    /// Starts again with the first pause, if the connection held for `time`, which must be long: a server that admits
    /// us and ends the connection at once should not be asked every second.
    pub(super) fn held(&mut self, time: Duration) {
        if time >= LONGEST {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_a_second_to_a_minute() {
        let mut backoff = Backoff::default();
        for most in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            let (pause, most) = (backoff.pause(), Duration::from_secs(most));
            assert!(pause <= most && pause >= most * 3 / 4, "{pause:?} of {most:?}");
        }
    }

    #[test]
    fn a_long_connection_resets_the_pauses_and_a_short_one_does_not() {
        let mut backoff = Backoff::default();
        for _ in 0..3 {
            backoff.pause();
        }
        backoff.held(Duration::from_secs(59));
        assert!(backoff.pause() > 2 * FIRST);
        backoff.held(Duration::from_secs(60));
        assert_eq!(backoff.pause(), FIRST);
    }
}
