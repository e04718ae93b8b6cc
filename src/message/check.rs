//! A question whether somebody knows a password, which may take long to answer.

use std::hint;

use crate::name::UserName;
use crate::secret::{Guess, OutOfMemory, Secret};

/// Whether `guess` is `secret`, and what for.
#[derive(Clone, Debug)]
pub struct Check {
    /// What is to be known. Where there is nothing that could be right, something that takes as long to compare.
    pub secret: Secret,
    /// Compared as well, to no effect: so that the answer takes as long as for any other name.
    pub decoy: Option<Secret>,
    /// What was given.
    pub guess: Guess,
    /// What happens if it is right.
    pub purpose: Purpose,
}

/// What came of a [`Check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The guess is the password.
    Right,
    /// It is not.
    Wrong,
    /// Nobody knows: the server could not compare them. This is no wrong guess.
    NotChecked,
}

/// What somebody needs to know a password for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To come in on the CrazyIt wire, under this name.
    LogIn(UserName),
    /// To come in on IRC, as what it has told before.
    Register,
    /// To become an operator of this name; `None` where there is no such operator, so that nothing is right.
    Operate(Option<Box<str>>),
}

impl Check {
    /// A question without a decoy.
    pub fn new(secret: Secret, guess: Guess, purpose: Purpose) -> Self {
        Self { secret, decoy: None, guess, purpose }
    }

    /// True when the answer takes so long that nobody may wait for it.
    pub fn is_costly(&self) -> bool {
        self.secret.is_costly() || self.decoy.as_ref().is_some_and(Secret::is_costly)
    }

    /// The answer.
    pub fn outcome(&self) -> Outcome {
        // Whether the decoy is right means nothing, and it must be compared all the same. Where that fails, so does the
        // check: who gives a name that is none must get the same answer as for any other.
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
