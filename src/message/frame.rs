use std::ops::{Deref, Range};
use std::rc::Rc;

/// Overhead per frame: its place in a queue that may be half empty, the reference counts, and the allocator's header.
const FRAME_BYTES: usize = 2 * size_of::<Frame>() + 2 * size_of::<usize>() + 16;

/// Bytes for peers: one or more messages, encoded once and shared by all outboxes that queue them. A frame may be a
/// part of what was encoded.
#[derive(Clone, Debug)]
pub struct Frame {
    bytes: Rc<[u8]>,
    /// The range of this frame. 32 bits suffice for any outbox, and keep the many frames small.
    range: Range<u32>,
}

impl Frame {
    /// A part of this frame, sharing its bytes. `range` must lie within the frame.
    pub fn part(&self, range: Range<usize>) -> Self {
        debug_assert!(range.end <= self.len(), "{range:?} of {} bytes", self.len());
        let range = self.range.start + range.start as u32..self.range.start + range.end as u32;
        Self { bytes: Rc::clone(&self.bytes), range }
    }

    /// Memory kept while this frame is queued, in bytes: everything encoded together, and the overhead.
    pub fn kept_bytes(&self) -> usize {
        FRAME_BYTES + self.bytes.len()
    }

    /// True when other frames share the bytes.
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
    fn a_part_of_a_part_has_the_right_range_and_shares_the_bytes() {
        let frame = Frame::from(*b"0123456789");
        assert!(!frame.is_shared());
        let part = frame.part(2..8).part(1..3);
        assert_eq!(&*part, b"34");
        assert!(frame.is_shared());
    }
}
