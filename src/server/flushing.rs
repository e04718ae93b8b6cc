//! Flushing: each connection with queued bytes is written to once, at the end of the turn.

use std::io::ErrorKind;
use std::mem;
use std::time::Duration;

use log::Level;

use super::Server;
use super::connection::{Inlet, Life};
use super::outbox::Link;
use super::stream::Stream;
use crate::message::Now;

/// How long to wait for the peer to close after us.
const LINGER: Duration = Duration::from_secs(2);

impl<S: Stream> Server<S> {
    /// Notes that the stream of `key` may take more bytes.
    pub fn writable(&mut self, key: usize) {
        if let Some(connection) = self.connections.get_mut(key) {
            connection.outbox.unblock();
            self.settle(key);
        }
    }

    pub(super) fn flush_all(&mut self, now: Now) {
        self.unshared_bytes = 0;
        // First come, first served: some may answer before the last have their bytes.
        let mut dirty = mem::take(&mut self.dirty);
        for key in dirty.drain(..) {
            self.connections[key].outbox.is_dirty = false;
            self.flush(key, now);
        }
        // Connections that became dirty meanwhile are in a new list.
        dirty.append(&mut self.dirty);
        self.dirty = dirty;
    }

    /// Writes to the connection `key`, and continues closing it once nothing is unsent.
    pub(super) fn flush(&mut self, key: usize, now: Now) {
        let connection = &mut self.connections[key];
        let before = connection.outbox.queued_bytes();
        let written = connection.write();
        connection.sent_bytes += (before - connection.outbox.queued_bytes()) as u64;
        if let Err(error) = &written {
            let peer = connection.peer;
            self.log.line(Level::Debug, peer, now.instant, format_args!("{peer}: write failed: {error}"));
            connection.outbox.clear();
            connection.stream.forget_unsent();
            connection.outbox.link = Link::Mute;
            if let Life::Flushing { .. } = connection.life {
                return self.mark_closed(key);
            }
            // Input that the peer sent before it left is read to the end; reading reports the break.
            if connection.inlet == Inlet::Open {
                connection.inlet = Inlet::More { first: true };
            }
            return self.settle(key);
        }
        if connection.has_unsent() {
            if let Ok(true) = written {
                connection.outbox.block();
            }
            return self.settle(key);
        }
        match connection.life {
            Life::Flushing { peer_finished, .. } => self.shut(key, peer_finished, now),
            _ => self.draining.has_drained(key),
        }
        self.settle(key);
    }

    fn shut(&mut self, key: usize, peer_finished: bool, now: Now) {
        let connection = &mut self.connections[key];
        match connection.stream.shutdown_write() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => connection.outbox.block(),
            Ok(()) if !peer_finished => {
                connection.life = Life::Lingering { until: self.deadlines.due(now.instant + LINGER) };
                connection.inlet = Inlet::More { first: true };
            }
            Ok(()) | Err(_) => self.mark_closed(key),
        }
    }
}
