//! Work on passwords of accounts for the thread that checks passwords.

#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer, cases};
use crate::message::Outcome;
use crate::secret::{Guess, SecretError, StoredPassword};

/// Work on a password, and its result.
#[derive(Debug)]
#[cfg_attr(feature = "upgrade", derive(Clone))]
pub(super) enum Hashing {
    /// Compares a guess with a password.
    Compare {
        guess: Guess,
        password: Box<StoredPassword>,
        /// Otherwise the password is a decoy, and no guess is right.
        is_known: bool,
    },
    /// Makes what is stored of a password.
    Make { password: Guess, made: Made },
    /// A proof that needs no hashing here, but counts as a guess, and waits as one if there were too many.
    Proof { is_right: bool },
}

/// What is stored of a password, once it is made.
#[derive(Debug, Default)]
#[cfg_attr(feature = "upgrade", derive(Clone))]
pub(super) struct Made(pub(super) Option<Result<Box<StoredPassword>, SecretError>>);

#[cfg(feature = "upgrade")]
cases!(Hashing, "work on a password of an account" {
    1 => Compare { 0: guess, 1: password, 2: is_known },
    2 => Make { 0: password, 1: made },
    3 => Proof { 0: is_right },
});

/// Work is handed over before it is done.
#[cfg(feature = "upgrade")]
impl ToCbor for Made {
    fn is_assumed(&self) -> bool {
        true
    }

    fn write(&self, out: &mut Writer) {
        out.null();
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for Made {
    fn assumed() -> Option<Self> {
        Some(Self::default())
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        input.is_null().map(|_| Self::default())
    }
}

#[cfg(all(test, feature = "upgrade"))]
impl crate::cbor::any::Any for Made {
    fn any(_: &mut crate::cbor::any::Choices<'_>) -> Self {
        Self::default()
    }
}

impl Hashing {
    pub(super) fn make(password: Guess) -> Self {
        Self::Make { password, made: Made::default() }
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
                *made = Made(Some(StoredPassword::new(password).map(Box::new)));
                Outcome::Right
            }
            Self::Proof { is_right: true } => Outcome::Right,
            Self::Proof { is_right: false } => Outcome::Wrong,
        }
    }
}
