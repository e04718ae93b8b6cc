//! Password checks, which may take long.

use std::hint;

use crate::name::UserName;
use crate::secret::{Guess, OutOfMemory, Secret};

/// A request to compare `guess` with `secret`.
#[derive(Clone, Debug)]
pub struct Check {
    /// The secret to compare with; a dummy of equal cost if there is none.
    pub secret: Secret,
    /// Compared as well, and the result ignored, so that all names take equally long.
    pub decoy: Option<Secret>,
    /// The password that the peer sent.
    pub guess: Guess,
    /// What a right password allows.
    pub purpose: Purpose,
}

/// The result of a [`Check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The password is right.
    Right,
    /// The password is wrong.
    Wrong,
    /// The server could not compare them. Does not count as a wrong guess.
    NotChecked,
}

/// What a password is needed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To log in on CrazyIt under this name.
    LogIn(UserName),
    /// To complete a registration on IRC.
    Register,
    /// To become an operator of this name. `None` for an unknown name, where no password is right.
    Operate(Option<Box<str>>),
}

impl Check {
    /// A check without a decoy.
    pub fn new(secret: Secret, guess: Guess, purpose: Purpose) -> Self {
        Self { secret, decoy: None, guess, purpose }
    }

    /// True when the check takes too long for the event loop.
    pub fn is_costly(&self) -> bool {
        self.secret.is_costly() || self.decoy.as_ref().is_some_and(Secret::is_costly)
    }

    /// Compares the passwords.
    pub fn outcome(&self) -> Outcome {
        // The decoy must be compared, but its result does not matter. A failure fails the check, so that unknown
        // names get the same answer as known ones.
        let decoy = self.decoy.as_ref().map_or(Ok(false), |decoy| decoy.is(&self.guess));
        let is_known = match self.purpose {
            Purpose::Operate(None) => false,
            Purpose::LogIn(_) | Purpose::Register | Purpose::Operate(Some(_)) => true,
        };
        match (self.secret.is(&self.guess), hint::black_box(decoy)) {
            (Ok(is_right), Ok(_)) if is_right & is_known => Outcome::Right,
            (Ok(_), Ok(_)) => Outcome::Wrong,
            (Err(OutOfMemory), _) | (_, Err(OutOfMemory)) => Outcome::NotChecked,
        }
    }
}
