//! The unsent bytes of a connection.

use std::io::{self, ErrorKind, IoSlice, Write};

use super::frames::Frames;
use crate::message::Frame;

/// Most frames in one write. The kernel takes up to 1,024 (`UIO_MAXIOV`).
const SLICES: usize = 64;

/// Largest frame in which bytes for only one connection are gathered: a frame takes some 48 bytes besides its text, so
/// separate answers of 2 bytes would take 24 times what the limit on unsent bytes says.
const GATHERED_BYTES: usize = 128;

/// Whether more can be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Link {
    #[default]
    Sound,
    /// The system has reported a broken link. Earlier input is still read.
    HungUp,
    /// A write failed, or the rest of a line was discarded. Nothing more is written, but input sent before the break is
    /// still read.
    Mute,
}

/// A queue of frames to write. Outboxes share frames, so queueing one copies nothing.
#[derive(Debug, Default)]
pub struct Outbox {
    frames: Frames,
    /// Bytes of the first frame already written: less than its length, and 0 when there is none. The limit of an outbox
    /// fits in 32 bits, and every connection has one.
    head_sent: u32,
    /// Sum of the lengths of `frames`, minus `head_sent`.
    queued_bytes: u32,
    /// Sum of the memory that `frames` keep.
    kept_bytes: u32,
    is_blocked: bool,
    /// The last byte for the peer, queued or held back, is no newline.
    pub(super) is_mid_line: bool,
    /// The server will write it at the end of the turn.
    pub(super) is_dirty: bool,
    pub(super) link: Link,
}

impl Outbox {
    /// Appends a frame.
    pub fn push(&mut self, frame: Frame) {
        if !frame.is_empty() {
            self.queued_bytes += frame.len() as u32;
            self.kept_bytes += frame.kept_bytes() as u32;
            self.frames.push(frame);
        }
    }

    /// Appends bytes that only this outbox has.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        match self.frames.last_mut() {
            Some(last) if last.len() + bytes.len() <= GATHERED_BYTES && !last.is_shared() => {
                self.queued_bytes += bytes.len() as u32;
                // A part of a batch may have kept more memory than its length.
                self.kept_bytes -= last.kept_bytes() as u32;
                *last = [last, bytes].concat().into();
                self.kept_bytes += last.kept_bytes() as u32;
            }
            Some(_) | None => self.push(bytes.into()),
        }
    }

    /// Number of unsent bytes.
    pub fn queued_bytes(&self) -> usize {
        self.queued_bytes as usize
    }

    /// Memory that the queue keeps, including frames shared with other outboxes.
    pub fn kept_bytes(&self) -> usize {
        self.kept_bytes as usize
    }

    /// True when nothing is queued.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The frames, and how much of the first one is written already.
    #[cfg(feature = "upgrade")]
    pub(super) fn frames(&self) -> (Vec<&Frame>, u32) {
        (self.frames.iter().collect(), self.head_sent)
    }

    /// An outbox with these frames, of the first of which so much is written already. `None` if that is all of it.
    #[cfg(feature = "upgrade")]
    pub(super) fn with(frames: Vec<Frame>, head_sent: u32) -> Option<Self> {
        let mut outbox = Self::default();
        let head = frames.first().map_or(0, |head| head.len());
        if head_sent > 0 && head_sent as usize >= head {
            return None;
        }
        frames.into_iter().for_each(|frame| outbox.push(frame));
        outbox.head_sent = head_sent;
        outbox.queued_bytes -= head_sent;
        Some(outbox)
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    pub(super) fn block(&mut self) {
        self.is_blocked = true;
    }

    pub(super) fn unblock(&mut self) {
        self.is_blocked = false;
    }

    /// Writes until the queue is empty or `stream` would block; `is_empty` tells which.
    ///
    /// Fails when the stream does, or takes nothing (`WriteZero`).
    pub fn write_to(&mut self, stream: &mut impl Write) -> io::Result<()> {
        while !self.is_empty() {
            match self.write_once(stream) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => self.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write_once(&self, stream: &mut impl Write) -> io::Result<usize> {
        if let Some(only) = self.frames.only() {
            return stream.write(&only[self.head_sent as usize..]);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = self.frames.len().min(SLICES);
        for (slice, frame) in slices.iter_mut().zip(self.frames.iter()) {
            *slice = IoSlice::new(frame);
        }
        slices[0].advance(self.head_sent as usize);
        stream.write_vectored(&slices[..count])
    }

    fn advance(&mut self, written: usize) {
        self.queued_bytes -= written as u32;
        let mut sent = self.head_sent as usize + written;
        while let Some(head) = self.frames.first()
            && sent >= head.len()
        {
            sent -= head.len();
            self.kept_bytes -= head.kept_bytes() as u32;
            self.frames.pop_first();
        }
        self.head_sent = sent as u32;
    }

    /// Discards all frames that are not partly written, so that the next one still begins a line.
    pub fn forget_unstarted(&mut self) {
        self.frames.forget(self.head_sent > 0);
        self.queued_bytes = self.frames.first().map_or(0, |head| head.len() as u32 - self.head_sent);
        self.kept_bytes = self.frames.first().map_or(0, |head| head.kept_bytes() as u32);
    }

    /// Discards everything: nobody will read it.
    pub fn clear(&mut self) {
        (self.frames, self.head_sent) = (Frames::default(), 0);
        (self.queued_bytes, self.kept_bytes) = (0, 0);
    }

    /// Panics when the counts differ from the queue. O(n), for tests.
    pub fn check(&self) {
        self.frames.check();
        let lengths: usize = self.frames.iter().map(|frame| frame.len()).sum();
        assert_eq!(self.queued_bytes(), lengths - self.head_sent as usize, "queued_bytes");
        assert_eq!(self.kept_bytes(), self.frames.iter().map(Frame::kept_bytes).sum::<usize>(), "kept_bytes");
        let head = self.frames.first().map_or(1, |head| head.len());
        assert!((self.head_sent as usize) < head, "head_sent");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Takes at most `k` bytes per call; `blocks` says which calls block first.
    struct Taker {
        taken: Vec<u8>,
        k: usize,
        blocks: Vec<bool>,
    }

    impl Write for Taker {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            if self.blocks.pop() == Some(true) {
                return Err(ErrorKind::WouldBlock.into());
            }
            let taken = buffer.len().min(self.k);
            self.taken.extend_from_slice(&buffer[..taken]);
            Ok(taken)
        }

        fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
            let all: Vec<u8> = buffers.iter().flat_map(|slice| slice.to_vec()).collect();
            self.write(&all)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stream_that_takes_k_bytes_a_call_gets_everything_in_order() {
        for k in 1..40 {
            let mut outbox = Outbox::default();
            for n in 0..100 {
                outbox.push(format!("line {n}\n").into_bytes().into());
            }
            let mut taker = Taker { taken: Vec::new(), k, blocks: Vec::new() };
            outbox.write_to(&mut taker).unwrap();
            outbox.check();
            assert!(outbox.is_empty());
            let expected: String = (0..100).map(|n| format!("line {n}\n")).collect();
            assert_eq!(taker.taken, expected.as_bytes());
        }
    }

    #[test]
    fn a_write_of_zero_bytes_is_an_error_and_not_a_loop() {
        let mut outbox = Outbox::default();
        outbox.push(Frame::from(*b"hi"));
        let mut taker = Taker { taken: Vec::new(), k: 0, blocks: Vec::new() };
        assert_eq!(outbox.write_to(&mut taker).unwrap_err().kind(), ErrorKind::WriteZero);
    }

    #[test]
    fn a_partly_written_line_is_completed_before_the_last_bytes() {
        let mut outbox = Outbox::default();
        for text in ["first\n", "second\n", "third\n"] {
            outbox.push(text.as_bytes().into());
        }
        let mut taker = Taker { taken: Vec::new(), k: 8, blocks: vec![true, false] };
        outbox.write_to(&mut taker).unwrap();
        outbox.forget_unstarted();
        outbox.check();
        outbox.push(Frame::from(*b"bye\n"));
        outbox.write_to(&mut taker).unwrap();
        assert_eq!(taker.taken, b"first\nsecond\nbye\n");
    }

    #[test]
    fn small_answers_are_merged_and_shared_frames_stay_shared() {
        let (mut outbox, shared) = (Outbox::default(), Frame::from(*b"shared"));
        outbox.push(Frame::clone(&shared));
        for _ in 0..1000 {
            outbox.push_bytes(b"-1");
        }
        outbox.check();
        assert_eq!(outbox.queued_bytes(), 2006);
        assert_eq!(outbox.frames.len(), 1 + 2000_usize.div_ceil(GATHERED_BYTES));
        assert!(shared.is_shared());
    }

    #[test]
    fn the_overhead_of_a_frame_and_all_memory_that_a_part_keeps_count() {
        let mut outbox = Outbox::default();
        let whole = Frame::from(vec![b'x'; 1000]);
        outbox.push(whole.part(0..8));
        assert_eq!(outbox.queued_bytes(), 8);
        assert!(outbox.kept_bytes() > 1000 + size_of::<Frame>());
        outbox.push(Frame::from(*b"12345678"));
        assert!(outbox.kept_bytes() > 1008 + 2 * size_of::<Frame>());
        outbox.advance(16);
        assert_eq!(outbox.kept_bytes(), 0);
    }

    #[test]
    fn a_part_merged_with_more_bytes_no_longer_keeps_the_whole() {
        let mut outbox = Outbox::default();
        outbox.push(Frame::from(vec![b'x'; 1000]).part(0..8));
        outbox.push_bytes(b"12345678");
        outbox.check();
        assert!(outbox.kept_bytes() < 1000);
    }

    proptest! {
        #[test]
        fn pushes_and_writes_in_any_order_lose_nothing_and_keep_the_counts(
            steps in prop::collection::vec((0..20usize, 1..9usize, any::<bool>()), 1..60)
        ) {
            let (mut outbox, mut expected) = (Outbox::default(), Vec::new());
            let mut taker = Taker { taken: Vec::new(), k: 1, blocks: Vec::new() };
            for (n, (length, k, block)) in steps.into_iter().enumerate() {
                let frame = vec![n as u8; length];
                expected.extend_from_slice(&frame);
                if block { outbox.push(frame.into()) } else { outbox.push_bytes(&frame) }
                taker.k = k;
                taker.blocks = vec![block, false, !block, false];
                outbox.write_to(&mut taker).unwrap();
                outbox.check();
                prop_assert_eq!(expected.len() - taker.taken.len(), outbox.queued_bytes());
            }
            taker.blocks.clear();
            outbox.write_to(&mut taker).unwrap();
            prop_assert_eq!(taker.taken, expected);
        }
    }
}
