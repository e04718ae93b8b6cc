//! From a connection's bytes to its session: within a budget, so that nobody's input holds up the others.

use std::io::ErrorKind;
use std::mem;

use super::{Server, mark_unread};
use crate::message::{CloseReason, Now};
use crate::net::connection::{Connection, Hearing, Life};
use crate::net::stream::Stream;

/// Most bytes read from one connection in a turn; then it is the others' turn.
pub(super) const READ_BUDGET: usize = 64 * 1024;

/// Most users and rooms looked at for one connection in a turn, each command and each hearer being one too; then it
/// is the others' turn. Some commands are short and much work.
const STEP_BUDGET: usize = 50_000;

impl<S: Stream> Server<S> {
    /// Reads what there is to read of the connection `key`, within the budget, and handles it.
    pub fn readable(&mut self, key: usize, now: Now) {
        // Who has had its budget waits for the next turn, also when more has come since.
        if self.connections.get(key).is_some_and(|connection| connection.unread) {
            return;
        }
        if self.connections.get(key).is_some_and(|connection| connection.has_backlog) {
            self.handle_inbox(key, &[], now);
        }
        let mut budget = READ_BUDGET;
        loop {
            let Some(connection) = self.connections.get_mut(key) else { return };
            if budget == 0 || connection.has_backlog {
                mark_unread(connection, key, &mut self.unread);
                break;
            }
            if let Life::Closed = connection.life {
                return;
            }
            let gone = connection.hearing == Hearing::Gone;
            match connection.stream.read(&mut self.read_buffer[..budget]) {
                // Where a write has told of the break already, reading comes to an end like any other.
                Ok(0) if gone => {
                    self.lost(key, ErrorKind::BrokenPipe, now);
                    break;
                }
                Ok(0) => {
                    self.peer_finished(key, now);
                    break;
                }
                Ok(count) => {
                    budget -= count;
                    self.received(key, count, now);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && !gone => break,
                Err(error) => {
                    self.lost(key, if gone { ErrorKind::BrokenPipe } else { error.kind() }, now);
                    break;
                }
            }
        }
        self.reschedule(key);
    }

    /// Handles the first `count` bytes of the read buffer.
    fn received(&mut self, key: usize, count: usize, now: Now) {
        let connection = &mut self.connections[key];
        match connection.life {
            Life::Open => {}
            Life::Flushing { .. } | Life::Lingering | Life::Closed => return,
        }
        // It is put back below, and so is the inbox. An unfinished frame is kept apart, so that what follows it is
        // appended: moving it about for every byte of a trickle would cost O(n²).
        let read_buffer = mem::take(&mut self.read_buffer);
        if connection.inbox.is_empty() {
            let used = self.handle(key, &read_buffer[..count], now);
            self.connections[key].inbox = read_buffer[used..count].to_vec();
        } else {
            self.handle_inbox(key, &read_buffer[..count], now);
        }
        self.read_buffer = read_buffer;
    }

    /// Handles what is in the inbox, and `more` behind it.
    fn handle_inbox(&mut self, key: usize, more: &[u8], now: Now) {
        let mut inbox = mem::take(&mut self.connections[key].inbox);
        inbox.extend_from_slice(more);
        let used = self.handle(key, &inbox, now);
        // A new one where something was used, because the old one has room for all that came.
        self.connections[key].inbox = if used > 0 { inbox[used..].to_vec() } else { inbox };
    }

    /// Handles every whole frame in `bytes`, or as many as are not too much for one turn. Returns how many bytes are
    /// done with.
    fn handle(&mut self, key: usize, bytes: &[u8], now: Now) -> usize {
        let (mut used, mut steps) = (0, 0);
        self.connections[key].has_backlog = false;
        // What others were looked at for before is not this one's.
        self.out.take_steps();
        while used < bytes.len() {
            if steps > STEP_BUDGET {
                self.connections[key].has_backlog = true;
                break;
            }
            let Connection { life, hearing, .. } = &self.connections[key];
            // Whoever does not take its answers must not have work done for it to the end of the budget.
            if !matches!(life, Life::Open) || *hearing == Hearing::TooSlow {
                return bytes.len();
            }
            let rest = &bytes[used..];
            if self.connections[key].session.must_have_heard(rest) {
                self.seal(now);
            }
            let count = self.with_session(key, now, |session, context| session.receive(rest, context));
            steps += 1 + self.out.take_steps();
            self.queue(now);
            match count {
                Some(count) => used += count,
                None => break,
            }
        }
        used
    }

    fn peer_finished(&mut self, key: usize, now: Now) {
        let connection = &mut self.connections[key];
        match &mut connection.life {
            Life::Open => {
                let rest = mem::take(&mut connection.inbox);
                self.seal(now);
                self.with_session(key, now, |session, context| session.finish(&rest, context));
                self.queue(now);
                self.end(key, CloseReason::PeerFinished, now);
            }
            Life::Flushing { peer_finished } => *peer_finished = true,
            Life::Lingering => self.mark_closed(key),
            Life::Closed => {}
        }
    }
}
