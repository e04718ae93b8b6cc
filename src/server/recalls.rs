//! Questions to the store about the past. Addresses take turns, and only a few questions are with the store at a time:
//! it answers them in order, so a peer that asks much waits for itself.

use std::collections::{HashMap, VecDeque};

use crate::message::{Peer, Query, RecallFor};
use crate::origin::Origin;

/// Most questions that the store has at the same time.
const AT_ONCE: usize = 4;

/// The questions without an answer: at most one per connection.
#[derive(Debug, Default)]
pub(super) struct Recalls {
    /// Questions that the store does not have yet.
    queues: HashMap<Origin, VecDeque<Question>>,
    /// Origins with a queue, in the order of their turns.
    turns: VecDeque<Origin>,
    waiting: HashMap<usize, Asker>,
    /// The connections whose questions the store has, by number. They may have gone.
    under_way: HashMap<u64, usize>,
    /// The last number given to a question.
    numbers: u64,
}

#[derive(Debug)]
struct Question {
    number: u64,
    /// The connection that asks.
    key: usize,
    query: Query,
}

/// A connection that waits for an answer.
#[derive(Debug)]
pub(super) struct Asker {
    number: u64,
    origin: Origin,
    pub(super) purpose: Box<RecallFor>,
    pub(super) label: Option<Box<str>>,
}

impl Recalls {
    /// Queues the question of the connection `key`, which waits for no other.
    pub(super) fn ask(
        &mut self,
        key: usize,
        peer: Peer,
        query: Query,
        purpose: RecallFor,
        label: Option<Box<str>>,
    ) {
        self.numbers += 1;
        let (number, origin) = (self.numbers, Origin::of(peer));
        let before = self.waiting.insert(key, Asker { number, origin, purpose: Box::new(purpose), label });
        debug_assert!(before.is_none(), "{key} waits already");
        let queue = self.queues.entry(origin).or_insert_with(|| {
            self.turns.push_back(origin);
            VecDeque::new()
        });
        queue.push_back(Question { number, key, query });
    }

    /// The next question for the store, unless it has enough.
    pub(super) fn next(&mut self) -> Option<(u64, Query)> {
        while self.under_way.len() < AT_ONCE {
            let origin = self.turns.pop_front()?;
            let Some(queue) = self.queues.get_mut(&origin) else { continue };
            let next = queue.pop_front();
            if queue.is_empty() {
                self.queues.remove(&origin);
            } else {
                self.turns.push_back(origin);
            }
            if let Some(Question { number, key, query }) = next {
                self.under_way.insert(number, key);
                return Some((number, query));
            }
        }
        None
    }

    /// True when the connection `key` waits for an answer.
    pub(super) fn is_asking(&self, key: usize) -> bool {
        self.waiting.contains_key(&key)
    }

    /// The number of connections that wait for an answer.
    pub(super) fn asking(&self) -> usize {
        self.waiting.len()
    }

    /// Takes the answer to a question. Returns the connection that waits for it, if it still does.
    pub(super) fn answered(&mut self, number: u64) -> Option<(usize, Asker)> {
        let key = self.under_way.remove(&number)?;
        self.waiting.get(&key).filter(|asker| asker.number == number)?;
        self.waiting.remove_entry(&key)
    }

    /// Forgets the question of the connection `key`, which has gone.
    pub(super) fn forget(&mut self, key: usize) {
        let Some(Asker { number, origin, .. }) = self.waiting.remove(&key) else { return };
        let Some(queue) = self.queues.get_mut(&origin) else { return };
        queue.retain(|question| question.number != number);
    }
}
