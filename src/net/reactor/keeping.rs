//! What outlives a restart is written down beside the loop: the disk of a small machine may take a second for it.

use std::io;
use std::time::{Duration, Instant};

use log::warn;

use super::running::Running;
use crate::message::Now;
use crate::server::bans_file;

/// How long the server's end may wait for the disk.
const SAVE_TIMEOUT: Duration = Duration::from_secs(10);

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

impl Running {
    /// Has bans written down, if they have changed. One after the other, so that the last is what stands in the file.
    pub(super) fn keep_bans(&mut self, now: Now) {
        let Some(path) = self.reactor.bans_file.clone().filter(|_| self.saving == Saving::Rests) else {
            return;
        };
        if let Some(text) = self.server.bans_to_keep(now) {
            self.saving = Saving::Since(now.instant);
            self.saver.start(Box::new(move || bans_file::save(&path, &text)));
        }
    }

    /// Bans have been written down, or could not be.
    pub(super) fn bans_saved(&mut self, result: &io::Result<()>, now: Now) {
        self.saving = Saving::Rests;
        if let Err(error) = result {
            self.server.bans_not_kept(error, now);
        }
    }

    /// Tells the log of what is lost when the server does not wait any longer.
    pub(super) fn end_saving(&self) {
        if self.saving != Saving::Rests {
            warn!(
                "the last bans may not be kept: the disk has taken longer than {} s",
                SAVE_TIMEOUT.as_secs()
            );
        }
    }
}
