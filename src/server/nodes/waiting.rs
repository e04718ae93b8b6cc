//! Connections that wait for the lock, in the order in which they asked.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use crate::message::{AccountErrand, AccountPurpose, Found};

/// How long a command or an answer waits for the lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it waits if the broker has been away for longer: commands behind each other would wait for minutes.
const LITTLE_PATIENCE: Duration = Duration::from_millis(50);

/// What a connection needs the lock for.
#[derive(Debug)]
pub(super) enum Need {
    /// The next frame in its inbox, or the rest of a command.
    Frame,
    /// The last frame, which is unterminated, in its inbox. Its peer will send nothing more.
    LastFrame,
    /// The answer to its errand, with the label of an IRC client for it.
    Found(Found, Option<Box<str>>),
    /// An errand about accounts, which the node knows when it has joined, with the label for the answer.
    Errand(Box<AccountErrand>, AccountPurpose, Option<Box<str>>),
}

/// The connections that wait: each for one thing.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// By ascending number.
    needs: BTreeMap<u64, (usize, Instant, Need)>,
    numbers: HashMap<usize, u64>,
    /// The last number.
    last: u64,
}

impl Waiting {
    /// Adds the connection `key`. The broker cannot be reached since `down_since`.
    pub(super) fn add(&mut self, key: usize, need: Need, down_since: Option<Instant>, now: Instant) {
        let until = down_since.map_or(now + PATIENCE, |since| (now + LITTLE_PATIENCE).max(since + PATIENCE));
        self.last += 1;
        let before = self.numbers.insert(key, self.last);
        debug_assert!(before.is_none(), "{key} waits already");
        self.needs.insert(self.last, (key, until, need));
    }

    /// The number of the last connection that has begun to wait.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Takes the connection that has waited longest, unless it came after the one with the number `last`.
    pub(super) fn next(&mut self, last: u64) -> Option<(usize, Need)> {
        let first = self.needs.first_entry().filter(|first| *first.key() <= last)?;
        let (key, _, need) = first.remove();
        self.numbers.remove(&key);
        Some((key, need))
    }

    /// Takes a connection that has waited for too long.
    pub(super) fn next_late(&mut self, now: Instant) -> Option<(usize, Need)> {
        if self.deadline()? > now {
            return None;
        }
        self.next(self.last)
    }

    /// When the first has waited for too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.needs.first_key_value().map(|(_, (_, until, _))| *until)
    }

    /// Forgets the connection `key`.
    pub(super) fn forget(&mut self, key: usize) {
        if let Some(number) = self.numbers.remove(&key) {
            self.needs.remove(&number);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.needs.is_empty()
    }

    /// True when the connection `key` waits.
    pub(super) fn has(&self, key: usize) -> bool {
        self.numbers.contains_key(&key)
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(waiting: &mut Waiting, last: u64) -> Vec<usize> {
        std::iter::from_fn(|| waiting.next(last)).map(|(key, _)| key).collect()
    }

    #[test]
    fn connections_are_served_in_the_order_in_which_they_asked_and_nobody_twice_in_a_turn() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        [7, 3, 9].into_iter().for_each(|key| waiting.add(key, Need::Frame, None, now));
        waiting.forget(3);
        let last = waiting.last();
        assert_eq!(waiting.next(last).map(|(key, _)| key), Some(7));
        waiting.add(7, Need::LastFrame, None, now);
        assert_eq!(keys(&mut waiting, last), [9]);
        let last = waiting.last();
        assert_eq!(keys(&mut waiting, last), [7]);
        assert!(waiting.is_empty() && !waiting.has(7) && waiting.deadline().is_none());
    }

    #[test]
    fn a_connection_that_waits_for_too_long_is_taken_out() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        waiting.add(1, Need::Frame, None, now);
        waiting.add(2, Need::Frame, None, now + Duration::from_secs(1));
        assert!(waiting.next_late(now + PATIENCE - Duration::from_millis(1)).is_none());
        assert_eq!(waiting.next_late(now + PATIENCE).map(|(key, _)| key), Some(1));
        assert!(waiting.next_late(now + PATIENCE).is_none());
        assert_eq!(waiting.len(), 1);
    }

    #[test]
    fn without_a_broker_for_long_nobody_waits_for_long() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        let after = |seconds| now + Duration::from_secs(seconds);
        waiting.add(1, Need::Frame, Some(now), after(2));
        waiting.add(2, Need::Frame, Some(now), after(7));
        assert_eq!(waiting.deadline(), Some(after(5)));
        assert_eq!(waiting.next_late(after(5)).map(|(key, _)| key), Some(1));
        assert_eq!(waiting.deadline(), Some(after(7) + LITTLE_PATIENCE));
    }
}
