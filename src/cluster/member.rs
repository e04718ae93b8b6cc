//! A node's part in the cluster, without I/O: it takes replies of the broker and the time, and returns requests to the
//! broker and news for the server. doc/CLUSTER.md tells the protocol.

mod clock;
mod incoming;
mod joining;
mod lease;
mod lock;
mod outgoing;

use std::collections::VecDeque;
use std::mem;
use std::time::Instant;

use log::{debug, warn};

use super::codec;
use super::request::{Reply, Request, Stream};
use crate::message::{
    Dated, Epoch, LogEntry, LogIndex, Node, NodeId, Now, Operation, Relay, Relayed, Route, Snapshot,
};
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
    /// The last entry that is applied, and its bytes, to find out whether the broker still has it.
    applied: LogIndex,
    applied_bytes: Vec<u8>,
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
            applied_bytes: Vec::new(),
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
            Reply::Snapshot(bytes) => self.snapshot_read(bytes.as_deref()),
            Reply::Sent { number } => {
                self.outgoing.sent(number);
                self.tell_lost();
            }
            Reply::Entry { index, entry } => self.entry_read(index, entry, now),
            Reply::Message { stream, message } => self.message_read(stream, &message, now),
            Reply::Down(why) => self.down(why, now.instant),
            Reply::Up => self.up(now),
        }
    }

    /// Tells how many messages did not fit, when all others are sent.
    fn tell_lost(&mut self) {
        if self.outgoing.bytes() == 0 {
            let lost = self.outgoing.take_lost();
            self.news.extend((lost > 0).then_some(News::Lost(lost)));
        }
    }

    fn down(&mut self, why: String, now: Instant) {
        self.requests.clear();
        self.outgoing.link_lost();
        self.sends_after = None;
        self.lock.link_lost();
        self.lease.link_lost();
        self.first_alone = None;
        if !self.is_joined() {
            // Whatever the broker has of its beginning, it begins anew.
            self.phase = Phase::default();
            self.lock.reset();
        }
        if self.reaches_broker() {
            self.down_since = Some(now);
            self.news.push_back(News::Unreachable(why));
        }
        self.has_ended = self.is_ending;
    }

    /// Goes on where the link was lost. The broker may have been lost, too: nothing is sent before that is known.
    fn up(&mut self, now: Now) {
        if self.down_since.take().is_none() {
            return;
        }
        self.lease.is_up_since(now.instant);
        self.news.push_back(News::Reachable { lost: self.outgoing.take_lost() });
        if self.is_ending {
            self.ask_to_leave();
        } else if self.is_joined() {
            self.lease.ask(&mut self.requests, &self.config.name, self.phase.node(), now);
            self.requests.push_back(Request::Check { index: self.applied });
        }
        self.expire(now);
    }

    /// Learns what the broker has at the place of the last entry that was applied.
    fn checked(&mut self, entry: Option<&[u8]>, last: LogIndex, now: Now) {
        if !self.is_joined() {
            return;
        }
        // Of the entry before a snapshot, the bytes are not known.
        let is_same = |entry: &[u8]| self.applied_bytes.is_empty() || entry == self.applied_bytes;
        let has_it = entry.is_some_and(is_same);
        if has_it {
            // Perhaps only the reply was lost.
            self.lock.has_appended();
            self.finish_append(now);
        } else if !self.lock.can_append_again(last) {
            let why = match entry {
                Some(_) => "the broker has another entry at the place of its last one",
                None => "the broker does not have its last entry",
            };
            return self.rejoin(why, now);
        }
        self.sends_after = Some(last);
        self.read();
        self.send_again();
        self.ask_for_lock(Some(now));
    }

    /// Sends messages again after the link was lost, once the node knows what others did meanwhile: it may be dead for
    /// them, and its users are back before they are heard.
    fn send_again(&mut self) {
        let is_pending = self.lock.before_pending().is_some();
        if !is_pending && self.sends_after.is_some_and(|last| last <= self.applied) {
            self.sends_after = None;
            self.outgoing.link_back();
        }
    }

    fn entry_read(&mut self, index: LogIndex, bytes: Vec<u8>, now: Now) {
        let Some(Node { id, epoch, .. }) = self.phase.reader() else { return };
        let own = (*id, *epoch);
        if index <= self.applied {
            let is_known = index == self.applied && !self.applied_bytes.is_empty();
            let is_other = is_known && bytes != self.applied_bytes;
            if is_other {
                self.rejoin("another node has appended an entry in place of its own", now);
            }
            return;
        }
        if index != self.applied.following() {
            return self.rejoin("entries of the log are missing", now);
        }
        match codec::decode_entry(index, &bytes) {
            Ok(entry) => self.apply(entry, bytes, own, now),
            Err(error) => {
                warn!("entry {index} of the cluster's log cannot be read: {error}");
                self.rejoin("it cannot read an entry of the log", now);
            }
        }
    }

    fn apply(&mut self, entry: LogEntry, bytes: Vec<u8>, own: (NodeId, Epoch), now: Now) {
        (self.applied, self.applied_bytes) = (entry.index, bytes);
        let mut offers = Vec::new();
        for Dated { operation, .. } in &entry.operations {
            match operation {
                Operation::Reset => return self.rejoin("another node has founded the cluster anew", now),
                Operation::Down { node, epoch } if (*node, *epoch) == own => {
                    return self.rejoin("others took it for dead", now);
                }
                Operation::Down { node, epoch } => self.forget(*node, *epoch),
                Operation::Hello { node, attempt } => {
                    self.meet(node.clone());
                    if self.offers_to(node.epoch, *attempt) {
                        offers.push(node.epoch);
                    }
                }
                _ => {}
            }
        }
        // It has greeted again while an earlier snapshot was on its way.
        let is_own = (entry.node, entry.epoch) == own;
        if !is_own {
            self.news.push_back(News::Entry(Box::new(entry)));
        }
        self.news.extend(offers.into_iter().map(News::Offer));
        self.send_again();
        self.deliver_held();
        if self.lock.is_caught_up(self.applied) {
            self.news.push_back(News::Locked);
        }
    }

    /// Adds a node. Earlier lives of it are over.
    fn meet(&mut self, node: Node) {
        self.nodes.retain(|known| known.id != node.id && known.name != node.name);
        self.nodes.push(node);
        self.nodes.sort_unstable_by_key(|node| node.id);
    }

    fn forget(&mut self, id: NodeId, epoch: Epoch) {
        self.nodes.retain(|node| (node.id, node.epoch) != (id, epoch));
    }

    /// Hands out the snapshot that another node needs.
    pub fn offer(&mut self, to: Epoch, snapshot: &Snapshot) {
        debug!("a snapshot for epoch {}", to.0);
        let snapshot = codec::encode_snapshot(snapshot);
        self.requests.push_back(Request::PutSnapshot { epoch: to, snapshot });
    }

    /// Sends a message to other nodes. `shard` is that of its room.
    pub fn relay(&mut self, relay: Relay, shard: u16) {
        let Phase::Joined(node) = &self.phase else {
            // It is sent when the node has returned.
            return self.outgoing.keep(relay, shard, self.config.buffer_bytes);
        };
        let streams: Vec<_> = match &relay.route {
            Route::Shard => vec![Stream::Shard(shard)],
            Route::Inboxes(nodes) => {
                let named = nodes.iter().filter_map(|id| self.nodes.iter().find(|node| node.id == *id));
                named.map(|node| Stream::Inbox(node.name.clone())).collect()
            }
        };
        self.outgoing.push(node, self.applied, relay, &streams, self.config.buffer_bytes);
    }

    fn message_read(&mut self, stream: Stream, bytes: &[u8], now: Now) {
        match codec::decode_message(bytes) {
            Ok(message) => {
                if !self.own_epochs.contains(&message.epoch) {
                    self.incoming.take(stream, message, bytes.len(), self.config.buffer_bytes, now.instant);
                    self.deliver_held();
                }
            }
            Err(error) => warn!("a message of another node cannot be read: {error}"),
        }
    }

    /// Delivers messages whose log entry is applied, unless own users are about to come back.
    fn deliver_held(&mut self) {
        if let Phase::Joined(own) = &self.phase {
            let is_up = |epoch| self.nodes.iter().any(|node| node.epoch == epoch);
            let is_over = |epoch| epoch < own.epoch && !is_up(epoch);
            let ready = self.incoming.ready(self.applied, is_over);
            self.news.extend(ready.into_iter().map(|message| News::Relayed(Box::new(message))));
        }
    }

    /// Sets the shards that are read: those of rooms with members here, ascending.
    pub fn read_shards(&mut self, shards: &[u16]) {
        let looked = mem::replace(&mut self.looked, self.applied);
        if self.shards != shards {
            self.shards = shards.to_vec();
            self.incoming.subscribe(self.streams(), looked);
            if self.is_joined() && self.reaches_broker() {
                self.read();
            }
        }
    }

    fn streams(&self) -> Vec<Stream> {
        let inbox = Stream::Inbox(self.config.name.clone());
        self.shards.iter().map(|&shard| Stream::Shard(shard)).chain([inbox]).collect()
    }

    fn read(&mut self) {
        // An own entry is read again unless the broker is known to have it: there may be another in its place.
        let after = self.lock.before_pending().unwrap_or(self.applied);
        self.requests.push_back(Request::Read { after, streams: self.streams() });
    }

    /// Ends the node's part: call it when all users have left. `has_ended` tells when it is done.
    pub fn end(&mut self) {
        if !mem::replace(&mut self.is_ending, true) {
            self.ask_to_leave();
        }
    }

    fn ask_to_leave(&mut self) {
        match (self.reaches_broker(), self.phase.node()) {
            (true, Some(node)) => {
                let (name, epoch) = (self.config.name.clone(), node.epoch);
                self.requests.push_back(Request::Leave { name, epoch });
            }
            // It leaves when it knows its epoch.
            (true, None) if matches!(self.phase, Phase::Enrolling) => {}
            _ => self.has_ended = true,
        }
    }

    /// True when it is over.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }
}
