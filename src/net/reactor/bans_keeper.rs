//! Without the store, only bans outlive a restart. They are saved off the loop: the disk of a small machine may take a
//! second.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use mio::Waker;

use crate::bans_file;
use crate::config::ServerConfig;
use crate::message::{Ban, Now};
use crate::net::web::Socket;
use crate::net::worker::Worker;
use crate::server::Server;

/// The bans file, if there is one, and the thread that saves it.
pub(super) struct Keeper {
    pub(super) path: Option<PathBuf>,
    bans: Vec<Ban>,
    pub(super) saver: Worker<io::Result<()>>,
    /// Since when the bans are being saved.
    pub(super) saves_since: Option<Instant>,
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
