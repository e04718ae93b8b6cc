//! From what is to be sent to the outboxes, and out of them: an event is encoded once for all who get the same bytes.

use std::mem;
use std::time::Duration;

use log::debug;

use super::{Server, mark_dirty, mark_unread};
use crate::message::{Event, Frame, Now, Sending, UserId};
use crate::net::connection::{Connection, Hearing, Life};
use crate::net::stream::Stream;
use crate::session;

/// How long to read on for the peer's end after ours.
const LINGER: Duration = Duration::from_secs(2);

impl<S: Stream> Server<S> {
    /// Moves what is to be sent into outboxes, and ends what is to be ended.
    pub(super) fn queue(&mut self, now: Now) {
        while !self.out.is_empty() {
            let mut queueing = mem::replace(&mut self.out, mem::take(&mut self.queueing));
            for sending in queueing.iter() {
                match sending {
                    Sending::Event(event, audience) => self.fan_out(event, audience, now),
                    Sending::Bytes(id, bytes) => {
                        self.put(id, now, |connection| connection.outbox.push_bytes(bytes));
                    }
                    Sending::Close(id, reason) => self.end(id.0 as usize, reason.clone(), now),
                    Sending::Reload => self.house.reload(),
                }
            }
            queueing.clear();
            self.queueing = queueing;
        }
    }

    /// Queues an event for everybody in its audience. It is encoded once for all who get the same bytes.
    fn fan_out(&mut self, event: &Event, audience: &[UserId], now: Now) {
        for &id in audience {
            let Some(connection) = self.connections.get(id.0 as usize) else {
                debug_assert!(false, "an event for {id:?}, who is gone");
                continue;
            };
            let variant = session::variant(event, connection.session.dialect());
            let frame = match self.encodings.iter().find(|(encoded, _)| *encoded == variant) {
                Some((_, frame)) => Frame::clone(frame),
                None => {
                    self.encoder.clear();
                    session::encode(event, variant, &self.house, &mut self.encoder);
                    let frame = Frame::from(self.encoder.as_slice());
                    self.encodings.push((variant, Frame::clone(&frame)));
                    frame
                }
            };
            if !frame.is_empty() {
                self.put(id, now, |connection| connection.deliver(frame));
            }
        }
        self.encodings.clear();
    }

    /// Puts something into the outbox of `id`, and sees to it that it is written or, where there is too much,
    /// ended.
    fn put(&mut self, id: UserId, now: Now, put: impl FnOnce(&mut Connection<S>)) {
        let key = id.0 as usize;
        let Some(connection) = self.connections.get_mut(key) else {
            debug_assert!(false, "something is to be sent to {id:?}, who is gone");
            return;
        };
        // Whoever is about to leave has had its last words.
        if connection.hearing != Hearing::Fine || !matches!(connection.life, Life::Open) {
            return;
        }
        put(connection);
        mark_dirty(connection, key, &mut self.dirty);
        if connection.unsent_bytes() > self.house.limits.outbox_bytes {
            // Somebody who reads must not suffer because a lot came in one turn, or because a session holds back
            // more than there is room for: what can be written now, is.
            connection.release();
            self.flush(key, now);
            let connection = &mut self.connections[key];
            if connection.unsent_bytes() > self.house.limits.outbox_bytes {
                connection.hearing = Hearing::TooSlow;
                self.overfull.push(key);
            }
        }
    }

    /// Writes what waits for the connection `key`, and takes its end further once nothing waits.
    pub(super) fn flush(&mut self, key: usize, now: Now) {
        let connection = &mut self.connections[key];
        if let Err(error) = connection.outbox.write_to(&mut connection.stream) {
            debug!("{}: write failed: {error}", connection.peer);
            connection.outbox.clear();
            connection.hearing = Hearing::Gone;
            mark_unread(connection, key, &mut self.unread);
            return;
        }
        if !connection.outbox.is_empty() {
            return;
        }
        if let Life::Flushing { peer_finished, .. } = connection.life {
            let shut = connection.stream.shutdown_write();
            if peer_finished || shut.is_err() {
                self.mark_closed(key);
            } else {
                connection.life = Life::Lingering { until: now.instant + LINGER };
                mark_unread(connection, key, &mut self.unread);
            }
        }
    }
}
