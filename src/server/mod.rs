//! All connections, and what one turn does with them. It is given streams and the time, so it runs without
//! sockets as well; what polls and accepts is the reactor.
//!
//! Nothing is written while events are handled: that queues, and the end of the turn writes to each connection
//! once. Closing only marks: the slab uses keys again at once, so a connection leaves it at the turn's end.

mod admission;
mod banning;
pub(crate) mod bans_file;
mod batch;
mod checks;
mod connection;
mod counts;
mod deadlines;
mod ending;
mod errands;
mod flushing;
mod frames;
mod guesses;
mod inbox;
mod invariants;
mod keeping;
mod memory;
mod outbox;
mod pump;
mod quiet;
mod reading;
mod reloading;
mod report;
mod reporting;
mod stream;
mod turn_times;

pub use checks::{Question, Verdict};
pub use outbox::Outbox;
pub use report::{Report, Waiting};
pub use stream::{Ending, Stream};
pub use turn_times::TurnTimes;

use std::mem;
use std::time::{Duration, Instant};

use log::Level;
use slab::Slab;

use crate::bucket::Bucket;
use crate::config::ServerConfig;
use crate::hub::Hub;
use crate::logging::PeerLog;
use crate::message::{CloseReason, ConnectionId, Dialect, Effect, Effects, Now, Peer, UserId};
use crate::network::Network;
use crate::session::{Context, House, Session};
use admission::Admission;
use batch::Batch;
use checks::Checks;
use connection::{Connection, Inlet, Life, Link, ReadNext};
use counts::Counts;
use deadlines::Deadlines;
use inbox::Inbox;

/// How long all peers together may take for theirs when the server ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(4);

/// How many who cannot come in are told so at the same time; further ones are closed without a word.
const REFUSALS_AT_ONCE: usize = 64;

/// Most bytes read from one connection in a turn; then it is the others' turn.
const READ_BUDGET: usize = 16 * 1024;

/// A server without its sockets.
#[derive(Debug)]
pub struct Server<S> {
    house: House,
    hub: Hub,
    connections: Slab<Connection<S>>,
    admission: Admission,
    /// How many of them are `Open`.
    open: usize,
    deadlines: Deadlines,
    checks: Checks,
    /// Unsent and unparsed bytes of all connections together.
    kept_bytes: usize,
    /// What all connections take besides those.
    own_bytes: usize,
    started: Instant,
    /// How often bans had changed when they were last kept.
    kept_changes: u64,
    counts: Counts,
    log: PeerLog,
    /// What was caused and is not done yet: see `pump`.
    out: Effects,
    /// Events that are in no outbox yet.
    batch: Batch,
    /// Bytes that were queued for single connections since they were last written.
    unshared_bytes: usize,
    /// Users and rooms that were looked at or told something, since `take_steps`.
    steps: usize,
    /// Newcomers whose streams were taken further towards being open, in this turn.
    openings: usize,
    /// Every connection reads into this one.
    read_buffer: Box<[u8]>,
    /// Connections that have had their budget and may have more to read, each once. Readiness is told only once.
    unread: Vec<usize>,
    /// Those that are to be added to these at the end of the turn.
    unread_behind: Vec<usize>,
    /// Connections with something to write, each once.
    dirty: Vec<usize>,
    /// Connections that are `Closed`, each once.
    closed: Vec<usize>,
    /// Users who have left and are still in the hub, and why they left: see `dismiss`.
    leavers: Vec<(UserId, String)>,
    /// Networks whose connections are to end, why, and the key from which on they are looked for: see `close_more`.
    banned: Vec<(Network, CloseReason, usize)>,
    /// Connections whose sessions wait for the config to be read again, and what the answer is called.
    reload_asked_by: Vec<(usize, Option<Box<str>>)>,
    /// Set when the server ends: the latest time for everything.
    shutdown_by: Option<Instant>,
}

impl<S: Stream> Server<S> {
    /// A server with nobody in it.
    pub fn new(config: &ServerConfig, now: Now) -> Self {
        let mut hub = Hub::new(config.lobby.clone(), now.time);
        hub.set_memory(config.limits.memory_bytes);
        Self {
            house: House::new(config, now.time),
            hub,
            connections: Slab::new(),
            admission: Admission::new(&config.limits),
            open: 0,
            deadlines: Deadlines::new(now.instant),
            checks: Checks::default(),
            kept_bytes: 0,
            own_bytes: 0,
            started: now.instant,
            kept_changes: 0,
            counts: Counts::default(),
            log: PeerLog::default(),
            out: Effects::default(),
            batch: Batch::new(config.limits.outbox_bytes),
            unshared_bytes: 0,
            steps: 0,
            openings: 0,
            read_buffer: vec![0; READ_BUDGET].into_boxed_slice(),
            unread: Vec::new(),
            unread_behind: Vec::new(),
            dirty: Vec::new(),
            closed: Vec::new(),
            leavers: Vec::new(),
            banned: Vec::new(),
            reload_asked_by: Vec::new(),
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

    /// Where what peers cause is logged.
    pub fn peer_log(&mut self) -> &mut PeerLog {
        &mut self.log
    }

    /// From now on IRC clients that understand it are told that they are to come with TLS, at this port; or are not.
    pub fn announce_tls(&mut self, port: Option<u16>) {
        self.house.sts_port = port;
    }

    /// The key that the next connection gets.
    pub fn next_key(&self) -> usize {
        self.connections.vacant_key()
    }

    /// Takes a new connection, and returns its key. Where it may not come in, it is turned away.
    pub fn accept(&mut self, stream: S, peer: Peer, now: Now) -> Option<usize> {
        if let Some(ban) = self.hub.bans().hitting(peer, now.time) {
            return self.turn_away(stream, peer, ban.close_reason(), now);
        }
        if let Some(reason) = self.lacks_memory_for(&stream) {
            return self.turn_away(stream, peer, reason, now);
        }
        match self.admission.admit(peer, now.instant) {
            Ok(()) => Some(self.take_in(stream, peer, true, now)),
            Err(reason) => self.turn_away(stream, peer, reason, now),
        }
    }

    /// Takes a new connection only to tell it why it cannot come in, and returns its key: it will end in an orderly
    /// way. `None` when too many are being told something like that, and the stream is dropped.
    pub fn turn_away(&mut self, stream: S, peer: Peer, reason: CloseReason, now: Now) -> Option<usize> {
        if self.connections.len() - self.admission.connections() >= REFUSALS_AT_ONCE {
            let line = format_args!("{peer}: dropped, {REFUSALS_AT_ONCE} refusals are under way: {reason}");
            self.log.line(Level::Debug, peer, now.instant, line);
            self.counts.dropped += 1;
            return None;
        }
        let key = self.take_in(stream, peer, false, now);
        // Opening costs more than being told is worth to somebody who comes again and again.
        if self.connections[key].stream.is_opening() {
            self.connections[key].stream.decline();
        }
        self.end(key, reason);
        self.pump(now);
        Some(key)
    }

    fn take_in(&mut self, stream: S, peer: Peer, is_admitted: bool, now: Now) -> usize {
        let key = self.connections.vacant_key();
        let session = Session::new(connection_id(key), &self.house.config.limits, now.instant);
        self.own_bytes += Connection::own_bytes(&stream);
        self.connections.insert(Connection {
            stream,
            peer,
            session,
            inbox: Inbox::default(),
            inlet: Inlet::Open,
            bucket: Bucket::new(now.instant),
            outbox: Outbox::default(),
            // It is told nothing before its first bytes are known.
            dialect: Dialect::CrazyIt,
            is_mid_line: false,
            kept_bytes: 0,
            life: Life::Open(None),
            link: Link::Sound,
            deadline: None,
            is_dirty: false,
            is_unread: false,
            came_s: self.seconds(now),
            received_bytes: 0,
            sent_bytes: 0,
            is_admitted,
        });
        self.open += 1;
        self.settle(key);
        key
    }

    /// Gives the connection `key`, which belongs to nobody and has shown its wire, to the user `id` as another one.
    pub fn attach(&mut self, key: usize, id: UserId, now: Now) {
        self.with_session(key, now, |session, context| {
            context.hub.attach(id, connection_id(key));
            session.set_user(id, context);
        });
        self.pump(now);
        self.settle(key);
    }

    /// Has the user `id` stay, or not, when its last connection ends.
    pub fn set_stays(&mut self, id: UserId, stays: bool) {
        self.hub.set_stays(id, stays);
    }

    /// True when there is something to do already, so that the next turn must not wait for readiness.
    pub fn has_unread(&self) -> bool {
        !self.unread.is_empty() || !self.dirty.is_empty() || !self.banned.is_empty()
    }

    /// About how many connections will be written to at the end of the turn.
    pub fn writes_pending(&self) -> usize {
        self.dirty.len().max(self.batch.audience().len())
    }

    /// Goes on with the connections whose budget ended the turn before.
    pub fn read_on(&mut self, now: Now) {
        for key in mem::take(&mut self.unread) {
            if let Some(connection) = self.connections.get_mut(key) {
                connection.is_unread = false;
            }
            self.readable(key, now);
        }
    }

    /// The next time at which `expire` has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        let deadlines = self.deadlines.next().into_iter().chain(self.checks.next_deadline());
        deadlines.chain(self.shutdown_by).chain(self.log.next_deadline()).min()
    }

    /// Does everything that is due.
    pub fn expire(&mut self, now: Now) {
        self.log.expire(now.instant);
        self.checks.expire(now.instant);
        while let Some(key) = self.deadlines.pop_due(now.instant) {
            self.connections[key].deadline = None;
            self.wake(key, now);
            self.settle(key);
        }
        if self.shutdown_by.is_some_and(|by| by <= now.instant) {
            let keys: Vec<_> = self.connections.iter().map(|(key, _)| key).collect();
            keys.into_iter().for_each(|key| self.mark_closed(key));
        }
    }

    /// Does what is due for the connection `key`.
    fn wake(&mut self, key: usize, now: Now) {
        let connection = &self.connections[key];
        match connection.life {
            Life::Open(ref quiet) => {
                if quiet.as_ref().is_some_and(|quiet| quiet.until <= now.instant) {
                    self.out.push(Effect::EndQuiet(connection_id(key)));
                }
                // Waking asks nothing of the hub: those who time out leave it together.
                self.act(key, now, |session, context| session.wake(context));
                self.pump(now);
                self.resume(key, now);
            }
            Life::Flushing { .. } => {
                let (peer, reason) = (connection.peer, CloseReason::Stalled);
                self.log.line(Level::Info, peer, now.instant, format_args!("{peer}: {reason}"));
                self.counts.endings.count(CloseReason::Stalled.label());
                self.mark_closed(key);
            }
            Life::Lingering { .. } => self.mark_closed(key),
            Life::Doomed(_) | Life::Leaving { .. } | Life::Closed => {}
        }
    }

    /// Ends the turn: writes to whom something is queued for, and takes out whoever is gone.
    pub fn finish_turn(&mut self, now: Now) {
        self.openings = 0;
        self.unread.append(&mut self.unread_behind);
        self.close_more();
        loop {
            // Newcomers and new rooms have taken what was free for what waits.
            self.shed(now);
            self.dismiss(now);
            self.pump(now);
            self.seal(now);
            if self.out.is_empty() && self.leavers.is_empty() {
                break;
            }
        }
        self.flush_all(now);
        for key in mem::take(&mut self.closed) {
            let connection = self.connections.remove(key);
            self.own_bytes -= Connection::own_bytes(&connection.stream);
            if connection.is_admitted {
                self.admission.leave(connection.peer, now.instant);
            }
        }
    }

    /// Tells everybody that the server ends, and ends every connection.
    pub fn shut_down(&mut self, now: Now) {
        self.shutdown_by = Some(now.instant + SHUTDOWN_TIMEOUT);
        let keys: Vec<_> = self.connections.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.end(key, CloseReason::ShuttingDown);
        }
        self.pump(now);
    }

    /// Lets the session of `key` do something. Whoever has left is out of the hub before that.
    fn with_session<T>(
        &mut self,
        key: usize,
        now: Now,
        act: impl FnOnce(&mut Session, &mut Context<'_>) -> T,
    ) -> T {
        self.dismiss(now);
        self.act(key, now, act)
    }

    /// Lets the session of `key` do something for which it does not matter who is in the hub.
    fn act<T>(&mut self, key: usize, now: Now, act: impl FnOnce(&mut Session, &mut Context<'_>) -> T) -> T {
        self.out.begin();
        let connection = &mut self.connections[key];
        let mut context = Context {
            hub: &mut self.hub,
            out: &mut self.out,
            now,
            peer: connection.peer,
            is_secure: connection.stream.is_secure(),
            house: &self.house,
            connections: self.open,
            log: &mut self.log,
        };
        act(&mut connection.session, &mut context)
    }

    /// Sees to it that the connection `key` gets what its state needs. To be done after that has changed.
    fn settle(&mut self, key: usize) {
        let flood = self.house.config.limits.flood;
        let Some(connection) = self.connections.get_mut(key) else { return };
        let needs = connection.needs(flood, &self.deadlines);
        let before = connection.kept_bytes;
        connection.kept_bytes = u32::try_from(needs.memory).unwrap_or(u32::MAX);
        self.kept_bytes = self.kept_bytes - before as usize + connection.kept_bytes as usize;
        if needs.flush && !mem::replace(&mut connection.is_dirty, true) {
            self.dirty.push(key);
        }
        if let Some(next) = needs.read
            && !mem::replace(&mut connection.is_unread, true)
        {
            match next {
                ReadNext::First => self.unread.push(key),
                ReadNext::Behind => self.unread_behind.push(key),
            }
        }
        self.deadlines.change(key, connection.deadline, needs.wake);
        connection.deadline = needs.wake;
    }

    /// Whole seconds since the server started.
    fn seconds(&self, now: Now) -> u32 {
        let since = now.instant.saturating_duration_since(self.started);
        u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
    }
}

fn connection_id(key: usize) -> ConnectionId {
    ConnectionId(u32::try_from(key).expect("the system has fewer descriptors than 32 bits count"))
}
