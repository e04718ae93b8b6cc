//! The quiet time behind the answer to a CrazyIt login: what is said meanwhile waits (doc/CRAZYIT.md).

use std::time::Instant;

use crate::message::Frame;

/// What waits for one connection until its quiet time is over.
#[derive(Debug)]
pub(super) struct Quiet {
    pub(super) until: Instant,
    held: Vec<Frame>,
    held_bytes: usize,
    kept_bytes: usize,
}

impl Quiet {
    /// Nothing waits yet.
    pub(super) fn new(until: Instant) -> Self {
        Self { until, held: Vec::new(), held_bytes: 0, kept_bytes: 0 }
    }

    pub(super) fn hold(&mut self, frame: Frame) {
        self.held_bytes += frame.len();
        self.kept_bytes += frame.kept_bytes();
        self.held.push(frame);
    }

    /// The bytes that wait.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// How much memory they take.
    pub(super) fn kept_bytes(&self) -> usize {
        self.kept_bytes
    }

    /// What waited, in order.
    pub(super) fn into_held(self) -> Vec<Frame> {
        self.held
    }
}
