//! Saving the bans when they have changed, and before the end.

use std::time::{Duration, Instant};

use log::warn;

use super::running::Running;
use crate::bans_file;
use crate::message::Now;

/// How long shutting down may wait for the disk.
const SAVE_TIMEOUT: Duration = Duration::from_secs(10);

impl Running {
    /// Saves the bans if they have changed. One save at a time, so that the file ends with the last.
    pub(super) fn keep(&mut self, now: Now) {
        let Some(path) = self.reactor.keeper.path.clone() else { return };
        if self.reactor.keeper.saves_since.is_none()
            && let Some(text) = self.server.bans_to_keep(now)
        {
            self.reactor.keeper.saves_since = Some(now.instant);
            self.reactor.keeper.saver.start(Box::new(move || bans_file::save(&path, &text)));
        }
    }

    /// Handles the outcome of a save.
    pub(super) fn hear_keeper(&mut self, now: Now) {
        while let Some(result) = self.reactor.keeper.saver.fetch() {
            self.reactor.keeper.saves_since = None;
            if let Err(error) = result {
                self.server.bans_not_kept(&error, now);
            }
        }
    }

    /// True when shutting down need not wait for the disk any longer. Logs what is lost.
    pub(super) fn has_kept(&mut self, now: Now) -> bool {
        if self.keeping_deadline().is_some_and(|until| now.instant < until) {
            return false;
        }
        if self.reactor.keeper.saves_since.is_some() {
            let seconds = SAVE_TIMEOUT.as_secs();
            warn!("the last bans may not be saved: the disk has taken longer than {seconds} s");
        }
        true
    }

    /// When shutting down stops waiting for the disk.
    pub(super) fn keeping_deadline(&self) -> Option<Instant> {
        self.reactor.keeper.saves_since.map(|since| since + SAVE_TIMEOUT)
    }
}
