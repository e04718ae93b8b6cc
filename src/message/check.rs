//! A question whether somebody knows a password, which may take long to answer.

use crate::name::UserName;
use crate::secret::{Guess, Secret};

/// Whether `guess` is `secret`, and what for.
#[derive(Clone, Debug)]
pub struct Check {
    /// What is to be known. Where there is nothing that could be right, something that takes as long to compare.
    pub secret: Secret,
    /// What was given.
    pub guess: Guess,
    /// What happens if it is right.
    pub purpose: Purpose,
    /// What an IRC client calls the answer.
    pub label: Option<Box<str>>,
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
    /// The answer. It takes long where [`Secret::is_costly`] says so.
    pub fn is_right(&self) -> bool {
        let is_known = match self.purpose {
            Purpose::Operate(None) => false,
            Purpose::LogIn(_) | Purpose::Register | Purpose::Operate(Some(_)) => true,
        };
        // In this order: also what cannot be right is compared.
        self.secret.is(&self.guess) & is_known
    }
}
