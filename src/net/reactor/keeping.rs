//! Without the store, only bans outlive a restart. They are saved off the loop: the disk of a small machine may take a
//! second.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::warn;
use mio::Waker;

use super::running::Running;
use crate::bans_file;
use crate::config::ServerConfig;
use crate::message::{Ban, Now};
use crate::net::socket::Socket;
use crate::net::worker::Worker;
use crate::server::Server;

/// How long shutting down may wait for the disk.
const SAVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The bans file, if there is one, and the thread that saves it.
pub(super) struct Keeper {
    path: Option<PathBuf>,
    bans: Vec<Ban>,
    saver: Worker<io::Result<()>>,
    /// Since when the bans are being saved.
    saves_since: Option<Instant>,
}

impl Keeper {
    /// Reads what an earlier run has kept. An error names the file.
    pub(super) fn open(config: &ServerConfig, waker: &Arc<Waker>) -> io::Result<Self> {
        let path = config.state.as_deref().map(bans_file::path);
        let bans = path.as_deref().map_or_else(|| Ok(Vec::new()), bans_file::read)?;
        Ok(Self { path, bans, saver: Worker::new(Arc::clone(waker)), saves_since: None })
    }

    /// Restores what was kept.
    pub(super) fn restore(&mut self, server: &mut Server<Socket>, now: Now) {
        server.restore_bans(std::mem::take(&mut self.bans), now);
    }
}

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
