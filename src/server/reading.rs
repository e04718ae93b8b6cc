//! From a connection's bytes to its session, within a budget, so that no peer delays the others.

use std::io::ErrorKind;
use std::mem;

use super::{READ_BUDGET, Server};
use crate::config::Flood;
use crate::message::{CloseReason, Now};
use crate::server::Stream;
use crate::server::connection::{Connection, Inlet, Life};
use crate::server::outbox::Link;
use crate::session::Session;

/// Most bytes in one read from a peer with a rate limit: they stay in memory while it waits.
const LIMITED_READ: usize = 4 * 1024;

/// Budget that a read without bytes costs: there may be no end to such reads.
const INTERRUPTED_BYTES: usize = 4 * 1024;

/// Most handshake steps in a turn. A TLS step takes up to some milliseconds on a small machine, mostly
/// for the signature.
const OPENINGS: usize = 8;

/// Flush before the turn ends once this many bytes are queued for single connections: when many users log in at once,
/// their answers would lie between long-lived data and fragment the memory.
const UNSHARED_BYTES: usize = 256 * 1024;

/// The Java clients send an empty message, no longer than a line end, after each message.
const LINE_END_BYTES: usize = 2;

/// Most steps for one connection in a turn. A step is a user or room looked at or told something and takes some tens of
/// nanoseconds, so ten peers that send without pause take some milliseconds of a turn.
pub(super) const STEP_BUDGET: usize = 2_560;

/// Steps that each command costs in addition.
const COMMAND_STEPS: usize = 10;

impl<S: Stream> Server<S> {
    /// Reads from the connection `key`, within the budget, and handles its input.
    pub fn readable(&mut self, key: usize, now: Now) {
        let Some(connection) = self.connections.get(key) else { return };
        // A peer that exceeded its rate waits for a token, one that sent a password waits for the verdict, unless its
        // link is broken. One that spent its budget waits for the next turn, even if more input has come.
        match connection.is_kept_waiting() {
            true if connection.is_known_gone() => return self.hung_up(key, now),
            true => return,
            false if connection.is_unread => return,
            false if self.settling.is_on() && connection.is_open() => return,
            false => {}
        }
        match connection.inlet {
            Inlet::Backlog => self.handle_inbox(key, &[], now),
            Inlet::More { .. } => self.connections[key].inlet = Inlet::Open,
            #[cfg(feature = "cluster")]
            Inlet::Locked => {}
            Inlet::Open | Inlet::Paused | Inlet::Held | Inlet::Waiting { .. } => {}
        }
        if self.connections[key].stream.is_opening() {
            self.open(key, now);
        } else {
            self.read(key, now);
        }
        self.end_read(key, now);
    }

    /// Continues the unfinished command of the connection `key`.
    #[cfg(feature = "upgrade")]
    pub(super) fn go_on(&mut self, key: usize, now: Now) {
        self.handle_inbox(key, &[], now);
        self.end_read(key, now);
    }

    fn end_read(&mut self, key: usize, now: Now) {
        self.pump(now);
        self.settle(key);
        self.shed(now);
        if self.unshared_bytes > UNSHARED_BYTES {
            self.flush_all(now);
        }
    }

    /// Takes the handshake of the connection `key` one step further, if this turn has time for it.
    fn open(&mut self, key: usize, now: Now) {
        let connection = &mut self.connections[key];
        if connection.outbox.link != Link::Sound {
            // Spend no signature on a peer that has left.
            return self.lost(key, ErrorKind::BrokenPipe, now);
        }
        if self.openings == OPENINGS {
            connection.inlet = Inlet::More { first: true };
            return;
        }
        self.openings += 1;
        // Queued bytes may have waited for this step.
        connection.outbox.unblock();
        self.read(key, now);
    }

    /// Reads from the connection `key` until it would block, spends its budget, has to wait or closes.
    fn read(&mut self, key: usize, now: Now) {
        let mut budget = READ_BUDGET;
        loop {
            let most = if self.flood_limit(key).is_some() { budget.min(LIMITED_READ) } else { budget };
            let Some(connection) = self.connections.get_mut(key) else { return };
            if connection.is_kept_waiting() {
                if connection.is_known_gone() {
                    self.hung_up(key, now);
                }
                return;
            }
            if budget == 0 || connection.inlet == Inlet::Backlog {
                if connection.inlet == Inlet::Open {
                    // Connections that have had a handshake step come after those that have not.
                    connection.inlet = Inlet::More { first: !connection.stream.is_opening() };
                }
                return;
            }
            if let Life::Closed = connection.life {
                return;
            }
            let is_mute = connection.outbox.link == Link::Mute;
            let read = connection.stream.read(&mut self.read_buffer[..most]);
            #[cfg(feature = "web")]
            {
                self.heed_requests(key, now);
                self.take_answers(key, now);
            }
            let connection = &mut self.connections[key];
            match read {
                // A failed write has found the break, so reading ends like any other.
                Ok(0) if is_mute => return self.lost(key, ErrorKind::BrokenPipe, now),
                Ok(0) => return self.peer_finished(key, now),
                Ok(count) => {
                    budget -= count;
                    connection.received_bytes += count as u64;
                    self.received(key, count, now);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    budget = budget.saturating_sub(INTERRUPTED_BYTES);
                }
                Err(_) if is_mute => return self.lost(key, ErrorKind::BrokenPipe, now),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => return self.failed(key, &error, now),
            }
        }
    }

    /// Notes that the link of the connection `key` is broken. Reading finds that too, but a waiting peer is not read
    /// from, and would stay for hours after it has gone.
    pub fn hung_up(&mut self, key: usize, now: Now) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.outbox.link == Link::Sound {
            connection.outbox.link = Link::HungUp;
        }
        if connection.is_kept_waiting() {
            self.lost(key, ErrorKind::BrokenPipe, now);
            self.pump(now);
            self.settle(key);
        }
    }

    fn received(&mut self, key: usize, count: usize, now: Now) {
        if !self.connections[key].is_open() {
            return;
        }
        self.is_alive(key, now);
        let connection = &mut self.connections[key];
        // Both buffers are put back below. An unfinished frame stays apart from the read buffer, so that what follows
        // is appended: moving it for every byte of a trickle would cost O(n²).
        let read_buffer = mem::take(&mut self.read_buffer);
        if connection.inbox.is_empty() {
            let used = self.handle(key, &read_buffer[..count], now);
            self.connections[key].inbox.set(read_buffer[used..count].to_vec());
        } else {
            self.handle_inbox(key, &read_buffer[..count], now);
        }
        self.read_buffer = read_buffer;
    }

    /// Handles the inbox followed by `more`.
    fn handle_inbox(&mut self, key: usize, more: &[u8], now: Now) {
        let mut inbox = self.connections[key].inbox.take();
        // Keep no more capacity than there are bytes.
        inbox.reserve_exact(more.len());
        inbox.extend_from_slice(more);
        let used = self.handle(key, &inbox, now);
        // Copy the rest: the old buffer has capacity for all that was handled.
        self.connections[key].inbox.set(if used > 0 { inbox[used..].to_vec() } else { inbox });
    }

    /// Handles the whole frames in `bytes`, within the step budget and the rate limit. Returns the number of bytes
    /// handled.
    fn handle(&mut self, key: usize, bytes: &[u8], now: Now) -> usize {
        let (mut used, mut steps, recorded) = (0, 0, self.history.recorded());
        self.connections[key].inlet = Inlet::Open;
        // Do not charge this connection for earlier work.
        self.dismiss(now);
        self.pump(now);
        self.take_steps();
        while used < bytes.len() || self.connections[key].session.is_working() {
            if steps > STEP_BUDGET {
                self.connections[key].inlet = Inlet::Backlog;
                break;
            }
            let flood = self.flood_limit(key);
            // A peer whose outbox overflows gets no further work done.
            if !self.connections[key].is_open() {
                return bytes.len();
            }
            let Connection { session, bucket, inlet, .. } = &mut self.connections[key];
            self.out.allow(STEP_BUDGET - steps);
            let (mut is_whole, mut messages) = (true, 0);
            if session.is_working() {
                if self.waits_with_frame(key, &[], now) {
                    break;
                }
                self.with_session(key, now, Session::go_on);
                messages = self.out.take_messages();
            } else {
                if self.settling.is_on() {
                    *inlet = Inlet::Backlog;
                    break;
                }
                if flood.is_some_and(|flood| bucket.ready_at(flood) > now.instant) {
                    *inlet = Inlet::Paused;
                    self.counts.pauses += 1;
                    break;
                }
                if self.history.is_overfull() {
                    self.hold(key);
                    break;
                }
                let rest = &bytes[used..];
                if self.waits_with_frame(key, rest, now) {
                    break;
                }
                let count = self.with_session(key, now, |session, context| session.receive(rest, context));
                is_whole = count.is_some();
                let count = count.unwrap_or(0);
                used += count;
                if count > LINE_END_BYTES {
                    messages = self.out.take_messages().max(1);
                }
            }
            self.pump(now);
            steps += COMMAND_STEPS + self.take_steps();
            if !is_whole {
                break;
            }
            let connection = &mut self.connections[key];
            if let Some(flood) = flood {
                connection.bucket.take(flood, messages, now.instant);
            }
            if connection.is_kept_waiting() {
                break;
            }
            if self.history.is_full() && self.history.recorded() > recorded {
                self.hold(key);
                break;
            }
        }
        used
    }

    /// Lets the input of `key` wait until the store has caught up.
    fn hold(&mut self, key: usize) {
        self.connections[key].inlet = Inlet::Held;
        self.counts.pauses += 1;
        self.history.hold(key);
    }

    pub(super) fn take_steps(&mut self) -> usize {
        self.out.take_steps() + mem::take(&mut self.steps)
    }

    /// The rate limit of the peer; operators have none.
    pub(super) fn flood_limit(&self, key: usize) -> Option<Flood> {
        let is_operator =
            self.hub.users().get(self.connections[key].session.user()).is_some_and(|user| user.is_operator);
        self.house.config.limits.flood.filter(|_| !is_operator)
    }

    /// Continues with the connection `key` if its peer may send again.
    pub(super) fn resume(&mut self, key: usize, now: Now) {
        let Some(flood) = self.house.config.limits.flood else { return };
        let connection = &mut self.connections[key];
        if connection.inlet == Inlet::Paused && connection.bucket.ready_at(flood) <= now.instant {
            connection.inlet = Inlet::Backlog;
            self.readable(key, now);
        }
    }

    fn peer_finished(&mut self, key: usize, now: Now) {
        let connection = &mut self.connections[key];
        match &mut connection.life {
            Life::Open(_) => {
                let rest = connection.inbox.take();
                #[cfg(feature = "cluster")]
                let Some(rest) = self.unless_last_frame_waits(key, rest, now) else { return };
                self.out.allow(STEP_BUDGET);
                self.with_session(key, now, |session, context| session.finish(&rest, context));
                self.pump(now);
                let connection = &mut self.connections[key];
                if connection.session.is_working() && connection.is_open() {
                    // The next turn finishes its last command, and finds the end of input again.
                    connection.inlet = Inlet::Backlog;
                    return;
                }
                match &mut connection.inlet {
                    // Its last frame is not yet handled completely.
                    Inlet::Waiting { peer_finished } => *peer_finished = true,
                    #[cfg(feature = "cluster")]
                    Inlet::Locked => {}
                    Inlet::Open | Inlet::More { .. } | Inlet::Backlog | Inlet::Paused | Inlet::Held => {
                        self.end(key, CloseReason::PeerFinished);
                    }
                }
            }
            Life::Leaving { peer_finished } | Life::Flushing { peer_finished, .. } => *peer_finished = true,
            Life::Lingering { .. } => self.mark_closed(key),
            Life::Doomed(_) | Life::Closed => {}
        }
    }
}
