//! Questions to the store. It has only a few at a time, and one of each address: so a peer that asks much waits for
//! itself. Addresses take turns.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::message::Peer;
use crate::origin::Origin;

/// Most questions that the store has at the same time.
const AT_ONCE: usize = 4;

/// The questions without an answer, of the type `Q`: at most one per connection. `P` says what an answer is for.
#[derive(Debug)]
pub(super) struct Inquiries<Q, P> {
    /// Questions that the store does not have yet. An origin has a queue while it is in `turns` or `under_way`.
    queues: HashMap<Origin, Queue<Q>>,
    /// Origins that wait for their turn, in order.
    turns: BTreeMap<u64, Origin>,
    waiting: HashMap<usize, Asker<P>>,
    /// The connections whose questions the store has, by number, and their origins. Connections may have gone.
    under_way: HashMap<u64, (usize, Origin)>,
    /// The last number given to a question or a turn.
    numbers: u64,
}

/// The questions of one origin.
#[derive(Debug)]
struct Queue<Q> {
    questions: VecDeque<Question<Q>>,
    /// Its key in `turns`; `None` while the store has a question of this origin.
    turn: Option<u64>,
}

#[derive(Debug)]
struct Question<Q> {
    number: u64,
    /// The connection that asks.
    key: usize,
    query: Q,
}

/// A connection that waits for an answer.
#[derive(Debug)]
struct Asker<P> {
    number: u64,
    origin: Origin,
    purpose: P,
}

impl<Q, P> Default for Inquiries<Q, P> {
    fn default() -> Self {
        Self {
            queues: HashMap::new(),
            turns: BTreeMap::new(),
            waiting: HashMap::new(),
            under_way: HashMap::new(),
            numbers: 0,
        }
    }
}

impl<Q, P> Inquiries<Q, P> {
    /// Queues the question of the connection `key`, which waits for no other. Returns its number.
    pub(super) fn ask(&mut self, key: usize, peer: Peer, query: Q, purpose: P) -> u64 {
        self.numbers += 1;
        let (number, origin) = (self.numbers, Origin::of(peer));
        let before = self.waiting.insert(key, Asker { number, origin, purpose });
        debug_assert!(before.is_none(), "{key} waits already");
        let queue = self.queues.entry(origin).or_insert_with(|| {
            self.turns.insert(number, origin);
            Queue { questions: VecDeque::new(), turn: Some(number) }
        });
        queue.questions.push_back(Question { number, key, query });
        number
    }

    /// The next question for the store, unless it has enough.
    pub(super) fn next(&mut self) -> Option<(u64, Q)> {
        while self.under_way.len() < AT_ONCE {
            let (_, origin) = self.turns.pop_first()?;
            let Some(queue) = self.queues.get_mut(&origin) else { continue };
            queue.turn = None;
            if let Some(Question { number, key, query }) = queue.questions.pop_front() {
                self.under_way.insert(number, (key, origin));
                return Some((number, query));
            }
        }
        None
    }

    /// True when the connection `key` waits for an answer.
    pub(super) fn is_asking(&self, key: usize) -> bool {
        self.waiting.contains_key(&key)
    }

    /// The questions that the store does not have yet, with their connections and purposes, in the order in which it
    /// gets the first of each origin.
    #[cfg(feature = "upgrade")]
    pub(super) fn queued(&self) -> impl Iterator<Item = (usize, &Q, &P)> {
        let queues = self.turns.values().filter_map(|origin| self.queues.get(origin));
        let questions = queues.flat_map(|queue| &queue.questions);
        questions.filter_map(|Question { key, query, .. }| {
            self.waiting.get(key).map(|asker| (*key, query, &asker.purpose))
        })
    }

    /// True while the store has a question.
    #[cfg(feature = "upgrade")]
    pub(super) fn is_working(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// The number of connections that wait for an answer.
    pub(super) fn asking(&self) -> usize {
        self.waiting.len()
    }

    /// Takes the answer to a question. Returns the connection that waits for it and what for, if it still does.
    pub(super) fn answered(&mut self, number: u64) -> Option<(usize, P)> {
        let (key, origin) = self.under_way.remove(&number)?;
        match self.queues.get_mut(&origin) {
            Some(queue) if !queue.questions.is_empty() => {
                self.numbers += 1;
                queue.turn = Some(self.numbers);
                self.turns.insert(self.numbers, origin);
            }
            _ => drop(self.queues.remove(&origin)),
        }
        self.waiting.get(&key).filter(|asker| asker.number == number)?;
        self.waiting.remove(&key).map(|asker| (key, asker.purpose))
    }

    /// Forgets the question of the connection `key`, which does not wait any longer. Returns its number if the store
    /// will never have it.
    pub(super) fn forget(&mut self, key: usize) -> Option<u64> {
        let Asker { number, origin, .. } = self.waiting.remove(&key)?;
        let queue = self.queues.get_mut(&origin)?;
        let before = queue.questions.len();
        queue.questions.retain(|question| question.number != number);
        let was_queued = queue.questions.len() < before;
        if queue.questions.is_empty()
            && let Some(turn) = queue.turn
        {
            self.turns.remove(&turn);
            self.queues.remove(&origin);
        }
        was_queued.then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    type Questions = Inquiries<(), ()>;

    fn peer(last: u8) -> Peer {
        Peer::Tcp(Ipv4Addr::new(192, 0, 2, last).into(), 1)
    }

    /// Questions of the connections `keys`, each from its address.
    fn asked(askers: impl IntoIterator<Item = (usize, u8)>) -> Questions {
        let mut inquiries = Questions::default();
        for (key, address) in askers {
            inquiries.ask(key, peer(address), (), ());
        }
        inquiries
    }

    fn all(inquiries: &mut Questions) -> Vec<u64> {
        std::iter::from_fn(|| inquiries.next()).map(|(number, _)| number).collect()
    }

    #[test]
    fn an_address_that_asks_much_waits_for_itself_and_addresses_take_turns() {
        let mut inquiries = asked([(1, 1), (2, 1), (3, 1), (4, 2), (5, 3), (6, 4), (7, 5)]);
        assert_eq!(all(&mut inquiries), [1, 4, 5, 6], "the store has four");
        assert_eq!(inquiries.answered(1).map(|(key, _)| key), Some(1));
        assert_eq!(all(&mut inquiries), [7]);
        assert!(inquiries.answered(4).is_some());
        assert_eq!(all(&mut inquiries), [2]);
        assert!(inquiries.answered(5).is_some());
        assert_eq!(all(&mut inquiries), [0; 0], "the other question of its address is under way");
    }

    #[test]
    fn nothing_remains_of_questions_that_are_answered_or_forgotten() {
        let mut inquiries = asked([(1, 1), (2, 1), (3, 2), (4, 3)]);
        assert_eq!(inquiries.forget(4), Some(4), "the store will never have it");
        assert_eq!(all(&mut inquiries), [1, 3]);
        assert_eq!(inquiries.forget(1), None, "the store has it");
        assert_eq!(inquiries.forget(2), Some(2));
        assert!(inquiries.answered(1).is_none(), "its connection has gone");
        assert!(inquiries.answered(3).is_some());
        assert_eq!(all(&mut inquiries), [0; 0]);
        let Questions { queues, turns, waiting, under_way, .. } = inquiries;
        assert!(queues.is_empty() && turns.is_empty() && waiting.is_empty() && under_way.is_empty());
    }

    #[test]
    fn addresses_that_ask_and_leave_take_no_memory_while_the_disk_is_stuck() {
        let mut inquiries = asked([(1, 1), (2, 2), (3, 3), (4, 4)]);
        assert_eq!(all(&mut inquiries).len(), 4);
        for address in 5..200 {
            inquiries.ask(5, peer(address), (), ());
            inquiries.forget(5);
        }
        assert_eq!((inquiries.queues.len(), inquiries.turns.len(), inquiries.asking()), (4, 0, 4));
    }
}
