//! A descriptor kept in reserve, so that a newcomer can be told that none is left.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// The reserve descriptor, unless it is lent.
#[derive(Debug)]
pub(super) struct Reserve(Option<OwnedFd>);

impl Reserve {
    /// Takes a descriptor if the system has one.
    pub(super) fn new() -> Self {
        let mut reserve = Self(None);
        reserve.take_back();
        reserve
    }

    /// Frees the descriptor for the next newcomer. False if it is lent already.
    pub(super) fn lend(&mut self) -> bool {
        self.0.take().is_some()
    }

    /// Replaces the lent descriptor, if the system has one again.
    pub(super) fn take_back(&mut self) {
        if self.is_lent() {
            // A duplicate of an open descriptor costs only its number.
            self.0 = io::stderr().as_fd().try_clone_to_owned().ok();
        }
    }

    pub(super) fn is_lent(&self) -> bool {
        self.0.is_none()
    }
}
