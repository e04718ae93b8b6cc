//! Joins and departures: a few are shown one by one, groups as a count.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Number that is shown one by one within [`SPELL`].
const FEW: usize = 4;

/// How long a movement counts.
const SPELL: Duration = Duration::from_secs(10);

/// How long a group is collected before it is shown.
const GATHERING: Duration = Duration::from_secs(5);

/// Counts movements.
#[derive(Debug, Default)]
pub(super) struct Folding {
    /// The times of those that were shown.
    shown: VecDeque<Instant>,
    /// Numbers of joins and departures, by room.
    crowds: BTreeMap<String, (usize, usize)>,
    /// Since when a group is being collected.
    since: Option<Instant>,
}

impl Folding {
    /// True if a movement is shown by itself. Otherwise it is counted.
    pub(super) fn shows(&mut self, room: &str, came: bool, now: Instant) -> bool {
        while self.shown.front().is_some_and(|&at| now.saturating_duration_since(at) >= SPELL) {
            self.shown.pop_front();
        }
        if self.since.is_none() && self.shown.len() < FEW {
            self.shown.push_back(now);
            return true;
        }
        self.since.get_or_insert(now);
        let (arrivals, departures) = self.crowds.entry(room.to_owned()).or_default();
        *(if came { arrivals } else { departures }) += 1;
        false
    }

    /// When [`Folding::take`] returns something.
    pub(super) fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + GATHERING)
    }

    /// The groups, by room, if they are due.
    pub(super) fn take(&mut self, now: Instant) -> Vec<(String, String)> {
        if self.due().is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.since = None;
        // Until `SPELL` passes, further movements are counted too.
        self.shown = std::iter::repeat_n(now, FEW).collect();
        let crowds = std::mem::take(&mut self.crowds).into_iter();
        crowds.map(|(room, (came, left))| (room, told(came, left))).collect()
    }
}

fn told(came: usize, left: usize) -> String {
    match (came, left) {
        (came, 0) => format!("{came} more joined"),
        (0, left) => format!("{left} more left"),
        (came, left) => format!("{came} more joined, {left} left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_movements_are_shown_and_a_group_as_one_count() {
        let mut folding = Folding::default();
        let begin = Instant::now();
        for n in 0..20 {
            assert_eq!(folding.shows("#tea", n % 2 == 0, begin), n < FEW);
        }
        assert_eq!(folding.due(), Some(begin + GATHERING));
        assert_eq!(folding.take(begin), []);
        let told = folding.take(begin + GATHERING);
        assert_eq!(told, [("#tea".to_owned(), "8 more joined, 8 left".to_owned())]);
        assert_eq!(folding.due(), None);
        assert!(!folding.shows("#tea", true, begin + GATHERING), "the crowd goes on");
        let told = folding.take(begin + 2 * GATHERING);
        assert_eq!(told, [("#tea".to_owned(), "1 more joined".to_owned())]);
        assert!(folding.shows("#tea", true, begin + 2 * GATHERING + SPELL));
    }
}
