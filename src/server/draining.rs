//! Sessions that have much to tell wait until their peers have read what they were told: those that ask the store, and
//! those that continue by themselves. So no answer fills an outbox, however much a peer asks for without reading.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::message::Recall;

/// The sessions that wait.
#[derive(Debug, Default)]
pub(super) struct Draining {
    /// Connections whose sessions are to be told when nothing is unsent and they wait for nothing else.
    pub(super) waiting: BTreeSet<usize>,
    /// Questions that are asked when nothing is unsent.
    pub(super) questions: BTreeMap<usize, Postponed>,
    /// Connections among both for which nothing is unsent, to be dealt with in this turn or the next.
    pub(super) drained: BTreeSet<usize>,
}

/// A question to the store that waits until its peer has read.
#[derive(Debug)]
pub(super) struct Postponed {
    pub(super) recall: Recall,
    pub(super) label: Option<Box<str>>,
    pub(super) until: Instant,
}

impl Draining {
    /// True when a session is to be told in the next turn.
    pub(super) fn is_due(&self) -> bool {
        !self.drained.is_empty()
    }

    /// True when the connection `key` waits for an answer.
    pub(super) fn is_asking(&self, key: usize) -> bool {
        self.questions.contains_key(&key)
    }

    /// When `expire` has work.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.questions.values().map(|question| question.until).min()
    }

    /// Notes that nothing is unsent for the connection `key`.
    pub(super) fn has_drained(&mut self, key: usize) {
        if self.waiting.contains(&key) || self.questions.contains_key(&key) {
            self.drained.insert(key);
        }
    }

    /// Forgets the connection `key`, which has closed.
    pub(super) fn forget(&mut self, key: usize) {
        self.waiting.remove(&key);
        self.drained.remove(&key);
        self.questions.remove(&key);
    }
}
