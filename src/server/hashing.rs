//! Work on passwords of accounts for the thread that checks passwords.

use crate::message::Outcome;
use crate::secret::{Guess, SecretError, StoredPassword};

/// Work on a password, and its result.
#[derive(Debug)]
pub(super) enum Hashing {
    /// Compares a guess with a password.
    Compare {
        guess: Guess,
        password: Box<StoredPassword>,
        /// Otherwise the password is a decoy, and no guess is right.
        is_known: bool,
    },
    /// Makes what is stored of a password.
    Make { password: Guess, made: Option<Result<Box<StoredPassword>, SecretError>> },
    /// A proof that needs no hashing here, but counts as a guess, and waits as one if there were too many.
    Proof { is_right: bool },
}

impl Hashing {
    pub(super) fn make(password: Guess) -> Self {
        Self::Make { password, made: None }
    }

    /// True when it takes too long for the event loop.
    pub(super) fn is_costly(&self) -> bool {
        match self {
            Self::Compare { .. } | Self::Make { .. } => true,
            Self::Proof { .. } => false,
        }
    }

    /// Does the work. Only a guess can be wrong.
    pub(super) fn outcome(&mut self) -> Outcome {
        match self {
            Self::Compare { guess, password, is_known } => match password.is(guess) {
                Ok(is_right) if is_right & *is_known => Outcome::Right,
                Ok(_) => Outcome::Wrong,
                Err(_) => Outcome::NotChecked,
            },
            Self::Make { password, made } => {
                *made = Some(StoredPassword::new(password).map(Box::new));
                Outcome::Right
            }
            Self::Proof { is_right: true } => Outcome::Right,
            Self::Proof { is_right: false } => Outcome::Wrong,
        }
    }
}
