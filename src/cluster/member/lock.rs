//! The lock: who has it may append to the log.

use std::mem;
use std::time::{Duration, Instant};

use super::{Member, News, Phase, UNKNOWN};
use crate::broker::sha1_hex;
use crate::cluster::codec;
use crate::cluster::request::Request;
use crate::message::{Dated, LogEntry, LogIndex, Node, Now, Operation};

/// How long a node waits until it asks again for a lock that another has.
const AGAIN: Duration = Duration::from_millis(3);

/// How long a node waits until it asks again when others want the lock that it has released.
const COURTESY: Duration = Duration::from_millis(6);

/// A lock that was asked for so long ago may expire soon.
const LATE: Duration = Duration::from_millis(1_500);

/// The node's relation to the lock.
#[derive(Debug, Default)]
pub(super) struct Lock {
    /// Something waits for it.
    is_wanted: bool,
    /// Not to be asked for earlier.
    not_before: Option<Instant>,
    /// The last lock came too late to be used, and was asked for again.
    was_late: bool,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    /// The broker was asked for it at this time.
    Asked(Instant),
    /// The node has it, since this time or later, but does not yet know all entries up to this one.
    CatchingUp(Instant, LogIndex),
    /// The server carries out what waits.
    Held,
    /// An entry was made that the broker may not have yet. As long as it has not, no later one is applied.
    Appending(Pending),
}

/// An entry that was made.
#[derive(Debug)]
struct Pending {
    index: LogIndex,
    /// The SHA-1 of the entry before it; empty for a greeting.
    before: Box<str>,
    entry: Vec<u8>,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The broker was asked to append it.
    Sent,
    /// The link was lost: what the broker has done is not known.
    Unknown,
    /// The broker does not have it; the node needs the lock again.
    Unlocked,
    /// The broker was asked for the lock again.
    Asked,
}

impl Lock {
    pub(super) fn deadline(&self) -> Option<Instant> {
        let is_due = match &self.state {
            State::CatchingUp(since, _) => return Some(*since + LATE),
            State::Idle => self.is_wanted,
            State::Appending(pending) => pending.step == Step::Unlocked,
            State::Asked(_) | State::Held => false,
        };
        self.not_before.filter(|_| is_due)
    }

    pub(super) fn try_again(&mut self, now: Instant) {
        self.not_before = Some(now + AGAIN);
        match &mut self.state {
            State::Asked(_) => self.state = State::Idle,
            State::Appending(pending) if pending.step == Step::Asked => pending.step = Step::Unlocked,
            _ => {}
        }
    }

    pub(super) fn link_lost(&mut self) {
        match &mut self.state {
            State::Appending(pending) => pending.step = Step::Unknown,
            // The server ends its use by itself.
            State::Held => {}
            State::Idle | State::Asked(_) | State::CatchingUp(..) => self.state = State::Idle,
        }
    }

    /// Notes that the broker has the pending entry.
    pub(super) fn has_appended(&mut self) {
        if let State::Appending(_) = self.state {
            self.state = State::Idle;
        }
    }

    /// True when there is an entry that the broker does not have, and nobody has appended another.
    pub(super) fn can_append_again(&mut self, last: LogIndex) -> bool {
        let State::Appending(pending) = &mut self.state else { return false };
        let is_next = last.following() == pending.index;
        if is_next {
            pending.step = Step::Unlocked;
            self.not_before = None;
        }
        is_next
    }

    /// The number of an entry that the broker may not have.
    pub(super) fn pending(&self) -> Option<LogIndex> {
        match &self.state {
            State::Appending(pending) => Some(pending.index),
            _ => None,
        }
    }

    /// Forgets everything: the node rejoins.
    pub(super) fn reset(&mut self) {
        (self.state, self.not_before) = (State::Idle, None);
    }

    fn is_held(&self) -> bool {
        matches!(self.state, State::Held)
    }
}

impl Member {
    /// Asks for the lock: something shared shall change.
    pub fn want_lock(&mut self, now: Now) {
        self.lock.is_wanted = true;
        self.ask_for_lock(now);
    }

    /// True when the server may change shared state now.
    pub fn has_lock(&self) -> bool {
        self.lock.is_held()
    }

    pub(super) fn expire_lock(&mut self, now: Now) {
        if self.lock.not_before.is_some_and(|until| until <= now.instant) {
            self.lock.not_before = None;
            self.ask_for_lock(now);
        }
        self.use_lock(now);
    }

    /// Asks the broker for the lock if it is of use and time.
    pub(super) fn ask_for_lock(&mut self, now: Now) {
        let is_time = self.lock.not_before.is_none_or(|until| until <= now.instant);
        let is_of_use = self.reaches_broker() && !self.is_ending && is_time;
        let Some(epoch) = self.phase.epoch().filter(|_| is_of_use) else { return };
        match &mut self.lock.state {
            // A node that waits for the state can do nothing with it.
            State::Idle if self.lock.is_wanted && !matches!(self.phase, Phase::Awaiting { .. }) => {
                self.lock.state = State::Asked(now.instant);
            }
            State::Appending(pending) if pending.step == Step::Unlocked => {
                pending.step = Step::Asked;
                self.lock.not_before = None;
                self.requests.push_back(Request::Lock { epoch });
                return;
            }
            _ => return,
        }
        self.requests.push_back(Request::Lock { epoch });
    }

    /// The node has the lock.
    pub(super) fn locked(&mut self, last: LogIndex, now: Now) {
        match (&self.lock.state, &self.phase) {
            (State::Appending(pending), _) if pending.step == Step::Asked => {
                if last.following() != pending.index {
                    return self.rejoin("another node has appended an entry in place of its own", now);
                }
                self.send_entry();
            }
            (State::Asked(_), Phase::Greeting { .. }) => self.greet(last, now),
            (State::Asked(since), Phase::Returning(_) | Phase::Joined(_)) => {
                // If the link is slow, all locks come late.
                let since = if self.lock.was_late { now.instant } else { *since };
                self.lock.state = State::CatchingUp(since, last);
                self.use_lock(now);
            }
            // It was asked for before the node began anew.
            _ => self.unlock(),
        }
    }

    /// Lets the server use the lock as soon as the node has it and knows all entries. Asks for one that comes late again.
    pub(super) fn use_lock(&mut self, now: Now) {
        let State::CatchingUp(since, last) = self.lock.state else { return };
        if now.instant.saturating_duration_since(since) >= LATE {
            (self.lock.state, self.lock.was_late) = (State::Idle, true);
            self.ask_for_lock(now);
        } else if last <= self.applied {
            (self.lock.state, self.lock.was_late) = (State::Held, false);
            self.news.push_back(News::Locked);
        }
    }

    fn unlock(&mut self) {
        if let Some(epoch) = self.phase.epoch() {
            self.requests.push_back(Request::Unlock { epoch });
        }
    }

    /// Ends the use of the lock with what was done, which may be nothing. The counts are those of the hub afterwards.
    pub fn append(&mut self, operations: Vec<Dated>, users: u32, rooms: u32, now: Now) {
        if !self.lock.is_held() {
            return;
        }
        self.lock.state = State::Idle;
        self.lock.is_wanted = false;
        let Some(node) = self.phase.node().cloned() else { return };
        if operations.is_empty() {
            self.unlock();
            return self.finish_append(now);
        }
        let place = (self.applied.following(), mem::take(&mut self.applied_digest));
        self.push_entry(&node, place, operations, (users, rooms), now);
    }

    /// Makes an entry, behind one with this SHA-1, and hands it to the broker, which releases the lock.
    fn push_entry(
        &mut self,
        node: &Node,
        (index, before): (LogIndex, Box<str>),
        operations: Vec<Dated>,
        (users, rooms): (u32, u32),
        now: Now,
    ) {
        for Dated { operation, .. } in &operations {
            if let Operation::Down { node, epoch } = operation {
                self.forget(*node, *epoch);
            }
        }
        let Node { id: node, epoch, .. } = *node;
        let entry = LogEntry { index, node, epoch, time: now.time, operations, users, rooms };
        let entry = codec::encode_entry(&entry);
        (self.applied, self.applied_digest) = (index, sha1_hex(&entry));
        self.lock.state = State::Appending(Pending { index, before, entry, step: Step::Unknown });
        if self.reaches_broker() {
            self.send_entry();
        }
    }

    /// Hands the entry that was made to the broker.
    fn send_entry(&mut self) {
        let (State::Appending(pending), Some(epoch)) = (&mut self.lock.state, self.phase.epoch()) else {
            return;
        };
        pending.step = Step::Sent;
        let (index, before, entry) = (pending.index, pending.before.clone(), pending.entry.clone());
        self.requests.push_back(Request::Append { epoch, index, before, entry });
    }

    /// Hands over the entry of a newcomer, which does not know the state.
    pub(super) fn push_greeting(&mut self, node: &Node, index: LogIndex, operations: Vec<Dated>, now: Now) {
        self.push_entry(node, (index, Box::default()), operations, (UNKNOWN, UNKNOWN), now);
    }

    pub(super) fn appended(&mut self, is_wanted: bool, now: Now) {
        self.lock.has_appended();
        if is_wanted {
            self.lock.not_before = Some(now.instant + COURTESY);
        }
        self.finish_append(now);
    }

    pub(super) fn not_appended(&mut self, last: LogIndex, now: Now) {
        if !matches!(self.lock.state, State::Appending(_)) {
            return;
        }
        if self.lock.can_append_again(last) {
            self.ask_for_lock(now);
        } else {
            self.rejoin("its entry was not taken", now);
        }
    }

    /// Goes on after the use of the lock.
    pub(super) fn finish_append(&mut self, now: Now) {
        match mem::take(&mut self.phase) {
            Phase::Greeting { node, is_founder, attempt } => {
                self.has_greeted(node, is_founder, attempt, now);
            }
            Phase::Returning(node) => {
                self.phase = Phase::Joined(node);
                self.send_kept();
            }
            phase => self.phase = phase,
        }
        self.send_again();
        self.deliver_held();
        self.ask_for_lock(now);
    }
}
