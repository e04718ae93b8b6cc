//! All connections, and what one turn does with them. It is given streams and the time, so it runs without
//! sockets as well; what polls and accepts is the reactor.
//!
//! Nothing is written while events are handled: that queues, and the end of the turn writes to each connection
//! once. Closing only marks: the slab uses keys again at once, so a connection leaves it at the turn's end.

use std::io::ErrorKind;
use std::mem;
use std::time::{Duration, Instant};

use log::{debug, info};
use slab::Slab;

use super::connection::{Connection, Hearing, Life};
use super::deadlines::Deadlines;
use super::outbox::Outbox;
use super::stream::Stream;
use crate::config::ServerConfig;
use crate::hub::Hub;
use crate::message::{CloseReason, Event, Frame, Now, Outgoing, Peer, Sending, UserId};
use crate::session::{self, Context, Dialect, House, Session};

/// Most bytes read from one connection in a turn; then it is the others' turn.
const READ_BUDGET: usize = 64 * 1024;

/// Most users and rooms looked at for one connection in a turn, each command and each hearer being one too; then it
/// is the others' turn. Some commands are short and much work.
const STEP_BUDGET: usize = 50_000;

/// How long a peer may take for its last bytes.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(30);

/// How long all peers together may take for theirs when the server ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(4);

/// How long to read on for the peer's end after ours.
const LINGER: Duration = Duration::from_secs(2);

/// How many connections beyond the most there may be are told so; further ones are closed without a word.
const REFUSALS_AT_ONCE: usize = 64;

/// A server without its sockets.
#[derive(Debug)]
pub struct Server<S> {
    house: House,
    hub: Hub,
    connections: Slab<Connection<S>>,
    /// How many of them are `Open`.
    open: usize,
    deadlines: Deadlines,
    /// What is to be sent by the command that is being handled.
    out: Outgoing,
    /// Holds `out`'s entries while they are queued, which can add others.
    queueing: Outgoing,
    /// The encodings of the event that is being queued: empty for those who do not hear of it.
    encodings: Vec<(Dialect, Frame)>,
    /// Where events are encoded.
    encoder: Vec<u8>,
    /// Every connection reads into this one.
    read_buffer: Box<[u8]>,
    /// Connections that have had their budget and may have more to read, each once. Readiness is told only once.
    unread: Vec<usize>,
    /// Connections with something to write, each once.
    dirty: Vec<usize>,
    /// Connections with more unsent bytes than they may have.
    overfull: Vec<usize>,
    /// Connections that are `Closed`, each once.
    closed: Vec<usize>,
    /// Set when the server ends: the latest time for everything.
    shutdown_by: Option<Instant>,
}

impl<S: Stream> Server<S> {
    /// A server with nobody in it.
    pub fn new(config: &ServerConfig, now: Now) -> Self {
        Self {
            house: House::new(config, now.time),
            hub: Hub::new(config.lobby.clone(), now.time),
            connections: Slab::new(),
            open: 0,
            deadlines: Deadlines::default(),
            out: Outgoing::default(),
            queueing: Outgoing::default(),
            encodings: Vec::new(),
            encoder: Vec::new(),
            read_buffer: vec![0; READ_BUDGET].into_boxed_slice(),
            unread: Vec::new(),
            dirty: Vec::new(),
            overfull: Vec::new(),
            closed: Vec::new(),
            shutdown_by: None,
        }
    }

    /// Who is here.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// How many connections there are, those included that are about to end.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// The key that the next connection gets.
    pub fn next_key(&self) -> usize {
        self.connections.vacant_key()
    }

    /// Takes a new connection, and returns its key. When there are too many it is told so and will end; `None`
    /// when there are too many even of those, and the stream is dropped.
    pub fn accept(&mut self, stream: S, peer: Peer, now: Now) -> Option<usize> {
        let most = self.house.limits.connections;
        if self.connections.len() >= most.saturating_add(REFUSALS_AT_ONCE) {
            debug!("{peer}: dropped, {most} connections and {REFUSALS_AT_ONCE} refusals under way");
            return None;
        }
        let full = self.connections.len() >= most;
        let key = self.connections.vacant_key();
        let session = Session::new(user_id(key), &self.house.limits, now.instant);
        self.connections.insert(Connection {
            stream,
            peer,
            session,
            inbox: Vec::new(),
            has_backlog: false,
            outbox: Outbox::default(),
            life: Life::Open,
            deadline: None,
            dirty: false,
            unread: false,
            hearing: Hearing::Fine,
        });
        self.open += 1;
        if full {
            self.end(key, CloseReason::ServerFull(most), now);
        }
        self.reschedule(key);
        Some(key)
    }

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

    /// Notes that the connection `key` may take more bytes.
    pub fn writable(&mut self, key: usize) {
        if let Some(connection) = self.connections.get_mut(key)
            && !connection.outbox.is_empty()
        {
            mark_dirty(connection, key, &mut self.dirty);
        }
    }

    /// True when a connection has had its budget, so that the next turn must not wait for readiness.
    pub fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Goes on with the connections whose budget ended the turn before.
    pub fn read_on(&mut self, now: Now) {
        for key in mem::take(&mut self.unread) {
            if let Some(connection) = self.connections.get_mut(key) {
                connection.unread = false;
            }
            self.readable(key, now);
        }
    }

    /// The next time at which `expire` has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.next().into_iter().chain(self.shutdown_by).min()
    }

    /// Does everything that is due.
    pub fn expire(&mut self, now: Now) {
        while let Some(key) = self.deadlines.pop_due(now.instant) {
            self.connections[key].deadline = None;
            match self.connections[key].life {
                Life::Open => {
                    self.with_session(key, now, |session, context| session.wake(context));
                    self.queue(now);
                }
                Life::Flushing { .. } => {
                    info!("{}: {}", self.connections[key].peer, CloseReason::Stalled);
                    self.mark_closed(key);
                }
                Life::Lingering { .. } => self.mark_closed(key),
                Life::Closed => {}
            }
            self.reschedule(key);
        }
        if self.shutdown_by.is_some_and(|by| by <= now.instant) {
            let keys: Vec<_> = self.connections.iter().map(|(key, _)| key).collect();
            keys.into_iter().for_each(|key| self.mark_closed(key));
        }
    }

    /// Ends the turn: writes to whom something is queued for, and takes out whoever is gone.
    pub fn finish_turn(&mut self, now: Now) {
        while let Some(key) = self.overfull.pop() {
            self.end(key, CloseReason::OutboxFull(self.house.limits.outbox_bytes), now);
        }
        while let Some(key) = self.dirty.pop() {
            self.connections[key].dirty = false;
            self.flush(key, now);
            self.reschedule(key);
        }
        for key in self.closed.drain(..) {
            let connection = self.connections.remove(key);
            self.deadlines.change(key, connection.deadline, None);
        }
    }

    /// Tells everybody that the server ends, and ends every connection.
    pub fn shut_down(&mut self, now: Now) {
        self.shutdown_by = Some(now.instant + SHUTDOWN_TIMEOUT);
        let keys: Vec<_> = self.connections.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.end(key, CloseReason::ShuttingDown, now);
            self.reschedule(key);
        }
    }

    /// Handles the first `count` bytes of the read buffer.
    fn received(&mut self, key: usize, count: usize, now: Now) {
        let connection = &mut self.connections[key];
        match connection.life {
            Life::Open => {}
            Life::Flushing { .. } | Life::Lingering { .. } | Life::Closed => return,
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
                self.with_session(key, now, |session, context| session.finish(&rest, context));
                self.queue(now);
                self.end(key, CloseReason::PeerFinished, now);
            }
            Life::Flushing { peer_finished, .. } => *peer_finished = true,
            Life::Lingering { .. } => self.mark_closed(key),
            Life::Closed => {}
        }
    }

    fn lost(&mut self, key: usize, kind: ErrorKind, now: Now) {
        if let Life::Open = self.connections[key].life {
            self.depart(key, &CloseReason::Lost(kind), now);
        }
        self.mark_closed(key);
    }

    /// Begins an orderly end: the user leaves, the peer is told why, and what waits for it is written.
    fn end(&mut self, key: usize, reason: CloseReason, now: Now) {
        if !matches!(self.connections[key].life, Life::Open) {
            return;
        }
        let peer_finished = reason == CloseReason::PeerFinished;
        // Lines for it were dropped already in this turn, so whatever else happens, this is why it ends.
        let reason = match self.connections[key].hearing {
            Hearing::TooSlow => CloseReason::OutboxFull(self.house.limits.outbox_bytes),
            Hearing::Fine | Hearing::Gone => reason,
        };
        self.depart(key, &reason, now);
        if let CloseReason::OutboxFull(_) = reason {
            self.connections[key].outbox.forget_unstarted();
            self.connections[key].hearing = Hearing::Fine;
        }
        if reason.is_told() {
            self.with_session(key, now, |session, context| session.farewell(&reason, context));
        }
        self.queue(now);
        let connection = &mut self.connections[key];
        connection.life = Life::Flushing { peer_finished, until: now.instant + FLUSH_TIMEOUT };
        connection.inbox = Vec::new();
        mark_dirty(connection, key, &mut self.dirty);
    }

    /// Takes the user out of the hub, so that the name is free.
    fn depart(&mut self, key: usize, reason: &CloseReason, now: Now) {
        self.open -= 1;
        let name = self.with_session(key, now, |session, context| session.leave(reason, context));
        let (peer, reason) = (self.connections[key].peer, reason.without_words());
        match name {
            Some(name) => info!("{peer} {name}: {reason}"),
            None => info!("{peer}: {reason}"),
        }
        self.queue(now);
    }

    /// Lets the session of `key` do something.
    fn with_session<T>(
        &mut self,
        key: usize,
        now: Now,
        act: impl FnOnce(&mut Session, &mut Context<'_>) -> T,
    ) -> T {
        let connection = &mut self.connections[key];
        let mut context = Context {
            hub: &mut self.hub,
            out: &mut self.out,
            now,
            peer: connection.peer,
            house: &self.house,
            connections: self.open,
        };
        act(&mut connection.session, &mut context)
    }

    /// Moves what is to be sent into outboxes, and ends what is to be ended.
    fn queue(&mut self, now: Now) {
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
    fn flush(&mut self, key: usize, now: Now) {
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

    fn mark_closed(&mut self, key: usize) {
        let connection = &mut self.connections[key];
        if !matches!(connection.life, Life::Closed) {
            connection.life = Life::Closed;
            connection.outbox.clear();
            self.closed.push(key);
        }
    }

    fn reschedule(&mut self, key: usize) {
        if let Some(connection) = self.connections.get_mut(key) {
            let wanted = connection.wanted_deadline();
            self.deadlines.change(key, connection.deadline, wanted);
            connection.deadline = wanted;
        }
    }

    /// Panics where an invariant does not hold between turns. Costs O(n): for tests.
    pub fn check(&self) {
        self.hub.check();
        let mut deadlines = 0;
        for (key, connection) in &self.connections {
            connection.outbox.check();
            let inbox = &connection.inbox;
            let is_small = inbox.capacity() <= 2 * inbox.len().max(8);
            assert!(is_small || connection.has_backlog, "{key} keeps more than an unfinished frame");
            assert_eq!(connection.deadline, connection.wanted_deadline(), "{key} is scheduled");
            deadlines += usize::from(connection.deadline.is_some());
            let limit = self.house.limits.outbox_bytes;
            assert!(connection.unsent_bytes() <= limit || !matches!(connection.life, Life::Open));
        }
        assert_eq!(self.deadlines.len(), deadlines, "no deadline outlives its connection");
        let open = self.connections.iter().filter(|(_, c)| matches!(c.life, Life::Open)).count();
        assert_eq!(self.open, open, "open connections are counted");
        for (id, user) in self.hub.users().iter() {
            let connection = self.connections.get(id.0 as usize).expect("every user has a connection");
            assert!(matches!(connection.life, Life::Open), "{} left and is still here", user.name());
        }
    }
}

fn mark_dirty<S>(connection: &mut Connection<S>, key: usize, dirty: &mut Vec<usize>) {
    if !connection.dirty {
        connection.dirty = true;
        dirty.push(key);
    }
}

fn mark_unread<S>(connection: &mut Connection<S>, key: usize, unread: &mut Vec<usize>) {
    if !connection.unread {
        connection.unread = true;
        unread.push(key);
    }
}

fn user_id(key: usize) -> UserId {
    UserId(u32::try_from(key).expect("the system has fewer descriptors than 32 bits count"))
}
