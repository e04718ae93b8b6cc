#[cfg(feature = "upgrade")]
use std::borrow::Cow;

#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer};

/// The name of a counter. What an earlier program has counted may have names that this one does not know.
#[cfg(feature = "upgrade")]
type Label = Cow<'static, str>;
#[cfg(not(feature = "upgrade"))]
type Label = &'static str;

/// Counters by label, in the order in which labels first occurred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(Vec<(Label, u64)>);

#[cfg_attr(not(feature = "upgrade"), expect(clippy::useless_conversion, reason = "labels need none"))]
impl Tally {
    /// Counters at zero for these labels.
    pub fn of(labels: impl IntoIterator<Item = &'static str>) -> Self {
        Self(labels.into_iter().map(|label| (label.into(), 0)).collect())
    }

    /// Increments the counter of `label`.
    pub fn count(&mut self, label: &'static str) {
        match self.0.iter_mut().find(|(known, _)| *known == label) {
            Some((_, count)) => *count += 1,
            None => self.0.push((label.into(), 1)),
        }
    }

    /// All labels with their counters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(label, count)| (&**label, *count))
    }

    /// The sum of all counters.
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum()
    }
}

#[cfg(feature = "upgrade")]
impl ToCbor for Tally {
    fn is_assumed(&self) -> bool {
        self.0.is_empty()
    }

    fn write(&self, out: &mut Writer) {
        out.array(self.0.len());
        self.iter().for_each(|entry| entry.write(out));
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for Tally {
    fn assumed() -> Option<Self> {
        Some(Self::default())
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let counts: Vec<(String, u64)> = FromCbor::read(input)?;
        Ok(Self(counts.into_iter().map(|(label, count)| (label.into(), count)).collect()))
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
