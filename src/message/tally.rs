/// Counters by label, in the order in which labels first occurred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(Vec<(&'static str, u64)>);

impl Tally {
    /// Counters at zero for these labels.
    pub fn of(labels: impl IntoIterator<Item = &'static str>) -> Self {
        Self(labels.into_iter().map(|label| (label, 0)).collect())
    }

    /// Increments the counter of `label`.
    pub fn count(&mut self, label: &'static str) {
        match self.0.iter_mut().find(|(known, _)| *known == label) {
            Some((_, count)) => *count += 1,
            None => self.0.push((label, 1)),
        }
    }

    /// All labels with their counters.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().copied()
    }

    /// The sum of all counters.
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_order_and_their_own_counters() {
        let mut tally = Tally::of(["b"]);
        ["a", "c", "a"].into_iter().for_each(|label| tally.count(label));
        assert_eq!(tally.iter().collect::<Vec<_>>(), [("b", 0), ("a", 2), ("c", 1)]);
        assert_eq!(tally.total(), 3);
    }
}
