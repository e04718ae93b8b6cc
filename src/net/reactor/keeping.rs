//! What outlives a restart is written down beside the loop: the disk of a small machine may take a second for it.

use std::io;

use log::warn;

use super::running::Running;
use super::saving::{SAVE_TIMEOUT, Saving};
use crate::message::Now;
use crate::server::bans_file;

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
