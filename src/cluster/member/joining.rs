//! Becoming a member: enrolling, greeting the others, getting the state, bringing back own users.

use std::mem;
use std::time::{Duration, Instant};

use log::warn;

use super::{Member, News, VERSION};
use crate::cluster::codec;
use crate::cluster::request::Request;
use crate::message::{Dated, Epoch, EventId, LogIndex, Node, Now, Operation};

/// How soon a node tries again that was not accepted.
const RETRY: Duration = Duration::from_secs(1);

/// How long the lease of an earlier life of the node may be in its way.
const EARLIER_LIFE: Duration = Duration::from_secs(8);

/// How long others have to renew their leases, before a node takes itself for the only one: the broker may have been away, also
/// before this node was started.
const OTHERS_RETURN: Duration = Duration::from_secs(3);

/// How often a newcomer looks for its snapshot.
const LOOK: Duration = Duration::from_millis(50);

/// How long it waits for a node to make one until it asks the next, and how much longer each time: a large one takes
/// time, and is not made faster by asking for another.
const WAIT: Duration = Duration::from_millis(500);

/// How often it asks: for 7.5 s. If no node has the state, the one that has waited longest founds the cluster.
const ATTEMPTS: u32 = 5;

/// How far the node has come.
#[derive(Debug)]
pub(super) enum Phase {
    /// The node enrols at this time.
    Apart {
        until: Option<Instant>,
    },
    Enrolling,
    /// The node has a number, and needs the lock to greet the others. A founder has none.
    Greeting {
        node: Node,
        is_founder: bool,
        attempt: u32,
    },
    /// Another node makes a snapshot.
    Awaiting {
        node: Node,
        attempt: u32,
        until: Instant,
        next: Instant,
    },
    /// The node has the state, without its own users.
    Returning(Node),
    Joined(Node),
}

impl Default for Phase {
    fn default() -> Self {
        Self::Apart { until: None }
    }
}

impl Phase {
    /// The node, if it has enrolled.
    pub(super) fn node(&self) -> Option<&Node> {
        match self {
            Self::Apart { .. } | Self::Enrolling => None,
            Self::Greeting { node, .. } | Self::Awaiting { node, .. } => Some(node),
            Self::Returning(node) | Self::Joined(node) => Some(node),
        }
    }

    /// The node, if it reads the log.
    pub(super) fn reader(&self) -> Option<&Node> {
        match self {
            Self::Returning(node) | Self::Joined(node) => Some(node),
            _ => None,
        }
    }

    pub(super) fn epoch(&self) -> Option<Epoch> {
        self.node().map(|node| node.epoch)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Apart { until } => *until,
            Self::Awaiting { next, .. } => Some(*next),
            _ => None,
        }
    }
}

impl Member {
    pub(super) fn expire_phase(&mut self, now: Now) {
        match &mut self.phase {
            Phase::Apart { until } if until.is_none_or(|until| until <= now.instant) && !self.is_ending => {
                self.enrol(now);
            }
            Phase::Awaiting { node, until, next, .. } if *next <= now.instant => {
                if *until <= now.instant {
                    return self.ask_another(now);
                }
                *next = now.instant + LOOK;
                self.requests.push_back(Request::GetSnapshot { epoch: node.epoch });
            }
            _ => {}
        }
    }

    fn enrol(&mut self, now: Now) {
        let (name, settings) = (self.config.name.clone(), self.config.settings);
        // The lease of its earlier life is not in its way.
        if let Some(epoch) = self.own_epochs.last().copied() {
            self.requests.push_back(Request::Leave { name: name.clone(), epoch });
        }
        self.clock.is_asked(now.instant);
        self.requests.push_back(Request::Enrol { name, version: VERSION, settings });
        self.phase = Phase::Enrolling;
    }

    /// The node has a number. `last` is the last entry: if there is none, nobody has a state that others share.
    pub(super) fn enrolled(&mut self, node: Node, log: Box<str>, last: LogIndex, others: &[Node], now: Now) {
        if !matches!(self.phase, Phase::Enrolling) {
            return;
        }
        self.refused_since = None;
        self.own_epochs.push(node.epoch);
        if self.is_ending {
            self.phase = Phase::Greeting { node, is_founder: false, attempt: 0 };
            return self.ask_to_leave();
        }
        if self.log.as_ref().is_some_and(|known| *known != log) {
            self.incoming.log_changed();
            self.outgoing.log_changed();
        }
        self.log = Some(log);
        self.lease.begin(now.instant);
        // Nodes that enrolled later do not have the state either.
        let first = self.first_alone.take();
        let is_alone = others.iter().all(|other| first.is_some_and(|first| other.epoch > first));
        // In an empty log, whoever makes the first entry founds the cluster.
        let is_founder = is_alone && last != LogIndex::default();
        let until = self.lease.up_since().map(|since| since + OTHERS_RETURN);
        if let Some(until) = until.filter(|&until| is_founder && now.instant < until) {
            self.first_alone = first.or(Some(node.epoch));
            self.phase = Phase::Apart { until: Some(until) };
            return;
        }
        self.greet_with(node, is_founder, 0, now);
    }

    fn greet_with(&mut self, node: Node, is_founder: bool, attempt: u32, now: Now) {
        self.phase = Phase::Greeting { node, is_founder, attempt };
        self.want_lock(now);
    }

    /// The node is not accepted now. `why` is a reason that does not change by itself.
    pub(super) fn not_enrolled(&mut self, why: Option<String>, now: Now) {
        if !matches!(self.phase, Phase::Enrolling) {
            return;
        }
        self.phase = Phase::Apart { until: Some(now.instant + RETRY) };
        self.has_ended = self.is_ending;
        let since = *self.refused_since.get_or_insert(now.instant);
        let is_old = now.instant.saturating_duration_since(since) >= EARLIER_LIFE;
        if self.is_refused || why.is_none() && !is_old {
            return;
        }
        self.is_refused = true;
        let name = &self.config.name;
        let in_use = || format!("another node is called {name}: give each node a --node NAME of its own");
        self.news.push_back(News::Refused(why.unwrap_or_else(in_use)));
    }

    /// Greets the others under the lock.
    pub(super) fn greet(&mut self, last: LogIndex, now: Now) {
        let Phase::Greeting { node, is_founder, attempt } = &mut self.phase else { return };
        *is_founder |= last == LogIndex::default();
        let (node, attempt) = (node.clone(), *attempt);
        let hello = Operation::Hello { node: node.clone(), attempt };
        let reset = is_founder.then_some(Operation::Reset);
        let date = |operation| Dated { after: EventId::MIN, operation };
        let operations = reset.into_iter().chain([hello]).map(date).collect();
        self.push_greeting(&node, last.following(), operations, now);
    }

    /// The others know the node.
    pub(super) fn has_greeted(&mut self, node: Node, is_founder: bool, attempt: u32, now: Now) {
        self.is_refused = false;
        if !is_founder {
            let (until, next) = (now.instant + WAIT * (attempt + 1).min(ATTEMPTS), now.instant);
            self.phase = Phase::Awaiting { node, attempt, until, next };
            return self.expire_phase(now);
        }
        self.nodes = vec![node.clone()];
        self.phase = Phase::Joined(node.clone());
        self.news.push_back(News::Found(node));
        self.begin_reading();
        self.send_kept();
    }

    fn ask_another(&mut self, now: Now) {
        let Phase::Awaiting { node, attempt, .. } = mem::take(&mut self.phase) else { return };
        let has_waited_longest = self.alive.iter().all(|&other| other >= node.epoch);
        let is_founder = attempt + 1 >= ATTEMPTS && has_waited_longest;
        self.greet_with(node, is_founder, attempt + 1, now);
        self.expire(now);
    }

    /// True when it is this node's turn to make the snapshot for a newcomer: that with the lowest number for the first
    /// attempt, and so on.
    pub(super) fn offers_to(&self, newcomer: Epoch, attempt: u32) -> bool {
        let others: Vec<_> = self.nodes.iter().filter(|node| node.epoch != newcomer).collect();
        let turn = (attempt as usize).checked_rem(others.len());
        turn.and_then(|turn| others.get(turn)).is_some_and(|node| Some(node.epoch) == self.phase.epoch())
    }

    pub(super) fn snapshot_read(&mut self, bytes: Option<&[u8]>, now: Now) {
        let (Phase::Awaiting { node, .. }, Some(bytes)) = (&self.phase, bytes) else { return };
        let node = node.clone();
        match codec::decode_snapshot(bytes) {
            Ok(snapshot) => {
                (self.applied, self.applied_digest) = (snapshot.index, snapshot.digest.clone());
                self.nodes = snapshot.nodes.clone();
                self.phase = Phase::Returning(node.clone());
                self.news.push_back(News::Load { node, snapshot: Box::new(snapshot) });
                self.begin_reading();
                self.want_lock(now);
            }
            Err(error) => {
                warn!("a snapshot of another node cannot be read: {error}");
                if let Phase::Awaiting { until, next, .. } = &mut self.phase {
                    // The next node may make a better one.
                    *next = *until;
                }
            }
        }
    }

    fn begin_reading(&mut self) {
        self.looked = self.applied;
        self.incoming.subscribe(self.streams(), self.applied);
        self.read();
    }

    /// Leaves the others and begins anew, with another epoch. Connections are kept.
    pub fn rejoin(&mut self, why: &'static str, now: Now) {
        let was_joined = self.is_joined();
        let is_early = self.rejoined.is_some_and(|at| now.instant.saturating_duration_since(at) < RETRY);
        self.requests.clear();
        self.lock.reset();
        self.lease.stop();
        // Others shall not hear own users before they have seen them return.
        self.outgoing.link_lost();
        self.sends_after = None;
        self.phase = Phase::Apart { until: is_early.then(|| now.instant + RETRY) };
        self.rejoined = Some(now.instant);
        if was_joined {
            self.news.push_back(News::Rejoins(why));
        }
        self.expire(now);
    }
}
