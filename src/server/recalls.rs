//! Questions to the store about the past. The store has only a few questions at a time, and one of each address: so a
//! peer that asks much waits for itself. Addresses take turns.

use std::collections::{HashMap, VecDeque};

use crate::message::{Peer, Query, RecallFor};
use crate::origin::Origin;

/// Most questions that the store has at the same time.
const AT_ONCE: usize = 4;

/// The questions without an answer: at most one per connection.
#[derive(Debug, Default)]
pub(super) struct Recalls {
    /// Questions that the store does not have yet. An origin has a queue while it is in `turns` or `under_way`.
    queues: HashMap<Origin, VecDeque<Question>>,
    /// Origins that wait for their turn, in order.
    turns: VecDeque<Origin>,
    waiting: HashMap<usize, Asker>,
    /// The connections whose questions the store has, by number, and their origins. Connections may have gone.
    under_way: HashMap<u64, (usize, Origin)>,
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
            match self.queues.get_mut(&origin).and_then(VecDeque::pop_front) {
                Some(Question { number, key, query }) => {
                    self.under_way.insert(number, (key, origin));
                    return Some((number, query));
                }
                // All of them were forgotten.
                None => drop(self.queues.remove(&origin)),
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
        if self.queues.get(&origin).is_some_and(|queue| !queue.is_empty()) {
            self.turns.push_back(origin);
        } else {
            self.queues.remove(&origin);
        }
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
}
