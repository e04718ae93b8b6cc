//! All connections, and what one turn does with them. Streams and the time are arguments, so tests run it without
//! sockets; the reactor polls and accepts.
//!
//! Handling events only queues bytes; the end of the turn writes to each connection once. Closing only marks: the slab
//! reuses keys at once, so a connection leaves it at the end of the turn.

#[cfg(feature = "store")]
mod account_errands;
#[cfg(feature = "store")]
mod account_steps;
#[cfg(feature = "store")]
mod accounts;
mod admission;
#[cfg(feature = "web")]
mod answers;
mod banning;
mod batch;
mod checks;
mod connection;
mod counts;
mod deadlines;
#[cfg(feature = "store")]
mod drained;
#[cfg_attr(not(feature = "store"), path = "no_draining.rs")]
mod draining;
mod ending;
mod errands;
#[cfg_attr(not(feature = "store"), path = "no_feeding.rs")]
mod feeding;
mod flushing;
mod frames;
#[cfg(feature = "upgrade")]
mod handover;
#[cfg(feature = "store")]
mod hashing;
#[cfg_attr(not(feature = "store"), path = "no_history.rs")]
mod history;
mod inbox;
#[cfg(feature = "store")]
mod inquiries;
mod invariants;
mod keeping;
mod memory;
#[cfg_attr(not(feature = "cluster"), path = "no_nodes.rs")]
mod nodes;
mod outbox;
mod pump;
mod quiet;
mod ration;
mod reading;
mod reloading;
mod report;
mod reporting;
#[cfg_attr(not(feature = "upgrade"), path = "no_settling.rs")]
mod settling;
#[cfg_attr(not(feature = "store"), path = "no_staying.rs")]
mod staying;
mod stream;
mod turn_times;

pub use checks::{Question, Verdict};
#[cfg(feature = "cluster")]
pub use nodes::NodeStatus;
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
use connection::{Connection, Inlet, Life, ReadNext};
use counts::Counts;
use deadlines::Deadlines;
use draining::Draining;
#[cfg(feature = "upgrade")]
use handover::Before;
use history::History;
use inbox::Inbox;
use nodes::Nodes;
use settling::Settling;
#[cfg(feature = "store")]
use staying::Round;

/// How long peers may take to receive their last bytes and close when the server shuts down.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(4);

/// Most peers that are being told at the same time why they are refused; further ones are closed without a reason.
const REFUSALS_AT_ONCE: usize = 64;

/// Most bytes read from one connection in a turn, so that all get their share.
const READ_BUDGET: usize = 16 * 1024;

/// A server without its sockets.
#[derive(Debug)]
pub struct Server<S> {
    house: House,
    hub: Hub,
    connections: Slab<Connection<S>>,
    admission: Admission,
    /// Number of connections whose session has not ended: they are `Open` or `Doomed`.
    open: usize,
    deadlines: Deadlines,
    checks: Checks,
    history: History,
    /// Looking after users with accounts; never without a store.
    #[cfg(feature = "store")]
    round: Option<Round>,
    draining: Draining,
    nodes: Nodes,
    kept_bytes: usize,
    /// Memory of all connections besides those bytes.
    own_bytes: usize,
    started: Instant,
    /// The count of changes to bans when they were last saved.
    kept_changes: u64,
    counts: Counts,
    log: PeerLog,
    /// Effects that are not yet executed: see `pump`.
    out: Effects,
    batch: Batch,
    /// Bytes queued for single connections since the last flush.
    unshared_bytes: usize,
    /// Users and rooms looked at or told something since `take_steps`.
    steps: usize,
    openings: usize,
    /// Shared by all reads.
    read_buffer: Box<[u8]>,
    /// Connections whose budget is spent and that may have more to read, each once. The system reports readiness only
    /// once.
    unread: Vec<usize>,
    /// Connections appended to `unread` at the end of the turn.
    unread_behind: Vec<usize>,
    /// Connections with bytes to write, each once.
    dirty: Vec<usize>,
    closed: Vec<usize>,
    /// Users who have left but are still in the hub, with the reason: see `dismiss`.
    leavers: Vec<(UserId, String)>,
    /// Banned networks, the reason, and the first key that is still to be checked: see `close_more`.
    banned: Vec<(Network, CloseReason, usize)>,
    /// Connections whose sessions wait for a reload, with the label for the answer.
    reload_asked_by: Vec<(usize, Option<Box<str>>)>,
    /// Set when the server shuts down: all connections close by then.
    shutdown_by: Option<Instant>,
    settling: Settling,
    /// Until the first turn after the server was taken over.
    #[cfg(feature = "upgrade")]
    before: Option<Before>,
}

impl<S: Stream> Server<S> {
    /// Creates a server without connections.
    pub fn new(config: &ServerConfig, now: Now) -> Self {
        let mut hub = Hub::new(config.lobby.clone(), now.time);
        hub.set_memory(config.limits.memory_bytes);
        let mut server = Self {
            house: House::new(config, now.time),
            hub,
            connections: Slab::new(),
            admission: Admission::new(&config.limits),
            open: 0,
            deadlines: Deadlines::new(now.instant),
            checks: Checks::default(),
            history: Default::default(),
            #[cfg(feature = "store")]
            round: None,
            draining: Draining::default(),
            nodes: Nodes::default(),
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
            settling: Settling::default(),
            #[cfg(feature = "upgrade")]
            before: None,
        };
        server.apply_account_rules(now);
        server
    }

    /// The users and rooms.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Number of connections, including those that are closing.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// The log for events that peers cause.
    pub fn peer_log(&mut self) -> &mut PeerLog {
        &mut self.log
    }

    /// Announces the TLS port to IRC clients that support it (IRCv3 `sts`), or stops doing so.
    pub fn announce_tls(&mut self, port: Option<u16>) {
        self.house.sts_port = port;
    }

    /// The key of the next new connection.
    pub fn next_key(&self) -> usize {
        self.connections.vacant_key()
    }

    /// Takes a new connection, or turns it away, and returns its key.
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

    /// Takes a new connection only to tell the peer why it is refused, and returns its key; it closes in an orderly
    /// way. Drops the stream and returns `None` when [`REFUSALS_AT_ONCE`] refusals are under way.
    pub fn turn_away(&mut self, stream: S, peer: Peer, reason: CloseReason, now: Now) -> Option<usize> {
        if self.connections.len() - self.admission.connections() >= REFUSALS_AT_ONCE {
            let line = format_args!("{peer}: dropped, {REFUSALS_AT_ONCE} refusals are under way: {reason}");
            self.log.line(Level::Debug, peer, now.instant, line);
            self.counts.dropped += 1;
            return None;
        }
        let key = self.take_in(stream, peer, false, now);
        // A peer that keeps coming back must not cost a handshake each time.
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
            // Replaced before the peer gets anything: its first bytes decide.
            dialect: Dialect::CrazyIt,
            kept_bytes: 0,
            life: Life::Open(None),
            deadline: None,
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

    /// True when the next turn has work already and must not wait for readiness.
    pub fn has_unread(&self) -> bool {
        if self.settling.is_on() {
            return self.has_work() || !self.dirty.is_empty() || !self.banned.is_empty();
        }
        let is_writing = !self.dirty.is_empty() || self.draining.is_due();
        !self.unread.is_empty() || is_writing || !self.banned.is_empty()
    }

    /// Approximate number of connections that the end of the turn will write to.
    pub fn writes_pending(&self) -> usize {
        self.dirty.len().max(self.batch.audience().len())
    }

    /// Reads the connections whose budget was spent in the last turn.
    pub fn read_on(&mut self, now: Now) {
        if self.settling.is_on() {
            return self.finish_work(now);
        }
        for key in mem::take(&mut self.unread) {
            if let Some(connection) = self.connections.get_mut(key) {
                connection.is_unread = false;
            }
            self.readable(key, now);
        }
    }

    /// The next time at which `expire` has work.
    pub fn next_deadline(&self) -> Option<Instant> {
        let deadlines = self.deadlines.next().into_iter().chain(self.checks.next_deadline());
        let own = [
            self.shutdown_by,
            self.history.next_deadline(),
            self.draining.deadline(),
            self.nodes.next_deadline(),
            self.settling.deadline(),
        ];
        #[cfg(feature = "store")]
        let deadlines = deadlines.chain(self.round.map(|round| round.at));
        #[cfg(feature = "upgrade")]
        let deadlines = deadlines.chain(self.hub.next_place_end());
        let deadlines = deadlines.chain(self.log.next_deadline());
        deadlines.chain(own.into_iter().flatten()).min()
    }

    /// Does everything that is due.
    pub fn expire(&mut self, now: Now) {
        self.log.expire(now.instant);
        self.checks.expire(now.instant);
        self.expire_account_errands(now);
        self.look_after_accounts(now);
        self.expire_postponed(now);
        self.expire_nodes(now);
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

    fn wake(&mut self, key: usize, now: Now) {
        let connection = &self.connections[key];
        match connection.life {
            Life::Open(ref quiet) => {
                if quiet.as_ref().and_then(|quiet| quiet.until).is_some_and(|until| until <= now.instant) {
                    self.out.push(Effect::EndQuiet(connection_id(key)));
                }
                // Waking asks nothing of the hub, so users who time out can leave it together.
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

    /// Ends the turn: writes queued bytes, and removes closed connections.
    pub fn finish_turn(&mut self, now: Now) {
        self.openings = 0;
        #[cfg(feature = "upgrade")]
        self.end_take_over(now);
        self.unread.append(&mut self.unread_behind);
        self.close_more();
        loop {
            // Newcomers and new rooms may have reduced the memory left for queued bytes.
            self.shed(now);
            self.dismiss(now);
            self.pump(now);
            self.seal(now);
            if self.out.is_empty() && self.leavers.is_empty() {
                break;
            }
        }
        self.end_lock(now);
        self.flush_all(now);
        self.tell_drained(now);
        self.seek_lock(now);
        self.feed_store(now);
        for key in mem::take(&mut self.closed) {
            let connection = self.connections.remove(key);
            // Other streams keep nothing once they are closed, but a newcomer has its layer until then.
            #[cfg(feature = "web")]
            {
                self.kept_bytes -= connection.kept_bytes as usize;
            }
            self.own_bytes -= Connection::own_bytes(&connection.stream);
            if connection.is_admitted {
                #[cfg(feature = "web")]
                if connection.stream.is_one_request() {
                    self.admission.excuse(connection.peer);
                }
                self.admission.leave(connection.peer, now.instant);
            }
        }
    }

    /// Tells all peers that the server shuts down, and closes every connection.
    pub fn shut_down(&mut self, now: Now) {
        self.stop_settling();
        self.shutdown_by = Some(now.instant + SHUTDOWN_TIMEOUT);
        self.begin_to_leave(now);
        let keys: Vec<_> = self.connections.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.end(key, CloseReason::ShuttingDown);
        }
        self.pump(now);
    }

    /// Runs `act` on the session of `key`, after removing users who have left from the hub.
    fn with_session<T>(
        &mut self,
        key: usize,
        now: Now,
        act: impl FnOnce(&mut Session, &mut Context<'_>) -> T,
    ) -> T {
        self.dismiss(now);
        self.act(key, now, act)
    }

    /// Runs `act`, which must not depend on who is in the hub, on the session of `key`.
    fn act<T>(&mut self, key: usize, now: Now, act: impl FnOnce(&mut Session, &mut Context<'_>) -> T) -> T {
        self.out.begin();
        let connection = &mut self.connections[key];
        let mut context = Context {
            hub: &mut self.hub,
            out: &mut self.out,
            now,
            peer: connection.peer,
            is_secure: connection.stream.is_secure(),
            #[cfg(feature = "web")]
            is_framed: connection.stream.framing().is_some(),
            #[cfg(feature = "store")]
            certificate: connection.stream.certificate(),
            house: &self.house,
            connections: self.open,
            log: &mut self.log,
        };
        act(&mut connection.session, &mut context)
    }

    /// Applies what the state of the connection `key` needs. Call it after each change of that state.
    fn settle(&mut self, key: usize) {
        let flood = self.house.config.limits.flood;
        let Some(connection) = self.connections.get_mut(key) else { return };
        let needs = connection.needs(flood, &self.deadlines);
        let before = connection.kept_bytes;
        connection.kept_bytes = u32::try_from(needs.memory).unwrap_or(u32::MAX);
        self.kept_bytes = self.kept_bytes - before as usize + connection.kept_bytes as usize;
        if needs.flush && !mem::replace(&mut connection.outbox.is_dirty, true) {
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

    fn seconds(&self, now: Now) -> u32 {
        let since = now.instant.saturating_duration_since(self.started);
        u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
    }
}

fn connection_id(key: usize) -> ConnectionId {
    ConnectionId(u32::try_from(key).expect("the number of descriptors fits in 32 bits"))
}
