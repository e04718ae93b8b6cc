//! Questions to the store about the past. The store has only a few questions at a time, and one of each address: so a
//! peer that asks much waits for itself. Addresses take turns.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::message::{Peer, Query, RecallFor};
use crate::origin::Origin;

/// Most questions that the store has at the same time.
const AT_ONCE: usize = 4;

/// The questions without an answer: at most one per connection.
#[derive(Debug, Default)]
pub(super) struct Recalls {
    /// Questions that the store does not have yet. An origin has a queue while it is in `turns` or `under_way`.
    queues: HashMap<Origin, Queue>,
    /// Origins that wait for their turn, in order.
    turns: BTreeMap<u64, Origin>,
    waiting: HashMap<usize, Asker>,
    /// The connections whose questions the store has, by number, and their origins. Connections may have gone.
    under_way: HashMap<u64, (usize, Origin)>,
    /// The last number given to a question or a turn.
    numbers: u64,
}

/// The questions of one origin.
#[derive(Debug, Default)]
struct Queue {
    questions: VecDeque<Question>,
    /// Its key in `turns`; `None` while the store has a question of this origin.
    turn: Option<u64>,
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
            self.turns.insert(number, origin);
            Queue { turn: Some(number), ..Queue::default() }
        });
        queue.questions.push_back(Question { number, key, query });
    }

    /// The next question for the store, unless it has enough.
    pub(super) fn next(&mut self) -> Option<(u64, Query)> {
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

    /// The number of connections that wait for an answer.
    pub(super) fn asking(&self) -> usize {
        self.waiting.len()
    }

    /// Takes the answer to a question. Returns the connection that waits for it, if it still does.
    pub(super) fn answered(&mut self, number: u64) -> Option<(usize, Asker)> {
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
        self.waiting.remove_entry(&key)
    }

    /// Forgets the question of the connection `key`, which has gone.
    pub(super) fn forget(&mut self, key: usize) {
        let Some(Asker { number, origin, .. }) = self.waiting.remove(&key) else { return };
        let Some(queue) = self.queues.get_mut(&origin) else { return };
        queue.questions.retain(|question| question.number != number);
        if queue.questions.is_empty()
            && let Some(turn) = queue.turn
        {
            self.turns.remove(&turn);
            self.queues.remove(&origin);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn peer(last: u8) -> Peer {
        Peer::Tcp(Ipv4Addr::new(192, 0, 2, last).into(), 1)
    }

    /// Questions of the connections `keys`, each from its address.
    fn asked(askers: impl IntoIterator<Item = (usize, u8)>) -> Recalls {
        let mut recalls = Recalls::default();
        for (key, address) in askers {
            let query = Query::Events(Vec::new());
            recalls.ask(key, peer(address), query, RecallFor::Targets, None);
        }
        recalls
    }

    fn all(recalls: &mut Recalls) -> Vec<u64> {
        std::iter::from_fn(|| recalls.next()).map(|(number, _)| number).collect()
    }

    #[test]
    fn an_address_that_asks_much_waits_for_itself_and_addresses_take_turns() {
        let mut recalls = asked([(1, 1), (2, 1), (3, 1), (4, 2), (5, 3), (6, 4), (7, 5)]);
        assert_eq!(all(&mut recalls), [1, 4, 5, 6], "the store has four");
        assert_eq!(recalls.answered(1).map(|(key, _)| key), Some(1));
        assert_eq!(all(&mut recalls), [7]);
        assert!(recalls.answered(4).is_some());
        assert_eq!(all(&mut recalls), [2]);
        assert!(recalls.answered(5).is_some());
        assert_eq!(all(&mut recalls), [0; 0], "the other question of its address is under way");
    }

    #[test]
    fn nothing_remains_of_questions_that_are_answered_or_forgotten() {
        let mut recalls = asked([(1, 1), (2, 1), (3, 2), (4, 3)]);
        recalls.forget(4);
        assert_eq!(all(&mut recalls), [1, 3]);
        recalls.forget(1);
        recalls.forget(2);
        assert!(recalls.answered(1).is_none(), "its connection has gone");
        assert!(recalls.answered(3).is_some());
        assert_eq!(all(&mut recalls), [0; 0]);
        let Recalls { queues, turns, waiting, under_way, .. } = recalls;
        assert!(queues.is_empty() && turns.is_empty() && waiting.is_empty() && under_way.is_empty());
    }

    #[test]
    fn addresses_that_ask_and_leave_take_no_memory_while_the_disk_is_stuck() {
        let mut recalls = asked([(1, 1), (2, 2), (3, 3), (4, 4)]);
        assert_eq!(all(&mut recalls).len(), 4);
        for address in 5..200 {
            recalls.ask(5, peer(address), Query::Events(Vec::new()), RecallFor::Targets, None);
            recalls.forget(5);
        }
        assert_eq!((recalls.queues.len(), recalls.turns.len(), recalls.asking()), (4, 0, 4));
    }
}
