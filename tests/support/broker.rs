//! A simulated broker with a network to nodes, in simulated time: what Redis would do with the requests of nodes, late,
//! twice cut and without memory if a test wants that.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant, SystemTime};

use parlor::broker::sha1_hex;
use parlor::cluster::{Reply, Request, Stream};
use parlor::message::{Epoch, LogIndex, MOST_NODES, Node, NodeId, Now};

const LEASE_MS: u64 = 6_000;
const LOCK_MS: u64 = 2_000;
const WANTED_MS: u64 = 50;

/// How far back a stream is read that was not read before.
const BACK_MS: u64 = 5_000;

/// Numbers that look random, the same for the same seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }
}

/// A time with a deadline, in milliseconds since the simulation began.
#[derive(Clone, Debug)]
struct Expiring<T> {
    value: T,
    until: u64,
}

/// An entry of the log, with the SHA-1 of the one before it.
#[derive(Clone, Debug)]
struct Entry {
    before: Box<str>,
    bytes: Vec<u8>,
}

/// The data of the broker.
#[derive(Debug)]
pub struct Broker {
    lives: u64,
    entries: BTreeMap<u64, Entry>,
    lock: Option<Expiring<Epoch>>,
    wanted: Option<Expiring<Epoch>>,
    nodes: BTreeMap<Box<str>, (NodeId, Epoch)>,
    leases: BTreeMap<Box<str>, Expiring<Epoch>>,
    snapshots: HashMap<Epoch, Vec<u8>>,
    /// Each message with its time.
    streams: HashMap<Stream, Vec<(u64, Vec<u8>)>>,
    /// Messages that it was given, to count publications.
    pub sends: u64,
}

/// What a node reads.
#[derive(Clone, Debug)]
struct Reading {
    after: u64,
    positions: BTreeMap<Stream, usize>,
}

impl Broker {
    fn new() -> Self {
        Self {
            lives: 1,
            entries: BTreeMap::new(),
            lock: None,
            wanted: None,
            nodes: BTreeMap::new(),
            leases: BTreeMap::new(),
            snapshots: HashMap::new(),
            streams: HashMap::new(),
            sends: 0,
        }
    }

    fn last(&self) -> LogIndex {
        LogIndex(self.entries.keys().next_back().copied().unwrap_or(0))
    }

    /// Loses the last entries and what came after them, like a replica that did not have them when it became the primary
    /// server. It keeps messages.
    pub fn lose_entries(&mut self, count: u64) {
        for _ in 0..count {
            self.entries.pop_last();
        }
        self.snapshots.clear();
        self.lock = None;
    }

    /// The number of entries.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    fn log(&self) -> Box<str> {
        format!("life {}", self.lives).into()
    }

    fn has_lock(&self, epoch: Epoch, now: u64) -> bool {
        self.lock.as_ref().is_some_and(|lock| lock.value == epoch && lock.until > now)
    }

    fn enrol(&mut self, name: Box<str>, now: u64) -> Reply {
        self.leases.retain(|_, lease| lease.until > now);
        if self.leases.contains_key(&name) {
            return Reply::NameInUse;
        }
        let others = self.leases.iter().filter_map(|(other, lease)| {
            let (id, _) = self.nodes.get(other)?;
            Some(Node { id: *id, epoch: lease.value, name: other.clone() })
        });
        let others = others.collect();
        let latest = self.nodes.values().map(|(_, epoch)| epoch.0).max().unwrap_or(0);
        let epoch = Epoch(now.max(latest + 1));
        let known = self.nodes.get(&name).map(|(id, _)| *id);
        let is_free = |id: &u8| self.nodes.values().all(|(known, _)| known.0 != *id);
        let Some(id) = known.or_else(|| (1..=MOST_NODES as u8).find(is_free).map(NodeId)) else {
            return Reply::NotEnrolled("too many nodes".into());
        };
        self.nodes.insert(name.clone(), (id, epoch));
        self.leases.insert(name, Expiring { value: epoch, until: now + LEASE_MS });
        let (log, last) = (self.log(), self.last());
        Reply::Enrolled { id, epoch, log, last, others, clock: time(now) }
    }

    fn renew(&mut self, name: Box<str>, epoch: Epoch, now: u64) -> Reply {
        self.leases.retain(|_, lease| lease.until > now);
        if self.leases.get(&name).is_some_and(|lease| lease.value != epoch) {
            return Reply::Deposed;
        }
        self.leases.insert(name, Expiring { value: epoch, until: now + LEASE_MS });
        let alive = self.leases.values().map(|lease| lease.value).collect();
        Reply::Renewed { clock: time(now), alive, log: self.log() }
    }

    fn append(
        &mut self,
        epoch: Epoch,
        LogIndex(index): LogIndex,
        (before, entry): (&str, Vec<u8>),
        now: u64,
    ) -> Reply {
        let (last, is_owner) = (self.last(), self.has_lock(epoch, now));
        self.release(epoch);
        if !is_owner || index != last.0 + 1 {
            return Reply::NotAppended { last };
        }
        let digest = self.entries.get(&last.0).map(|last| sha1_hex(&last.bytes)).unwrap_or_default();
        if !before.is_empty() && *before != *digest {
            return Reply::NotAppended { last: LogIndex(0) };
        }
        self.entries.insert(index, Entry { before: digest, bytes: entry });
        let is_wanted =
            self.wanted.as_ref().is_some_and(|wanted| wanted.value != epoch && wanted.until > now);
        Reply::Appended { is_wanted }
    }

    fn release(&mut self, epoch: Epoch) {
        self.lock.take_if(|lock| lock.value == epoch);
    }

    /// Carries out a request other than reading.
    fn execute(&mut self, request: Request, now: u64) -> Option<Reply> {
        Some(match request {
            Request::Enrol { name, .. } => self.enrol(name, now),
            Request::Renew { name, epoch } => self.renew(name, epoch, now),
            Request::Leave { name, epoch } => {
                self.leases.retain(|known, lease| *known != name || lease.value != epoch);
                self.release(epoch);
                Reply::Left
            }
            Request::Lock { epoch } => {
                if self.lock.as_ref().is_some_and(|lock| lock.value != epoch && lock.until > now) {
                    self.wanted = Some(Expiring { value: epoch, until: now + WANTED_MS });
                    return Some(Reply::NotLocked);
                }
                self.lock = Some(Expiring { value: epoch, until: now + LOCK_MS });
                Reply::Locked { last: self.last() }
            }
            Request::Unlock { epoch } => {
                self.release(epoch);
                Reply::Unlocked
            }
            Request::Append { epoch, index, before, entry } => {
                self.append(epoch, index, (&before, entry), now)
            }
            Request::Check { index } => {
                let entry = self.entries.get(&index.0).map(|entry| entry.bytes.clone());
                Reply::Checked { entry, last: self.last() }
            }
            Request::PutSnapshot { epoch, snapshot } => {
                self.snapshots.insert(epoch, snapshot);
                Reply::SnapshotPut
            }
            Request::GetSnapshot { epoch } => Reply::Snapshot(self.snapshots.get(&epoch).cloned()),
            Request::Send { stream, number, message } => {
                self.sends += 1;
                self.streams.entry(stream).or_default().push((now, message));
                Reply::Sent { number }
            }
            Request::Read { .. } => return None,
        })
    }

    /// What is new for a reader: messages first, then entries.
    fn news(&self, reading: &mut Reading) -> Vec<Reply> {
        let mut news = Vec::new();
        for (stream, position) in &mut reading.positions {
            let messages = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
            for (_, message) in messages.get(*position..).unwrap_or_default() {
                news.push(Reply::Message { stream: stream.clone(), message: message.clone() });
            }
            *position = messages.len();
        }
        for (&index, entry) in self.entries.range(reading.after + 1..) {
            let (before, entry) = (entry.before.as_bytes().to_vec(), entry.bytes.clone());
            news.push(Reply::Entry { index: LogIndex(index), before, entry });
            reading.after = index;
        }
        news
    }
}

/// The time of day at `now`.
pub fn time(now: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + Duration::from_millis(now)
}

/// A node in the simulation.
pub trait Party {
    /// A turn in which these replies have arrived.
    fn hear(&mut self, replies: Vec<Reply>, now: Now);
    fn request(&mut self) -> Option<Request>;
    fn deadline(&self) -> Option<Instant>;
    fn expire(&mut self, now: Now);
}

/// The connection of a node to the broker.
#[derive(Debug, Default)]
struct Line {
    is_up: bool,
    requests: VecDeque<(u64, Request)>,
    replies: VecDeque<(u64, Reply)>,
    reading: Option<Reading>,
    /// Positions are kept when the line is cut.
    positions: BTreeMap<Stream, usize>,
    /// The node does nothing until then.
    paused_until: u64,
}

/// A broker, nodes, and the network between them.
#[derive(Debug)]
pub struct World<P> {
    pub broker: Broker,
    pub parties: Vec<Option<P>>,
    lines: Vec<Line>,
    is_broker_up: bool,
    pub now: u64,
    start: Instant,
    pub dice: Dice,
    /// The longest delay of a request or reply, in milliseconds.
    pub most_delay: u64,
    /// How long requests and replies of each node take at least, in milliseconds.
    pub least_delays: Vec<u64>,
}

impl<P: Party + std::fmt::Debug> World<P> {
    pub fn new(nodes: usize, seed: u64) -> Self {
        Self {
            broker: Broker::new(),
            parties: (0..nodes).map(|_| None).collect(),
            lines: (0..nodes).map(|_| Line { is_up: true, ..Line::default() }).collect(),
            is_broker_up: true,
            now: 10_000,
            start: Instant::now(),
            dice: Dice::new(seed),
            most_delay: 3,
            least_delays: vec![0; nodes],
        }
    }

    /// The time, as all nodes see it.
    pub fn now(&self) -> Now {
        Now { instant: self.start + Duration::from_millis(self.now), time: time(self.now) }
    }

    /// Starts a node, or another life of it.
    pub fn start(&mut self, node: usize, party: P) {
        self.parties[node] = Some(party);
        self.lines[node] = Line { is_up: true, ..Line::default() };
        if !self.is_broker_up {
            self.cut(node);
        }
    }

    /// True while a node does nothing.
    pub fn is_paused(&self) -> bool {
        self.lines.iter().any(|line| line.paused_until > self.now)
    }

    /// Ends a node without a word.
    pub fn kill(&mut self, node: usize) {
        self.parties[node] = None;
        self.lines[node] = Line::default();
    }

    /// Lets a node do nothing for a time.
    pub fn pause(&mut self, node: usize, milliseconds: u64) {
        self.lines[node].paused_until = self.now + milliseconds;
    }

    /// Cuts the line of a node. Some of what is under way arrives, the rest is lost.
    pub fn cut(&mut self, node: usize) {
        let line = &mut self.lines[node];
        if !std::mem::replace(&mut line.is_up, false) {
            return;
        }
        let arrives = self.dice.below(line.requests.len() as u64 + 1);
        for (_, request) in line.requests.drain(..).take(arrives as usize).collect::<Vec<_>>() {
            self.broker.execute(request, self.now);
        }
        line.requests.clear();
        if let Some(reading) = line.reading.take() {
            line.positions = reading.positions;
        }
        let arrives = self.dice.below(line.replies.len() as u64 + 1) as usize;
        for (_, reply) in line.replies.split_off(arrives) {
            // The node has not read it, and reads it when the line is up again.
            if let Reply::Message { stream, .. } = reply
                && let Some(position) = line.positions.get_mut(&stream)
            {
                *position -= 1;
            }
        }
        self.tell(node, Reply::Down("the line is cut".into()));
    }

    /// Tells a node something when it has heard what is under way.
    fn tell(&mut self, node: usize, reply: Reply) {
        let replies = &mut self.lines[node].replies;
        let due = replies.back().map_or(self.now, |(last, _)| self.now.max(*last));
        replies.push_back((due, reply));
    }

    pub fn mend(&mut self, node: usize) {
        if self.is_broker_up && !std::mem::replace(&mut self.lines[node].is_up, true) {
            self.tell(node, Reply::Up);
        }
    }

    /// Takes the broker away. If it `forgets`, it loses its data.
    pub fn stop_broker(&mut self, forgets: bool) {
        (0..self.lines.len()).for_each(|node| self.cut(node));
        self.is_broker_up = false;
        if forgets {
            let lives = self.broker.lives + 1;
            self.broker = Broker { lives, sends: self.broker.sends, ..Broker::new() };
            self.lines.iter_mut().for_each(|line| line.positions.clear());
        }
    }

    /// Another server takes the place of the broker, which does not have so many of the last entries. The nodes do not lose
    /// the link: their connections follow to the new one.
    pub fn fail_over(&mut self, lost: u64) {
        self.broker.lose_entries(lost);
        for line in &mut self.lines {
            let mut unread = None;
            line.replies.retain(|(_, reply)| match reply {
                Reply::Entry { index, .. } => {
                    unread = unread.into_iter().chain([index.preceding().0]).min();
                    false
                }
                _ => true,
            });
            if let (Some(reading), Some(unread)) = (&mut line.reading, unread) {
                reading.after = reading.after.min(unread);
            }
        }
    }

    pub fn start_broker(&mut self) {
        self.is_broker_up = true;
        (0..self.lines.len()).for_each(|node| self.mend(node));
    }

    /// Lets time pass.
    pub fn run(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        while self.now < end {
            self.now += 1;
            (0..self.lines.len()).for_each(|node| self.turn(node));
        }
    }

    /// Lets time pass until this is true. Fails when that takes longer than a minute.
    pub fn run_until(&mut self, what: &str, is_true: impl Fn(&Self) -> bool) {
        let end = self.now + 60_000;
        while !is_true(self) {
            assert!(self.now < end, "a minute passed, and not yet: {what}: {:#?}", self.parties);
            self.run(1);
        }
    }

    fn delay(&mut self, node: usize, last: Option<u64>) -> u64 {
        let due = self.now + self.dice.below(self.most_delay + 1).max(self.least_delays[node]);
        last.map_or(due, |last| last.max(due))
    }

    /// A millisecond of a node and its line.
    pub fn turn(&mut self, node: usize) {
        self.carry_out(node);
        if self.lines[node].paused_until > self.now || self.parties[node].is_none() {
            return;
        }
        let now = self.now();
        let mut replies = Vec::new();
        while let Some((_, reply)) = self.lines[node].replies.pop_front_if(|(due, _)| *due <= self.now) {
            replies.push(reply);
        }
        if let Some(party) = self.parties[node].as_mut().filter(|_| !replies.is_empty()) {
            party.hear(replies, now);
            self.collect(node);
        }
        if let Some(party) = &mut self.parties[node]
            && party.deadline().is_some_and(|at| at <= now.instant)
        {
            party.expire(now);
        }
        self.collect(node);
    }

    /// Takes the requests of a node. What is sent while the line is cut is lost.
    fn collect(&mut self, node: usize) {
        while let Some(request) = self.parties[node].as_mut().and_then(Party::request) {
            if self.lines[node].is_up {
                let due = self.delay(node, self.lines[node].requests.back().map(|(due, _)| *due));
                self.lines[node].requests.push_back((due, request));
            }
        }
    }

    /// Lets the broker carry out what has arrived.
    fn carry_out(&mut self, node: usize) {
        if !self.lines[node].is_up {
            return;
        }
        while let Some((_, request)) = self.lines[node].requests.pop_front_if(|(due, _)| *due <= self.now) {
            if let Request::Read { after, streams } = &request {
                self.begin_reading(node, after.0, streams);
            }
            if let Some(reply) = self.broker.execute(request, self.now) {
                self.reply(node, reply);
            }
        }
        if let Some(mut reading) = self.lines[node].reading.take() {
            self.broker.news(&mut reading).into_iter().for_each(|reply| self.reply(node, reply));
            self.lines[node].reading = Some(reading);
        }
    }

    fn reply(&mut self, node: usize, reply: Reply) {
        let is_read = |reply: &Reply| matches!(reply, Reply::Entry { .. } | Reply::Message { .. });
        // The reader and the writer have a connection each: entries and messages can overtake replies, and the reverse.
        let before = self.lines[node].replies.iter().rfind(|(_, other)| is_read(other) == is_read(&reply));
        let due = self.delay(node, before.map(|(due, _)| *due));
        let replies = &mut self.lines[node].replies;
        replies.insert(replies.partition_point(|(other, _)| *other <= due), (due, reply));
    }

    fn begin_reading(&mut self, node: usize, after: u64, streams: &[Stream]) {
        let known = match self.lines[node].reading.take() {
            Some(reading) => reading.positions,
            None => std::mem::take(&mut self.lines[node].positions),
        };
        let since = self.now.saturating_sub(BACK_MS);
        let position = |stream: &Stream| {
            let messages = self.broker.streams.get(stream).map_or(&[][..], Vec::as_slice);
            let first = messages.iter().position(|(at, _)| *at >= since).unwrap_or(messages.len());
            known.get(stream).copied().unwrap_or(first)
        };
        let positions = streams.iter().map(|stream| (stream.clone(), position(stream))).collect();
        self.lines[node].reading = Some(Reading { after, positions });
    }
}
