//! A node's part in the cluster, without I/O: it takes replies of the broker and the time, and returns requests to the
//! broker and news for the server. doc/CLUSTER.md tells the protocol.

mod clock;
mod ending;
mod entries;
mod incoming;
mod joining;
mod lease;
mod linking;
mod lock;
mod outgoing;
mod talking;

use std::collections::VecDeque;
use std::time::Instant;

use super::request::{Reply, Request};
use crate::message::{Epoch, LogEntry, LogIndex, Node, NodeId, Now, Relayed, Snapshot};
use clock::Clock;
use incoming::Incoming;
use joining::Phase;
use lease::Lease;
use lock::Lock;
use outgoing::Outgoing;

/// The version of the protocol that this program speaks: see `Versions` in doc/CLUSTER.md.
pub(crate) const VERSION: u32 = 1;

/// The number of users or rooms in entries of nodes that do not know the state.
const UNKNOWN: u32 = u32::MAX;

/// Memory of a message that waits, besides its text, in bytes.
const MESSAGE_BYTES: usize = 256;

/// What a node must know of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberConfig {
    /// Its name.
    pub name: Box<str>,
    /// The number of shards.
    pub shards: u16,
    /// Identifies the options that must be the same on all nodes.
    pub settings: u64,
    /// Most bytes of messages that wait for the broker, and as many that wait for log entries.
    pub buffer_bytes: usize,
}

/// What the server must do.
#[derive(Debug)]
pub enum News {
    /// This node founds the cluster: its state is what the store remembers, or what it knows itself if it has lost the
    /// others. Until the next news, call nothing else.
    Found(Node),
    /// Replace the state by this one, which others share. Own users are not in it: the first use of the lock brings them
    /// back.
    Load { node: Node, snapshot: Box<Snapshot> },
    /// The node has the lock and knows every entry: carry out what waits, then call `append`.
    Locked,
    /// Apply the entry of another node.
    Entry(Box<LogEntry>),
    /// Another node needs a snapshot of the state as it is now: call `offer`.
    Offer(Epoch),
    /// Another node has no lease any more: note it under the lock.
    Gone(NodeId, Epoch),
    /// Deliver a message.
    Relayed(Box<Relayed>),
    /// The broker cannot be reached, for this reason.
    Unreachable(String),
    /// The broker can be reached again.
    Reachable {
        /// Messages that did not fit into the buffer since it was lost.
        lost: u64,
    },
    /// This many messages did not fit into the buffer, though the broker can be reached: it was too slow.
    Lost(u64),
    /// The node has to rejoin, for this reason.
    Rejoins(&'static str),
    /// The broker does not accept the node, for this reason. It goes on asking.
    Refused(String),
}

/// A node's part in the cluster.
#[derive(Debug)]
pub struct Member {
    config: MemberConfig,
    phase: Phase,
    lock: Lock,
    lease: Lease,
    clock: Clock,
    incoming: Incoming,
    outgoing: Outgoing,
    /// The nodes that are up, with this one.
    nodes: Vec<Node>,
    /// Since when the broker cannot be reached.
    down_since: Option<Instant>,
    /// The identity of the log; another one means that the broker has lost everything.
    log: Option<Box<str>>,
    /// The last entry that is applied, and its SHA-1, to find out whether the broker still has it.
    applied: LogIndex,
    applied_digest: Box<str>,
    /// The entry that was the last when the link came back, and its SHA-1: the broker was asked whether it still has it.
    asked_about: Option<(LogIndex, Box<str>)>,
    /// Messages are sent again when this entry is applied.
    sends_after: Option<LogIndex>,
    shards: Vec<u16>,
    /// The last entry that was applied when the server last looked at its rooms: it may have got members since.
    looked: LogIndex,
    /// The epochs of this node's lives, in order: what they said is not delivered again.
    own_epochs: Vec<Epoch>,
    /// Nodes that had a lease when it was last renewed.
    alive: Vec<Epoch>,
    /// The epoch with which it first saw no others, while it waits whether they return.
    first_alone: Option<Epoch>,
    /// Since when the broker does not accept the node.
    refused_since: Option<Instant>,
    /// The server was told that it does not.
    is_refused: bool,
    /// When the node last rejoined.
    rejoined: Option<Instant>,
    /// The node's part is over.
    is_ending: bool,
    has_ended: bool,
    requests: VecDeque<Request>,
    news: VecDeque<News>,
}

impl Member {
    /// A node that enrols when the broker is up. The link to the broker is up from the start.
    pub fn new(config: MemberConfig, now: Now) -> Self {
        let mut member = Self {
            phase: Phase::default(),
            lock: Lock::default(),
            lease: Lease::default(),
            clock: Clock::default(),
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
            nodes: Vec::new(),
            down_since: None,
            log: None,
            applied: LogIndex::default(),
            applied_digest: Box::default(),
            asked_about: None,
            sends_after: None,
            shards: Vec::new(),
            looked: LogIndex::default(),
            own_epochs: Vec::new(),
            alive: Vec::new(),
            first_alone: None,
            refused_since: None,
            is_refused: false,
            rejoined: None,
            is_ending: false,
            has_ended: false,
            requests: VecDeque::new(),
            news: VecDeque::new(),
            config,
        };
        member.lease.is_up_since(now.instant);
        member.expire(now);
        member
    }

    /// What the server must do next.
    pub fn news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// The next request to the broker.
    pub fn request(&mut self) -> Option<Request> {
        if !self.reaches_broker() {
            return None;
        }
        self.requests.pop_front().or_else(|| self.outgoing.next())
    }

    /// When to call `expire`.
    pub fn deadline(&self) -> Option<Instant> {
        if !self.reaches_broker() {
            return self.incoming.deadline();
        }
        let phase = self.phase.deadline().filter(|_| !self.is_ending);
        let lease = self.lease.deadline().filter(|_| !self.is_ending && self.phase.node().is_some());
        let own = [phase, self.lock.deadline(), lease, self.incoming.deadline()];
        own.into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn expire(&mut self, now: Now) {
        self.incoming.expire(now.instant);
        if self.reaches_broker() {
            self.expire_phase(now);
            self.expire_lock(now);
            self.expire_lease(now);
        }
    }

    /// True when the node has the shared state.
    pub fn is_joined(&self) -> bool {
        matches!(self.phase, Phase::Returning(_) | Phase::Joined(_))
    }

    /// True when the broker can be reached, as far as is known.
    pub fn reaches_broker(&self) -> bool {
        self.down_since.is_none()
    }

    /// Since when the broker cannot be reached.
    pub fn down_since(&self) -> Option<Instant> {
        self.down_since
    }

    /// The number of other nodes that are up.
    pub fn others(&self) -> usize {
        self.nodes.len().saturating_sub(1)
    }

    /// The last entry that is applied.
    pub fn applied(&self) -> LogIndex {
        self.applied
    }

    /// The SHA-1 of the last entry that is applied.
    pub fn applied_digest(&self) -> &str {
        &self.applied_digest
    }

    /// The identity of the log: a random text that all nodes know.
    pub fn log(&self) -> Option<&str> {
        self.log.as_deref()
    }

    /// Its config.
    pub fn config(&self) -> &MemberConfig {
        &self.config
    }

    /// The memory of messages that wait, in bytes.
    pub fn queued_bytes(&self) -> usize {
        self.outgoing.bytes() + self.incoming.bytes()
    }

    /// The broker's clock minus the node's, in milliseconds.
    pub fn clock_offset(&self) -> i64 {
        self.clock.offset()
    }

    /// Takes a reply.
    pub fn heard(&mut self, reply: Reply, now: Now) {
        match reply {
            Reply::Enrolled { id, epoch, log, last, others, clock } => {
                self.clock.told(clock, now);
                let node = Node { id, epoch, name: self.config.name.clone() };
                self.enrolled(node, log, last, &others, now);
            }
            Reply::NameInUse => self.not_enrolled(None, now),
            Reply::NotEnrolled(why) => self.not_enrolled(Some(why), now),
            Reply::Renewed { clock, alive, log } => {
                self.clock.told(clock, now);
                self.renewed(&alive, &log, now);
            }
            Reply::Deposed if self.phase.node().is_some() => {
                self.rejoin("another node has taken its name", now);
            }
            Reply::Deposed => {}
            Reply::Left => self.has_ended = self.is_ending,
            Reply::Locked { last } => self.locked(last, now),
            Reply::NotLocked => self.lock.try_again(now.instant),
            Reply::Unlocked | Reply::SnapshotPut => {}
            Reply::Appended { is_wanted } => self.appended(is_wanted, now),
            Reply::NotAppended { last } => self.not_appended(last, now),
            Reply::Checked { entry, last } => self.checked(entry.as_deref(), last, now),
            Reply::Snapshot(bytes) => self.snapshot_read(bytes.as_deref(), now),
            Reply::Sent { number } => {
                self.outgoing.sent(number);
                self.tell_lost();
            }
            Reply::Entry { index, before, entry } => self.entry_read(index, &before, entry, now),
            Reply::Message { stream, message } => self.message_read(stream, &message, now),
            Reply::Down(why) => self.down(why, now.instant),
            Reply::Up => self.up(now),
        }
    }
}
