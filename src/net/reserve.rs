//! One descriptor kept back, so that a newcomer can be told that there are no others left.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// A descriptor that nobody needs, as long as it is not lent.
#[derive(Debug)]
pub(super) struct Reserve(Option<OwnedFd>);

impl Reserve {
    /// Takes one, if the system has one.
    pub(super) fn new() -> Self {
        let mut reserve = Self(None);
        reserve.take_back();
        reserve
    }

    /// Gives the descriptor to the system, for the next who asks. False where it is lent already.
    pub(super) fn lend(&mut self) -> bool {
        self.0.take().is_some()
    }

    /// Takes a descriptor for the one that was lent, if the system has one again.
    pub(super) fn take_back(&mut self) {
        if self.is_lent() {
            // A second descriptor of something that is always open costs no more than its number.
            self.0 = io::stderr().as_fd().try_clone_to_owned().ok();
        }
    }

    /// True when nothing is in reserve.
    pub(super) fn is_lent(&self) -> bool {
        self.0.is_none()
    }
}
