//! A bit set of users, to visit each only once.

use crate::message::UserId;

const BITS: usize = u64::BITS as usize;

/// A set of users for one traversal.
#[derive(Debug)]
pub(super) struct Marks {
    words: Vec<u64>,
}

impl Marks {
    /// An empty set for ids below `ids`.
    pub(super) fn new(ids: usize) -> Self {
        Self { words: vec![0; ids.div_ceil(BITS)] }
    }

    /// Adds `id`. True when it was not in the set.
    pub(super) fn add(&mut self, id: UserId) -> bool {
        let (word, bit) = (id.0 as usize / BITS, 1 << (id.0 as usize % BITS));
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_only_once() {
        let mut marks = Marks::new(65);
        for id in [0, 63, 64] {
            assert!(marks.add(UserId(id)));
            assert!(!marks.add(UserId(id)));
        }
    }
}
