//! The store keeps what outlives a restart. Its thread wakes the loop with answers.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use log::{info, warn};
use mio::Waker;

use crate::config::ServerConfig;
use crate::message::Now;
use crate::net::web::Socket;
use crate::server::Server;
#[cfg(feature = "upgrade")]
use crate::store;
#[cfg(feature = "cluster")]
use crate::store::BrokerConfig;
use crate::store::{Database, Opened, Store, StoreConfig, StoreError};

/// The store, if the server has a directory for it.
#[derive(Default)]
pub(super) struct Keeper {
    opened: Option<(Store, Opened)>,
    /// Why there is none, though there is a directory.
    failure: Option<StoreError>,
    /// Since when shutting down waits for the store.
    pub(super) stops_since: Option<Instant>,
}

impl Keeper {
    /// Opens the store. An error names its file.
    pub(super) fn open(config: &ServerConfig, waker: &Arc<Waker>) -> io::Result<Self> {
        let history = &config.history;
        #[cfg(feature = "cluster")]
        if let Some(broker) = config.cluster.broker.clone() {
            if config.state.is_some() && !config.has_default_state() {
                info!("--state: with --cluster, the broker keeps history, accounts and bans instead");
            }
            let store = BrokerConfig {
                broker,
                age: history.age,
                lines: u32::try_from(history.lines).unwrap_or(u32::MAX),
                bytes: history.bytes as u64,
            };
            let opened = Store::open_broker(&store, wake(waker), Now::read().time);
            let opened = opened.map_err(|error| io::Error::other(error.to_string()))?;
            return Ok(Self { opened: Some(opened), ..Self::default() });
        }
        let Some(directory) = config.state.clone() else {
            return Ok(Self::default());
        };
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

    /// Checks that `open` could succeed once the server that uses the store is gone.
    #[cfg(feature = "upgrade")]
    pub(super) fn rehearse(config: &ServerConfig) -> Result<(), String> {
        match config.state.as_deref().map_or(Ok(()), store::could_open) {
            Err(error) if !(error.is_nowhere && config.has_default_state()) => Err(error.to_string()),
            _ => Ok(()),
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
        server.use_store(store, opened, now);
    }
}

/// A function that wakes the loop.
fn wake(waker: &Arc<Waker>) -> impl Fn() + Send + 'static {
    let waker = Arc::clone(waker);
    move || {
        if let Err(error) = waker.wake() {
            warn!("cannot wake the event loop: {error}");
        }
    }
}
