//! Lines that wait: peers take everything that arrives soon after a login for its answer.

use std::time::Instant;

#[cfg(feature = "upgrade")]
use crate::cbor::map;
use crate::session::missed::Missed;

/// The lines that wait for one peer.
#[derive(Debug, Default)]
pub(super) struct Later {
    /// Why its last login was refused, and what to do.
    pub(super) hint: Option<Box<str>>,
    /// The messages that it has missed.
    pub(super) returning: Option<Returning>,
}

/// A peer that is told what it has missed. Meanwhile what happens is held back.
#[derive(Debug)]
pub(super) struct Returning {
    pub(super) missed: Missed,
    /// When to begin: the answer to a login must arrive alone.
    pub(super) begins: Option<Instant>,
}

#[cfg(feature = "upgrade")]
map!(Later { 0: hint, 1: returning });

#[cfg(feature = "upgrade")]
map!(Returning { 0: missed, 1: begins });

impl Later {
    /// The memory of what it has missed, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        let returning = self.returning.as_ref();
        returning.map_or(0, |returning| size_of::<Self>() + returning.missed.kept_bytes())
    }
}
