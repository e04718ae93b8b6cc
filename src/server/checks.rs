//! The queue of passwords to check, and to hash for accounts.
//!
//! Each address has one check at a time, in the order in which its connections asked, and addresses take turns. An
//! address with too many wrong guesses waits, and nothing is computed for it meanwhile. When a connection leaves, its
//! waiting question is dropped, or the answer is discarded if the check is under way.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

#[cfg(feature = "store")]
use super::hashing::Hashing;
use super::ration::Ration;
use crate::message::{Check, Outcome, Peer};
use crate::origin::Origin;

/// Most checks under way: one thread does them.
const AT_ONCE: usize = 1;

/// Wrong guesses of an address: a burst for people who mistype, then one per interval, which is 8640 a day. Right ones
/// do not count.
const GUESSES: u32 = 5;
const GUESS_INTERVAL: Duration = Duration::from_secs(10);

/// A password to check, for a connection that waits for the verdict.
#[derive(Debug)]
pub struct Question {
    key: usize,
    /// Unique, while the keys of connections are reused.
    number: u64,
    origin: Origin,
    task: Task,
}

/// The work that a question asks for.
#[derive(Debug)]
#[cfg_attr(feature = "upgrade", derive(Clone))]
pub(super) enum Task {
    /// Check a password of the config. With the label of an IRC client for the answer.
    Check(Box<Check>, Option<Box<str>>),
    /// Check or hash a password of an account.
    #[cfg(feature = "store")]
    Account(Box<Hashing>),
}

/// The outcome of a [`Question`].
#[derive(Debug)]
pub struct Verdict {
    question: Question,
    outcome: Outcome,
}

#[derive(Debug)]
pub(super) struct Judged {
    pub(super) key: usize,
    pub(super) task: Task,
    pub(super) outcome: Outcome,
}

/// All questions without a verdict: at most one per connection.
#[derive(Debug)]
pub(super) struct Checks {
    pub(super) guesses: Ration,
    /// Origins with a waiting question or a check under way.
    queues: HashMap<Origin, Queue>,
    /// Origins whose turn it is, in order.
    ready: BTreeMap<u64, Origin>,
    /// Origins with too many wrong guesses, by the time at which they may guess again.
    slowed: BTreeSet<(Instant, Origin)>,
    /// The number of the question that each connection waits for.
    waiting: HashMap<usize, u64>,
    /// The last number given to a question or a turn.
    numbers: u64,
    under_way: usize,
}

#[derive(Debug)]
struct Queue {
    questions: VecDeque<Question>,
    place: Place,
}

/// The state of an origin. While a check is `UnderWay`, its origin has no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In `Checks::ready`, under this number.
    Ready(u64),
    Slowed(Instant),
    /// In neither: a check is under way.
    UnderWay,
}

impl Task {
    /// True when it takes too long for the event loop.
    pub(super) fn is_costly(&self) -> bool {
        match self {
            Self::Check(check, _) => check.is_costly(),
            #[cfg(feature = "store")]
            Self::Account(hashing) => hashing.is_costly(),
        }
    }

    /// Does it.
    pub(super) fn outcome(&mut self) -> Outcome {
        match self {
            Self::Check(check, _) => check.outcome(),
            #[cfg(feature = "store")]
            Self::Account(hashing) => hashing.outcome(),
        }
    }
}

impl Question {
    /// Computes the verdict, which takes long and needs nothing else.
    pub fn answer(mut self) -> Verdict {
        Verdict { outcome: self.task.outcome(), question: self }
    }

    /// Returns a verdict of `NotChecked`, when no thread can compute it.
    pub fn give_up(self) -> Verdict {
        Verdict { outcome: Outcome::NotChecked, question: self }
    }
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            guesses: Ration::new(GUESSES, GUESS_INTERVAL),
            queues: HashMap::new(),
            ready: BTreeMap::new(),
            slowed: BTreeSet::new(),
            waiting: HashMap::new(),
            numbers: 0,
            under_way: 0,
        }
    }
}

impl Checks {
    /// True when a question of `peer` need not wait.
    pub(super) fn is_free(&self, peer: Peer, now: Instant) -> bool {
        let origin = Origin::of(peer);
        !self.queues.contains_key(&origin) && self.guesses.ready_at(origin, now) <= now
    }

    /// Counts the outcome of a check that was done at once for a free peer.
    pub(super) fn count(&mut self, peer: Peer, outcome: Outcome, now: Instant) {
        if outcome == Outcome::Wrong {
            self.guesses.count(Origin::of(peer), now);
        }
    }

    /// Queues the question of the connection `key`, which waits for no other.
    pub(super) fn ask(&mut self, key: usize, peer: Peer, task: Task, now: Instant) {
        let (origin, number) = (Origin::of(peer), self.next_number());
        let before = self.waiting.insert(key, number);
        debug_assert!(before.is_none(), "{key} waits already");
        let question = Question { key, number, origin, task };
        match self.queues.entry(origin) {
            Entry::Occupied(mut queue) => queue.get_mut().questions.push_back(question),
            Entry::Vacant(none) => {
                none.insert(Queue { questions: VecDeque::from([question]), place: Place::UnderWay });
                self.place(origin, now);
            }
        }
    }

    /// Forgets the question of the connection `key`, which has gone.
    pub(super) fn forget(&mut self, key: usize, peer: Peer) {
        let (Some(number), origin) = (self.waiting.remove(&key), Origin::of(peer)) else { return };
        let Some(queue) = self.queues.get_mut(&origin) else { return };
        queue.questions.retain(|question| question.number != number);
        if !queue.questions.is_empty() {
            return;
        }
        match queue.place {
            // Its verdict removes the queue.
            Place::UnderWay => return,
            Place::Ready(turn) => drop(self.ready.remove(&turn)),
            Place::Slowed(until) => drop(self.slowed.remove(&(until, origin))),
        }
        self.queues.remove(&origin);
    }

    /// The next question to check, unless [`AT_ONCE`] are under way.
    pub(super) fn next(&mut self) -> Option<Question> {
        if self.under_way >= AT_ONCE {
            return None;
        }
        let (_, origin) = self.ready.pop_first()?;
        let queue = self.queues.get_mut(&origin)?;
        queue.place = Place::UnderWay;
        let question = queue.questions.pop_front()?;
        self.under_way += 1;
        Some(question)
    }

    /// Takes a verdict. Returns the connection and what it asked, if it still waits.
    pub(super) fn answered(&mut self, verdict: Verdict, now: Instant) -> Option<Judged> {
        let Verdict { question: Question { key, number, origin, task }, outcome } = verdict;
        self.under_way -= 1;
        if outcome == Outcome::Wrong {
            self.guesses.count(origin, now);
        }
        if self.queues.get(&origin).is_some_and(|queue| queue.questions.is_empty()) {
            self.queues.remove(&origin);
        } else {
            self.place(origin, now);
        }
        if self.waiting.get(&key) != Some(&number) {
            return None;
        }
        self.waiting.remove(&key);
        Some(Judged { key, task, outcome })
    }

    /// The tasks that wait, with their connections. Those of an address are in their order, and the addresses too.
    #[cfg(feature = "upgrade")]
    pub(super) fn queued(&self) -> impl Iterator<Item = (usize, &Task)> {
        let origins = self.ready.values().chain(self.slowed.iter().map(|(_, origin)| origin));
        let questions =
            origins.filter_map(|origin| self.queues.get(origin)).flat_map(|queue| &queue.questions);
        questions.map(|Question { key, task, .. }| (*key, task))
    }

    /// True while the connection `key` waits for a verdict.
    #[cfg(feature = "upgrade")]
    pub(super) fn is_asking(&self, key: usize) -> bool {
        self.waiting.contains_key(&key)
    }

    /// True while a thread computes a verdict.
    #[cfg(feature = "upgrade")]
    pub(super) fn is_working(&self) -> bool {
        self.under_way > 0
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.slowed.first().map(|&(until, _)| until)
    }

    /// Queues the origins that may guess again.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(&(until, origin)) = self.slowed.first()
            && until <= now
        {
            self.slowed.pop_first();
            self.place(origin, now);
        }
    }

    /// Puts an origin that is in neither `ready` nor `slowed` where it belongs.
    fn place(&mut self, origin: Origin, now: Instant) {
        let until = self.guesses.ready_at(origin, now);
        let place = if until <= now { Place::Ready(self.next_number()) } else { Place::Slowed(until) };
        match place {
            Place::Ready(turn) => drop(self.ready.insert(turn, origin)),
            Place::Slowed(until) => drop(self.slowed.insert((until, origin))),
            Place::UnderWay => {}
        }
        if let Some(queue) = self.queues.get_mut(&origin) {
            queue.place = place;
        }
    }

    fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Panics when the parts disagree, or the waiting connections are not `keys`. O(n), for tests.
    pub(super) fn check(&self, keys: impl Iterator<Item = usize>) {
        let mut waiting = 0;
        for key in keys {
            waiting += 1;
            assert!(self.waiting.contains_key(&key), "{key} waits for a verdict");
        }
        assert_eq!(self.waiting.len(), waiting, "no other connection waits");
        let (mut ready, mut slowed, mut under_way) = (0, 0, 0);
        for (&origin, queue) in &self.queues {
            assert!(
                queue.place == Place::UnderWay || !queue.questions.is_empty(),
                "{origin:?} wants something"
            );
            for question in &queue.questions {
                assert_eq!(
                    self.waiting.get(&question.key),
                    Some(&question.number),
                    "each question has a waiting connection"
                );
            }
            match queue.place {
                Place::Ready(turn) => {
                    ready += 1;
                    assert_eq!(self.ready.get(&turn), Some(&origin));
                }
                Place::Slowed(until) => {
                    slowed += 1;
                    assert!(self.slowed.contains(&(until, origin)));
                }
                Place::UnderWay => under_way += 1,
            }
        }
        let counts = (self.ready.len(), self.slowed.len(), self.under_way);
        assert_eq!(counts, (ready, slowed, under_way), "each origin is in one place");
        assert!(self.under_way <= AT_ONCE);
    }
}
