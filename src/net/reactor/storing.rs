//! What outlives a restart is in the store, whose thread wakes the loop with answers.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use log::{info, warn};
use mio::Waker;

use super::running::Running;
use crate::config::ServerConfig;
use crate::message::Now;
use crate::net::socket::Socket;
use crate::server::Server;
use crate::store::{Database, Opened, Store, StoreConfig, StoreError};

/// How long shutting down may wait for the disk.
const SAVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The store, if the server has a directory for it.
#[derive(Default)]
pub(super) struct Keeper {
    opened: Option<(Store, Opened)>,
    /// Why there is none, though there is a directory.
    failure: Option<StoreError>,
    /// Since when shutting down waits for the store.
    stops_since: Option<Instant>,
}

impl Keeper {
    /// Opens the store. An error names its file.
    pub(super) fn open(config: &ServerConfig, waker: &Arc<Waker>) -> io::Result<Self> {
        let Some(directory) = config.state.clone() else {
            return Ok(Self::default());
        };
        let history = &config.history;
        let store = StoreConfig {
            directory,
            age: history.age,
            lines: u32::try_from(history.lines).unwrap_or(u32::MAX),
            bytes: history.bytes as u64,
        };
        match Store::open(&store, wake(waker), Now::read().time) {
            Ok(opened) => Ok(Self { opened: Some(opened), ..Self::default() }),
            // A user without a home can still run a server.
            Err(error) if error.is_nowhere && config.has_default_state() => {
                Ok(Self { failure: Some(error), ..Self::default() })
            }
            Err(error) => Err(io::Error::other(error.to_string())),
        }
    }

    /// Keeps things in this database instead.
    pub(super) fn replace(&mut self, database: impl Database, waker: &Arc<Waker>) -> io::Result<()> {
        self.opened = Some((Store::start(database, wake(waker))?, Opened::default()));
        Ok(())
    }

    /// Restores what was kept, and gives the store to the server.
    pub(super) fn restore(&mut self, server: &mut Server<Socket>, now: Now) {
        if let Some(failure) = self.failure.take() {
            warn!("history and bans will be forgotten at the end, see --state: {failure}");
        }
        let Some((store, opened)) = self.opened.take() else { return };
        opened.notes.iter().for_each(|note| info!("{note}"));
        server.restore_bans(opened.bans, now);
        server.use_store(store, opened.last_event);
    }
}

/// What wakes the loop.
fn wake(waker: &Arc<Waker>) -> impl Fn() + Send + 'static {
    let waker = Arc::clone(waker);
    move || {
        if let Err(error) = waker.wake() {
            warn!("cannot wake the event loop: {error}");
        }
    }
}

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
