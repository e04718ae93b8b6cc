//! From what is to be sent to the outboxes, and out of them: events are encoded once for all who get the same bytes.

use std::io::ErrorKind;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use log::Level;

use super::{Server, mark_dirty, mark_unread};
use crate::message::{Now, Sending, UserId};
use crate::server::Stream;
use crate::server::connection::{Hearing, Life};

/// How long to read on for the peer's end after ours.
const LINGER: Duration = Duration::from_secs(2);

impl<S: Stream> Server<S> {
    /// Moves what is to be sent into outboxes or, where more may follow for the same audience, into the batch; and
    /// ends what is to be ended.
    pub(super) fn queue(&mut self, now: Now) {
        while !self.out.is_empty() {
            let mut queueing = mem::replace(&mut self.out, mem::take(&mut self.queueing));
            self.steps += queueing.take_steps();
            for sending in queueing.drain() {
                match sending {
                    Sending::Event(event, audience) => {
                        if !self.batch.takes(&audience) {
                            self.seal(now);
                        }
                        self.batch.push(event, audience);
                    }
                    Sending::Bytes(id, bytes) if self.takes_aside(id) => self.batch.push_aside(id, bytes),
                    Sending::Bytes(id, bytes) => {
                        self.seal(now);
                        self.put(id, bytes, now);
                    }
                    Sending::Close(id, reason) => self.end(id.0 as usize, reason, now),
                    Sending::CloseFrom(network, reason) => self.close_from(network, reason),
                    Sending::Check(id, check) => self.ask(id, check, now),
                    Sending::Reload(by) => {
                        if !self.reload_asked_by.contains(&by) {
                            self.reload_asked_by.push(by);
                        }
                    }
                    Sending::Report(id, label) => self.tell_report(id, label.as_deref(), now),
                }
            }
            queueing.clear();
            self.queueing = queueing;
        }
    }

    /// Puts what was gathered for one audience into its outboxes. Whatever else goes into an outbox comes after this,
    /// and the end of a turn does it, too.
    pub fn seal(&mut self, now: Now) {
        let audience = Rc::clone(self.batch.audience());
        self.steps += audience.len();
        self.unshared_bytes += self.batch.aside_bytes();
        for (n, id) in audience.iter().enumerate() {
            let key = id.0 as usize;
            let Some(connection) = self.connections.get_mut(key) else {
                debug_assert!(false, "an event for {id:?}, who is gone");
                continue;
            };
            if connection.is_hearing() {
                let dialect = connection.session.dialect();
                let mut is_given = false;
                self.batch.frames(n, dialect, &self.house, |frame| {
                    if !frame.is_empty() {
                        connection.deliver(frame);
                        is_given = true;
                    }
                });
                if is_given {
                    self.queued(key, now);
                }
            }
        }
        self.batch.clear();
    }

    /// True when bytes for `id` may be gathered with what it hears. A session that holds back what it hears does not
    /// hold back those.
    fn takes_aside(&self, id: UserId) -> bool {
        let connection = self.connections.get(id.0 as usize);
        self.batch.takes_aside(id) && connection.is_some_and(|connection| !connection.session.may_hold())
    }

    /// Puts bytes into the outbox of `id`.
    fn put(&mut self, id: UserId, bytes: &[u8], now: Now) {
        let key = id.0 as usize;
        let Some(connection) = self.connections.get_mut(key) else {
            debug_assert!(false, "something is to be sent to {id:?}, who is gone");
            return;
        };
        if connection.is_hearing() {
            connection.outbox.push_bytes(bytes);
            self.unshared_bytes += bytes.len();
            self.queued(key, now);
        }
    }

    /// Sees to it that what was queued for the connection `key` is written or, where it is too much, that it ends.
    pub(super) fn queued(&mut self, key: usize, now: Now) {
        let connection = &mut self.connections[key];
        mark_dirty(connection, key, &mut self.dirty);
        let most = self.house.config.limits.outbox_bytes;
        let is_overfull = connection.unsent_bytes() > most;
        self.recount(key);
        if is_overfull || self.kept_bytes > self.most_kept_bytes() {
            // Somebody who reads must not suffer because a lot came in one turn, or because a session holds back
            // more than there is room for: what can be written now, is.
            self.connections[key].release();
            self.flush(key, now);
            self.recount(key);
            let connection = &mut self.connections[key];
            if connection.unsent_bytes() > most {
                connection.hearing = Hearing::TooSlow;
                self.overfull.push(key);
            }
            self.shed(now);
        }
    }

    /// Writes what waits for the connection `key`, and takes its end further once nothing waits.
    pub(super) fn flush(&mut self, key: usize, now: Now) {
        let connection = &mut self.connections[key];
        let before = connection.outbox.queued_bytes();
        let written = connection.write();
        connection.sent_bytes += (before - connection.outbox.queued_bytes()) as u64;
        if let Err(error) = written {
            let peer = connection.peer;
            self.log.line(Level::Debug, peer, now.instant, format_args!("{peer}: write failed: {error}"));
            connection.outbox.clear();
            connection.hearing = Hearing::Gone;
            mark_unread(connection, key, &mut self.unread);
            return;
        }
        if connection.has_unsent() {
            return;
        }
        if let Life::Flushing { peer_finished } = connection.life {
            let shut = connection.stream.shutdown_write();
            if shut.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
                return;
            }
            if peer_finished || shut.is_err() {
                self.mark_closed(key);
            } else {
                connection.life = Life::Lingering;
                mark_unread(connection, key, &mut self.unread);
                self.set_deadline(key, Some(now.instant + LINGER));
            }
        }
    }
}
