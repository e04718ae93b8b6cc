//! How connections end: the user leaves, the peer is told why and has its last bytes, and then it is marked.

use std::io::{self, ErrorKind};
use std::mem;
use std::time::Duration;

use log::{Level, info};

use super::{Server, mark_dirty, mark_unread, user_id};
use crate::message::{CloseReason, Now};
use crate::server::connection::{Hearing, Inlet, Life};
use crate::server::stream::{Ending, Stream};
use crate::session::Session;

/// How long a peer may take for its last bytes.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(30);

impl<S: Stream> Server<S> {
    /// Ends a connection that reading has failed on: in an orderly way, where the stream says why.
    pub(super) fn failed(&mut self, key: usize, error: &io::Error, now: Now) {
        match Ending::of(error) {
            Some(reason) => self.end(key, reason.clone(), now),
            None => self.lost(key, error.kind(), now),
        }
    }

    /// Ends a connection that is broken.
    pub(super) fn lost(&mut self, key: usize, kind: ErrorKind, now: Now) {
        if let Life::Open = self.connections[key].life {
            self.seal(now);
            self.depart(key, &CloseReason::Lost(kind), now);
        }
        self.mark_closed(key);
    }

    /// Begins an orderly end: the user leaves, the peer is told why, and what waits for it is written.
    pub(super) fn end(&mut self, key: usize, reason: CloseReason, now: Now) {
        if !matches!(self.connections[key].life, Life::Open) {
            return;
        }
        // What was said before is for whoever leaves, too.
        self.seal(now);
        let peer_finished = reason == CloseReason::PeerFinished;
        // Lines for it were dropped already in this turn, so whatever else happens, this is why it ends.
        let reason = match self.connections[key].hearing {
            Hearing::TooSlow => CloseReason::OutboxFull(self.house.config.limits.outbox_bytes),
            Hearing::Shed => CloseReason::MemoryFull(self.house.config.limits.memory_bytes),
            Hearing::Fine | Hearing::Gone | Hearing::Banned => reason,
        };
        self.depart(key, &reason, now);
        if self.connections[key].stream.is_opening() && reason.waits_for_nobody() {
            return self.mark_closed(key);
        }
        if self.connections[key].hearing == Hearing::Banned {
            self.connections[key].hearing = Hearing::Fine;
        }
        if let Hearing::TooSlow | Hearing::Shed = self.connections[key].hearing {
            self.connections[key].outbox.forget_unstarted();
            self.connections[key].hearing = Hearing::Fine;
        }
        if self.connections[key].stream.is_mute() {
            self.connections[key].outbox.clear();
        } else if reason.is_told() {
            self.with_session(key, now, |session, context| session.farewell(&reason, context));
        }
        self.queue(now);
        let connection = &mut self.connections[key];
        connection.life = Life::Flushing { peer_finished };
        connection.inbox = Vec::new();
        // What it sends is not handled any more, so it need not wait: what lies unread when it is closed would cost it its
        // last words.
        if connection.is_kept_waiting() {
            connection.inlet = Inlet::Open;
            mark_unread(connection, key, &mut self.unread);
        }
        // An opening stream needs what comes, to open: only then the peer can be told anything.
        if !connection.stream.is_opening() {
            connection.stream.forget_unread();
        }
        mark_dirty(connection, key, &mut self.dirty);
        self.recount(key);
        self.set_deadline(key, Some(now.instant + FLUSH_TIMEOUT));
    }

    /// Ends all who do not take what is sent to them. That others are told of it may be too much for more of them.
    pub(super) fn end_overfull(&mut self, now: Now) {
        while !self.overfull.is_empty() {
            for key in mem::take(&mut self.overfull) {
                let limits = &self.house.config.limits;
                let reason = match self.connections[key].hearing {
                    Hearing::Shed | Hearing::Gone => CloseReason::MemoryFull(limits.memory_bytes),
                    Hearing::Fine | Hearing::TooSlow | Hearing::Banned => {
                        CloseReason::OutboxFull(limits.outbox_bytes)
                    }
                };
                self.end(key, reason, now);
            }
            self.dismiss(now);
            self.seal(now);
        }
    }

    /// Takes out of the hub whoever has left, all at once, so that their names are free. To be done before anything else
    /// is asked of the hub: those who leave one after the other need not be told of each other.
    pub(super) fn dismiss(&mut self, now: Now) {
        if !self.leavers.is_empty() {
            self.hub.leave_together(mem::take(&mut self.leavers), now, &mut self.out);
            self.queue(now);
        }
    }

    /// Notes that the user leaves the hub.
    fn depart(&mut self, key: usize, reason: &CloseReason, now: Now) {
        self.open -= 1;
        self.checks.forget(key, self.connections[key].peer);
        let name = self.with_session(key, now, Session::leave);
        if name.is_some() {
            self.leavers.push((user_id(key), reason.to_string()));
        }
        let connection = &self.connections[key];
        let (peer, received_bytes) = (connection.peer, connection.received_bytes);
        let (reason_text, seconds) = (reason.without_words(), self.seconds(now) - connection.came_s);
        let name = name.map(|name| format!(" {name}")).unwrap_or_default();
        // What waits is part of what it was sent, and is mostly written at the end of this turn.
        let sent_bytes = connection.sent_bytes + connection.unsent_bytes() as u64;
        let line = format_args!(
            "{peer}{name}: {reason_text} ({received_bytes} bytes in, {sent_bytes} out, {seconds} s)"
        );
        match reason {
            // An operator has caused it.
            CloseReason::Killed { .. } => info!("{line}"),
            _ => self.log.line(Level::Info, peer, now.instant, line),
        }
        self.counts.endings.count(reason.label());
        self.queue(now);
    }

    pub(super) fn mark_closed(&mut self, key: usize) {
        let connection = &mut self.connections[key];
        if !matches!(connection.life, Life::Closed) {
            connection.life = Life::Closed;
            connection.outbox.clear();
            connection.inbox = Vec::new();
            connection.stream.forget_unread();
            connection.stream.forget_unsent();
            self.closed.push(key);
            self.set_deadline(key, None);
        }
    }
}
