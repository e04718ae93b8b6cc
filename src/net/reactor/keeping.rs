//! Saves bans off the loop: the disk of a small machine may take a second.

use std::io;

use log::warn;

use super::running::Running;
use super::saving::{SAVE_TIMEOUT, Saving};
use crate::message::Now;
use crate::server::bans_file;

impl Running {
    /// Saves the bans if they have changed. One save at a time, so that the file ends with the last.
    pub(super) fn keep_bans(&mut self, now: Now) {
        let Some(path) = self.reactor.bans_file.clone().filter(|_| self.saving == Saving::Rests) else {
            return;
        };
        if let Some(text) = self.server.bans_to_keep(now) {
            self.saving = Saving::Since(now.instant);
            self.saver.start(Box::new(move || bans_file::save(&path, &text)));
        }
    }

    /// Handles the outcome of a save.
    pub(super) fn bans_saved(&mut self, result: &io::Result<()>, now: Now) {
        self.saving = Saving::Rests;
        if let Err(error) = result {
            self.server.bans_not_kept(error, now);
        }
    }

    /// Logs what is lost when the server stops waiting for a save.
    pub(super) fn end_saving(&self) {
        if self.saving != Saving::Rests {
            warn!(
                "the last bans may not be saved: the disk has taken longer than {} s",
                SAVE_TIMEOUT.as_secs()
            );
        }
    }
}
