//! From a connection's bytes to its session: within a budget, so that nobody's input holds up the others.

use std::io::ErrorKind;
use std::mem;

use super::{READ_BUDGET, Server};
use crate::config::Flood;
use crate::message::{CloseReason, Now};
use crate::server::Stream;
use crate::server::connection::{Connection, Inlet, Life, Link};
use crate::session::Session;

/// Most bytes read at once from a connection that has to wait when it sends too much: they are kept meanwhile.
const LIMITED_READ: usize = 4 * 1024;

/// What a read costs of the budget that has done something, but gave no bytes: there may be no end to such reads.
const INTERRUPTED_BYTES: usize = 4 * 1024;

/// Most streams of newcomers that are taken further towards being open in a turn; then it is the others' turn. A step of
/// a TLS handshake takes up to some milliseconds on a small machine, nearly all of them for the signature.
const OPENINGS: usize = 8;

/// So many bytes for single connections are written before the turn ends: when many log in at once, what they are told
/// would lie between what is kept of them, and leave holes in memory.
const UNSHARED_BYTES: usize = 256 * 1024;

/// What is no longer than a line's end is no message: the Java clients send it after each.
const LINE_END_BYTES: usize = 2;

/// Most steps for one connection in a turn; then it is the others' turn. A step is a user or room that is looked at or
/// told something, some tens of nanoseconds: some commands are short and much work. So ten peers that send without
/// pause take some milliseconds of a turn.
const STEP_BUDGET: usize = 2_560;

/// How many steps a command is worth besides.
const COMMAND_STEPS: usize = 10;

impl<S: Stream> Server<S> {
    /// Reads what there is to read of the connection `key`, within the budget, and handles it.
    pub fn readable(&mut self, key: usize, now: Now) {
        let Some(connection) = self.connections.get(key) else { return };
        // Who has sent too much waits for a token, and who has given a password for the verdict, unless it is known to be
        // gone; who has had its budget waits for the next turn, also when more has come since.
        match connection.is_kept_waiting() {
            true if connection.is_known_gone() => return self.hung_up(key, now),
            true => return,
            false if connection.is_unread => return,
            false => {}
        }
        match connection.inlet {
            Inlet::Backlog => self.handle_inbox(key, &[], now),
            Inlet::More { .. } => self.connections[key].inlet = Inlet::Open,
            Inlet::Open | Inlet::Paused | Inlet::Waiting { .. } => {}
        }
        if self.connections[key].stream.is_opening() {
            self.open(key, now);
        } else {
            self.read(key, now);
        }
        self.pump(now);
        self.settle(key);
        self.shed(now);
        if self.unshared_bytes > UNSHARED_BYTES {
            self.flush_all(now);
        }
    }

    /// Takes the stream of the connection `key` further towards being open, where there is time for that in this turn.
    fn open(&mut self, key: usize, now: Now) {
        let connection = &mut self.connections[key];
        if connection.link != Link::Sound {
            // A signature for somebody who has left is for nobody.
            return self.lost(key, ErrorKind::BrokenPipe, now);
        }
        if self.openings == OPENINGS {
            connection.inlet = Inlet::More { first: true };
            return;
        }
        self.openings += 1;
        // What waits may have waited for this step.
        connection.outbox.unblock();
        self.read(key, now);
    }

    /// Reads from the connection `key` until there is nothing, or the budget is spent, or it is to wait or ends.
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
                    // Whoever has had a step towards being open comes after those who have not.
                    connection.inlet = Inlet::More { first: !connection.stream.is_opening() };
                }
                return;
            }
            if let Life::Closed = connection.life {
                return;
            }
            let is_mute = connection.link == Link::Mute;
            match connection.stream.read(&mut self.read_buffer[..most]) {
                // Where a write has told of the break already, reading comes to an end like any other.
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

    /// Notes that the connection `key` is broken, which reading tells as well. But whoever is kept waiting is not read
    /// from, and would be here for hours after it has gone.
    pub fn hung_up(&mut self, key: usize, now: Now) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.link == Link::Sound {
            connection.link = Link::HungUp;
        }
        if connection.is_kept_waiting() {
            self.lost(key, ErrorKind::BrokenPipe, now);
            self.pump(now);
            self.settle(key);
        }
    }

    /// Handles the first `count` bytes of the read buffer.
    fn received(&mut self, key: usize, count: usize, now: Now) {
        let connection = &mut self.connections[key];
        if !connection.is_open() {
            return;
        }
        // It is put back below, and so is the inbox. An unfinished frame is kept apart, so that what follows it is
        // appended: moving it about for every byte of a trickle would cost O(n²).
        let read_buffer = mem::take(&mut self.read_buffer);
        if connection.inbox.is_empty() {
            let used = self.handle(key, &read_buffer[..count], now);
            self.connections[key].inbox.set(read_buffer[used..count].to_vec());
        } else {
            self.handle_inbox(key, &read_buffer[..count], now);
        }
        self.read_buffer = read_buffer;
    }

    /// Handles what is in the inbox, and `more` behind it.
    fn handle_inbox(&mut self, key: usize, more: &[u8], now: Now) {
        let mut inbox = self.connections[key].inbox.take();
        // What is kept is no more than what came.
        inbox.reserve_exact(more.len());
        inbox.extend_from_slice(more);
        let used = self.handle(key, &inbox, now);
        // A new one where something was used, because the old one has room for all that came.
        self.connections[key].inbox.set(if used > 0 { inbox[used..].to_vec() } else { inbox });
    }

    /// Handles every whole frame in `bytes`, or as many as are not too much for one turn or one peer. Returns how many
    /// bytes are done with.
    fn handle(&mut self, key: usize, bytes: &[u8], now: Now) -> usize {
        let (mut used, mut steps) = (0, 0);
        self.connections[key].inlet = Inlet::Open;
        // What was done for others before is not this one's.
        self.dismiss(now);
        self.pump(now);
        self.take_steps();
        while used < bytes.len() || self.connections[key].session.is_working() {
            if steps > STEP_BUDGET {
                self.connections[key].inlet = Inlet::Backlog;
                break;
            }
            let flood = self.flood_limit(key);
            // Whoever does not take its answers must not have work done for it to the end of the budget.
            if !self.connections[key].is_open() {
                return bytes.len();
            }
            let Connection { session, bucket, inlet, .. } = &mut self.connections[key];
            self.out.allow(STEP_BUDGET - steps);
            let (mut is_whole, mut messages) = (true, 0);
            if session.is_working() {
                self.with_session(key, now, Session::go_on);
                messages = self.out.take_messages();
            } else {
                if flood.is_some_and(|flood| bucket.ready_at(flood) > now.instant) {
                    *inlet = Inlet::Paused;
                    self.counts.pauses += 1;
                    break;
                }
                let rest = &bytes[used..];
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
        }
        used
    }

    /// How many steps there were since this was asked last.
    fn take_steps(&mut self) -> usize {
        self.out.take_steps() + mem::take(&mut self.steps)
    }

    /// How fast the peer of `key` may send, if not as fast as it likes: operators may.
    fn flood_limit(&self, key: usize) -> Option<Flood> {
        let is_operator =
            self.hub.users().get(self.connections[key].session.user()).is_some_and(|user| user.is_operator);
        self.house.config.limits.flood.filter(|_| !is_operator)
    }

    /// Goes on with the connection `key` if it may send again.
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
                self.out.allow(STEP_BUDGET);
                self.with_session(key, now, |session, context| session.finish(&rest, context));
                self.pump(now);
                let connection = &mut self.connections[key];
                if connection.session.is_working() && connection.is_open() {
                    // Its last command goes on in the next turn, which is told of the end once more.
                    connection.inlet = Inlet::Backlog;
                    return;
                }
                match &mut connection.inlet {
                    // Its last frame has not been handled to the end.
                    Inlet::Waiting { peer_finished } => *peer_finished = true,
                    Inlet::Open | Inlet::More { .. } | Inlet::Backlog | Inlet::Paused => {
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
