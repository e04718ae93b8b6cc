//! Writing everything to the store before the end.

use std::time::{Duration, Instant};

use log::warn;

use super::running::Running;
use crate::message::Now;

/// How long shutting down may wait for the disk.
const SAVE_TIMEOUT: Duration = Duration::from_secs(10);

impl Running {
    /// The server feeds the store at the end of its turn.
    pub(super) fn keep(&mut self, _: Now) {}

    pub(super) fn hear_keeper(&mut self, now: Now) {
        self.server.hear_store(now);
    }

    /// True when everything is stored, or shutting down need not wait for that any longer. Logs what is lost.
    pub(super) fn has_kept(&mut self, now: Now) -> bool {
        match self.reactor.keeper.stops_since {
            None => {
                self.server.end_store(now);
                self.reactor.keeper.stops_since = Some(now.instant);
                self.server.has_stored()
            }
            Some(_) if self.server.has_stored() => true,
            Some(since) if now.instant < since + SAVE_TIMEOUT => false,
            Some(_) => {
                let seconds = SAVE_TIMEOUT.as_secs();
                warn!(
                    "the last events and bans may not be stored: the disk has taken longer than {seconds} s"
                );
                true
            }
        }
    }

    /// When shutting down stops waiting for the disk.
    pub(super) fn keeping_deadline(&self) -> Option<Instant> {
        self.reactor.keeper.stops_since.map(|since| since + SAVE_TIMEOUT)
    }
}
