//! The pump: executes the effects of commands, in order. It gathers events for the same audience, and moves them into
//! outboxes, encoded once per kind of receiver, before anything else happens to the receivers.

use std::ops::Range;
use std::rc::Rc;
use std::time::Instant;

use super::Server;
use super::connection::{Connection, Life};
use super::quiet::Quiet;
use super::stream::Stream;
#[cfg(feature = "store")]
use crate::message::{Audience, Event};
use crate::message::{CloseReason, ConnectionId, Dialect, Effect, Now};
#[cfg(feature = "store")]
use crate::name::RoomName;

/// Events held back while a device is told what it missed take at most the outbox divided by this. If there are more,
/// the device hears them at once.
#[cfg(feature = "store")]
const SHARE_OF_HELD: usize = 4;

impl<S: Stream> Server<S> {
    /// Executes the list of effects to its end. An effect appends what it causes to the list: nothing else queues,
    /// closes or asks, and nothing that runs from here calls it.
    pub(super) fn pump(&mut self, now: Now) {
        self.steps += self.out.take_steps();
        while let Some(effect) = self.out.pop() {
            match effect {
                Effect::Event(_, audience, _) if audience.iter().next().is_none() => {}
                Effect::Event(event, audience, encoded) => {
                    if !self.batch.takes(&audience) {
                        self.seal(now);
                    }
                    let encoded = encoded.map(|it| (it.dialect, self.out.bytes_at(it.bytes)));
                    self.batch.push(event, audience, encoded);
                }
                Effect::Bytes(id, bytes) if self.takes_aside(id) => {
                    self.batch.push_aside(id, self.out.bytes_at(bytes));
                }
                Effect::Bytes(id, bytes) => {
                    self.seal(now);
                    self.put(id, bytes, now);
                }
                Effect::EndLine(id) => self.sealed(now).end_line(id, now),
                Effect::Hear(id, dialect) => self.sealed(now).hear(id, dialect),
                Effect::BeginQuiet(id, until) => self.sealed(now).begin_quiet(id, until),
                Effect::EndQuiet(id) => self.sealed(now).end_quiet(id, now),
                Effect::Close(id, reason) => self.sealed(now).leave(id.0 as usize, reason, now),
                Effect::CloseFrom(network, reason) => self.sealed(now).close_from(network, reason),
                Effect::Errand(id, errand) => self.send_on(id, errand, now),
                #[cfg(feature = "store")]
                Effect::WhenDrained(id) => self.sealed(now).tell_when_drained(id),
                #[cfg(feature = "store")]
                Effect::Show(id, room) => self.show(id, &room, now),
                #[cfg(feature = "store")]
                Effect::Record(record) => self.record(record),
                #[cfg(feature = "store")]
                Effect::Move(renamed, audience) => self.sealed(now).move_all(&renamed, &audience, now),
                #[cfg(feature = "cluster")]
                Effect::Relay(relay) => self.relay(*relay),
                Effect::Flush(id) => self.begin_flushing(id.0 as usize, now),
            }
            self.steps += self.out.take_steps();
        }
    }

    /// Seals the batch first: the next effect changes how a receiver gets events.
    fn sealed(&mut self, now: Now) -> &mut Self {
        self.seal(now);
        self
    }

    /// Moves the batch into the outboxes of its audience. Do this before anything else goes into an outbox, and at the
    /// end of a turn.
    pub fn seal(&mut self, now: Now) {
        if self.batch.is_empty() {
            return;
        }
        let audience = Rc::clone(self.batch.audience());
        self.steps += audience.len();
        self.unshared_bytes += self.batch.aside_bytes();
        for (n, id) in audience.iter().enumerate() {
            let key = id.0 as usize;
            let Some(connection) = self.connections.get_mut(key) else {
                debug_assert!(false, "an event for {id:?}, which is gone");
                continue;
            };
            if connection.is_hearing() {
                let mut is_given = false;
                self.batch.frames(n, connection.dialect, &self.house, |frame| {
                    if !frame.is_empty() {
                        connection.deliver(frame);
                        is_given = true;
                    }
                });
                if is_given {
                    #[cfg(feature = "store")]
                    connection.limit_held(self.house.config.limits.outbox_bytes / SHARE_OF_HELD);
                    self.queued(key, now);
                }
            }
        }
        self.batch.clear();
    }

    /// True when bytes for `id` may join the batch: they do not wait for its quiet time, as events do.
    fn takes_aside(&self, id: ConnectionId) -> bool {
        let is_loud = || self.connections.get(id.0 as usize).is_some_and(|connection| !connection.is_quiet());
        self.batch.takes_aside(id) && is_loud()
    }

    fn put(&mut self, id: ConnectionId, bytes: Range<usize>, now: Now) {
        let key = id.0 as usize;
        let Some(connection) = self.connections.get_mut(key) else {
            debug_assert!(false, "bytes for {id:?}, which is gone");
            return;
        };
        if connection.may_be_told() {
            self.unshared_bytes += bytes.len();
            connection.send_bytes(self.out.bytes_at(bytes));
            self.queued(key, now);
        }
    }

    fn end_line(&mut self, id: ConnectionId, now: Now) {
        let key = id.0 as usize;
        if let Some(connection) = self.connections.get_mut(key)
            && connection.outbox.is_mid_line
            && connection.is_hearing()
        {
            connection.send_bytes(b"\n");
            self.queued(key, now);
        }
    }

    fn hear(&mut self, id: ConnectionId, dialect: Dialect) {
        if let Some(connection) = self.connections.get_mut(id.0 as usize) {
            connection.hear(dialect);
        }
    }

    #[cfg(feature = "store")]
    fn show(&mut self, id: ConnectionId, room: &RoomName, now: Now) {
        let key = id.0 as usize;
        if self.connections.get(key).is_some_and(Connection::is_open) {
            self.act(key, now, |session, context| session.show(room, context));
        }
    }

    /// Lets sessions of `audience` follow a room to its new name.
    #[cfg(feature = "store")]
    fn move_all(&mut self, renamed: &Event, audience: &Audience, now: Now) {
        for id in audience.iter() {
            let key = id.0 as usize;
            if self.connections.get(key).is_some_and(Connection::is_hearing) {
                self.act(key, now, |session, context| session.moved(renamed, context));
            }
        }
    }

    fn begin_quiet(&mut self, id: ConnectionId, until: Option<Instant>) {
        if let Some(Connection { life: Life::Open(quiet), .. }) = self.connections.get_mut(id.0 as usize) {
            quiet.get_or_insert_with(|| Box::new(Quiet::new(until))).until = until;
        }
    }

    fn end_quiet(&mut self, id: ConnectionId, now: Now) {
        let key = id.0 as usize;
        if let Some(connection) = self.connections.get_mut(key)
            && connection.may_be_told()
        {
            connection.end_quiet();
            self.queued(key, now);
        }
    }

    /// Schedules what was queued for the connection `key` to be written, or closes it when that is too much.
    pub(super) fn queued(&mut self, key: usize, now: Now) {
        let most = self.house.config.limits.outbox_bytes;
        let is_overfull = self.connections[key].unsent_bytes() > most;
        self.settle(key);
        if is_overfull || self.kept_bytes > self.most_kept_bytes() {
            // A peer that reads must not suffer because much was queued or held back in one turn: write what can be
            // written now.
            self.connections[key].end_quiet();
            self.flush(key, now);
            if self.connections[key].unsent_bytes() > most {
                self.doom(key, CloseReason::OutboxFull(most));
            }
            self.shed(now);
        }
    }
}
