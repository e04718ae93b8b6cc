//! The quiet time after a CrazyIt login: events are held back until it ends (doc/CRAZYIT.md).

use std::time::Instant;

use crate::message::Frame;

/// The events held back for one connection.
#[derive(Debug)]
pub(super) struct Quiet {
    pub(super) until: Instant,
    held: Vec<Frame>,
    held_bytes: usize,
    kept_bytes: usize,
}

impl Quiet {
    pub(super) fn new(until: Instant) -> Self {
        Self { until, held: Vec::new(), held_bytes: 0, kept_bytes: 0 }
    }

    pub(super) fn hold(&mut self, frame: Frame) {
        self.held_bytes += frame.len();
        self.kept_bytes += frame.kept_bytes();
        self.held.push(frame);
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Memory that the held-back frames keep.
    pub(super) fn kept_bytes(&self) -> usize {
        self.kept_bytes
    }

    pub(super) fn into_held(self) -> Vec<Frame> {
        self.held
    }
}
