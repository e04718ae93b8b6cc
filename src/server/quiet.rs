//! Times in which events are held back: after a CrazyIt login (doc/CRAZYIT.md), and while a device is told what it
//! missed.

use std::time::Instant;

use crate::message::Frame;

/// The events held back for one connection.
#[derive(Debug)]
pub(super) struct Quiet {
    /// When it ends; `None` if its session ends it.
    pub(super) until: Option<Instant>,
    held: Vec<Frame>,
    held_bytes: usize,
    kept_bytes: usize,
}

impl Quiet {
    pub(super) fn new(until: Option<Instant>) -> Self {
        Self { until, held: Vec::new(), held_bytes: 0, kept_bytes: 0 }
    }

    pub(super) fn hold(&mut self, frame: Frame) {
        self.held_bytes += frame.len();
        self.kept_bytes += frame.kept_bytes();
        self.held.push(frame);
    }

    #[cfg(feature = "upgrade")]
    pub(super) fn held(&self) -> &[Frame] {
        &self.held
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
