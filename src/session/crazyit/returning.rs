//! A peer that comes back.

use std::time::Instant;

use crate::session::missed::Missed;

/// A peer that is told what it has missed. Meanwhile what happens is held back.
#[derive(Debug)]
pub(super) struct Returning {
    pub(super) missed: Missed,
    /// When to begin: the answer to a login must arrive alone.
    pub(super) begins: Option<Instant>,
}

impl Returning {
    /// Its memory, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        size_of::<Self>() + self.missed.kept_bytes()
    }
}
