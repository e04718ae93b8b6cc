//! Bytes on their way to peers.

use std::ops::{Deref, Range};
use std::rc::Rc;

/// What a frame takes besides its bytes: its place in a queue that may be half empty, the counts of what is shared, and
/// what the allocator needs.
const FRAME_BYTES: usize = 2 * size_of::<Frame>() + 2 * size_of::<usize>() + 16;

/// One or several delimited messages on a wire, encoded once and shared by every outbox they wait in: all of what was
/// encoded, or a part of it.
#[derive(Clone, Debug)]
pub struct Frame {
    bytes: Rc<[u8]>,
    /// Which of them. In 32 bits, because every connection has room for a frame, and what one outbox may hold fits.
    range: Range<u32>,
}

impl Frame {
    /// A part of this frame. Nothing is copied. The range lies within it.
    pub fn part(&self, range: Range<usize>) -> Self {
        debug_assert!(range.end <= self.len(), "{range:?} of {} bytes", self.len());
        let range = self.range.start + range.start as u32..self.range.start + range.end as u32;
        Self { bytes: Rc::clone(&self.bytes), range }
    }

    /// How much memory is not free as long as this frame waits: all that was encoded together, and what holds it.
    pub fn kept_bytes(&self) -> usize {
        FRAME_BYTES + self.bytes.len()
    }

    /// True when what was encoded waits elsewhere, too.
    pub fn is_shared(&self) -> bool {
        Rc::strong_count(&self.bytes) > 1
    }
}

impl Deref for Frame {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.range.start as usize..self.range.end as usize]
    }
}

impl<B: Into<Rc<[u8]>>> From<B> for Frame {
    fn from(bytes: B) -> Self {
        let bytes = bytes.into();
        Self { range: 0..bytes.len() as u32, bytes }
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_part_is_where_it_should_be_and_shares_the_bytes() {
        let frame = Frame::from(*b"0123456789");
        assert!(!frame.is_shared());
        let part = frame.part(2..8).part(1..3);
        assert_eq!(&*part, b"34");
        assert!(frame.is_shared());
    }
}
