//! Coming to rest before another program takes over: the server handles no further input, and finishes what it has begun.
//!
//! Nothing waits for peers or for what may take long. Frames that are not handled stay in inboxes and in the system's
//! buffers, unsent bytes in outboxes, and questions that nobody works on in their queues: all of them are handed over.
//! What cannot be, is waited for: unfinished commands, the password that a thread checks, and the questions and records
//! that the store has.

use std::mem;
use std::time::{Duration, Instant};

use super::connection::{Connection, Inlet, Life};
use super::{Server, Stream};
use crate::message::{CloseReason, Now};
use crate::store;

/// How long connections that cannot be handed over may take for their last bytes.
const PARTING_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Settling {
    /// While settling: until then, it waits for connections that cannot be handed over.
    until: Option<Instant>,
    /// Nobody is handed over.
    is_anew: bool,
}

impl Settling {
    pub(super) fn is_on(&self) -> bool {
        self.until.is_some()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.until
    }
}

impl<S: Stream> Server<S> {
    /// Handles no further input from now on, and closes connections that cannot be handed over: all, if the next server begins
    /// anew. Refuses while the server shuts down. Go on with turns until `is_settled`: poll at least every few milliseconds,
    /// because the store does not tell when it has written everything.
    pub fn begin_settling(&mut self, is_anew: bool, now: Now) -> Result<(), &'static str> {
        if self.shutdown_by.is_some() {
            return Err("the server is shutting down");
        }
        self.settling = Settling { until: Some(now.instant + PARTING_TIMEOUT), is_anew };
        let is_kept = |connection: &Connection<S>| connection.stream.is_portable() && !is_anew;
        let parting = self.connections.iter().filter(|(_, c)| c.is_open() && !is_kept(c));
        let parting: Vec<_> = parting.map(|(key, _)| key).collect();
        parting.into_iter().for_each(|key| self.end(key, CloseReason::Upgrading));
        self.pump(now);
        Ok(())
    }

    /// True when everything can be handed over. O(connections).
    ///
    /// A command that waits for a password does not count: the address may have to wait for minutes. Its rest is lost.
    pub fn is_settled(&self, now: Now) -> bool {
        let Some(until) = self.settling.until else { return false };
        let is_done = self.out.is_empty() && self.batch.is_empty() && self.leavers.is_empty();
        is_done
            && self.banned.is_empty()
            && self.closed.is_empty()
            && self.reload_asked_by.is_empty()
            && !self.checks.is_working()
            && !self.history.is_working()
            && self.connections.iter().all(|(key, connection)| {
                let is_at_rest = !connection.session.is_working() || self.checks.is_asking(key);
                let is_kept = connection.stream.is_portable() && !self.settling.is_anew;
                is_at_rest && (is_kept || until <= now.instant)
            })
    }

    /// Why the store cannot write at present.
    pub fn store_failure(&self) -> Option<String> {
        self.history.status().and_then(|status| status.failure)
    }

    /// True if a backup waits until the server begins anew.
    pub fn has_waiting_backup(&self) -> bool {
        self.house.config.state.as_deref().is_some_and(store::is_restore_waiting)
    }

    /// True while questions to the store must wait. Unfinished commands need their answers.
    pub(super) fn rests_questions(&self) -> bool {
        let needs_answer =
            |(key, c): (usize, &Connection<S>)| c.session.is_working() && self.history.is_asking(key);
        self.settling.is_on() && !self.connections.iter().any(needs_answer)
    }

    /// Goes on as before. Reads all connections, because the system reports readiness only once.
    pub fn stop_settling(&mut self) {
        if self.settling.until.take().is_none() {
            return;
        }
        let keys: Vec<_> = self.connections.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.read_soon(key);
        }
    }

    /// Reads the connection `key` in the next turn, unless its peer has to wait.
    pub(super) fn read_soon(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.inlet == Inlet::Open {
            connection.inlet = Inlet::More { first: true };
        }
        self.settle(key);
    }

    /// Like `read_on`, while settling: continues unfinished commands, and reads only from peers whose input is ignored.
    pub(super) fn finish_work(&mut self, now: Now) {
        let mut waiting = Vec::new();
        for key in mem::take(&mut self.unread) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if connection.is_open() && !connection.session.is_working() {
                waiting.push(key);
                continue;
            }
            connection.is_unread = false;
            if connection.is_open() {
                self.go_on(key, now);
            } else {
                self.readable(key, now);
            }
        }
        waiting.append(&mut self.unread);
        self.unread = waiting;
    }

    /// True when `finish_work` has work.
    pub(super) fn has_work(&self) -> bool {
        self.unread.iter().any(|&key| {
            self.connections.get(key).is_some_and(|connection| match connection.life {
                Life::Open(_) => connection.session.is_working(),
                _ => true,
            })
        })
    }
}
