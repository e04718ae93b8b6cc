//! How often something happened, by a few labels that are known beforehand.

/// Counts by label, in the order in which the labels came first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(Vec<(&'static str, u64)>);

impl Tally {
    /// Nothing counted yet, and these labels told of all the same.
    pub fn of(labels: impl IntoIterator<Item = &'static str>) -> Self {
        Self(labels.into_iter().map(|label| (label, 0)).collect())
    }

    /// Counts one more of `label`.
    pub fn count(&mut self, label: &'static str) {
        match self.0.iter_mut().find(|(known, _)| *known == label) {
            Some((_, count)) => *count += 1,
            None => self.0.push((label, 1)),
        }
    }

    /// Each label and how often it was counted.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().copied()
    }

    /// How often anything was counted.
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_order_and_have_their_own_counts() {
        let mut tally = Tally::of(["b"]);
        ["a", "c", "a"].into_iter().for_each(|label| tally.count(label));
        assert_eq!(tally.iter().collect::<Vec<_>>(), [("b", 0), ("a", 2), ("c", 1)]);
        assert_eq!(tally.total(), 3);
    }
}
