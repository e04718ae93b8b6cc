//! Passwords, in plain text or as costly hashes. Nothing here shows them, and the time of a comparison reveals nothing.

mod ask;
#[cfg(feature = "upgrade")]
mod cbor;
mod error;
mod hash;
#[cfg(any(feature = "store", feature = "tls"))]
mod prover;
#[cfg(any(feature = "store", feature = "tls"))]
mod salted;
#[cfg(any(feature = "store", feature = "tls"))]
mod saslprep;
#[cfg(feature = "store")]
mod scram;
#[cfg(feature = "store")]
mod stored_password;

#[cfg(feature = "store")]
pub use ask::ask_for_password;
pub use ask::{AskError, ask_for_hash};
pub use error::{OutOfMemory, PASSWORD_BYTES, SecretError};
pub use hash::{SPARE_KB, hash};
#[cfg(any(feature = "store", feature = "tls"))]
pub use prover::{AwaitedProof, MOST_ITERATIONS, Prover, ProverError};
#[cfg(feature = "store")]
pub use scram::{ClientFirst, Exchange, ScramError};
#[cfg(feature = "store")]
pub use stored_password::{Decoys, ScramKeys, StoredPassword};

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use subtle::{Choice, ConstantTimeEq};

use error::check;
use hash::Hash;

/// The start of every argon2 hash, of any variant.
const HASH_PREFIX: &str = "$argon2";

/// The start of other hashes (crypt(5)), which nobody means as plain passwords.
const OTHER_PREFIXES: [&str; 9] = ["$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$7$", "$scrypt$"];

/// A password that others must know. Cloning is cheap; clones share it, and may be sent to other threads.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Kind>);

#[derive(PartialEq, Eq)]
enum Kind {
    Plain(Padded),
    Hash(Hash),
}

/// A password that someone gave.
#[derive(Clone)]
pub struct Guess(Box<[u8]>);

/// A password padded to a fixed size, so that comparing takes the same time for all lengths.
#[derive(Clone)]
struct Padded {
    bytes: [u8; PASSWORD_BYTES],
    length: u32,
}

impl Secret {
    /// True when `guess` is right. For a hash this is slow (see [`Secret::is_costly`]) and needs memory.
    pub fn is(&self, guess: &Guess) -> Result<bool, OutOfMemory> {
        match &*self.0 {
            // The length of a guess is no secret to its author.
            Kind::Plain(secret) => Ok(Padded::new(&guess.0).is_some_and(|guess| guess.is(secret).into())),
            Kind::Hash(hash) => hash.is_of(&guess.0),
        }
    }

    /// Reserves the memory for checking this and all cheaper hashes, until the program ends. Fails if less than
    /// [`SPARE_KB`] would remain. Waits while a hash is being checked.
    pub fn reserve_memory(&self) -> Result<(), OutOfMemory> {
        match &*self.0 {
            Kind::Plain(_) => Ok(()),
            Kind::Hash(hash) => hash.reserve(),
        }
    }

    /// Memory for checking, in KiB; at most 8192.
    pub fn memory_kb(&self) -> u32 {
        match &*self.0 {
            Kind::Plain(_) => 0,
            Kind::Hash(hash) => hash.memory_kb(),
        }
    }

    /// True when checking takes milliseconds or more, too long for the event loop.
    pub fn is_costly(&self) -> bool {
        self.cost() > 0
    }

    /// A measure of the time for checking.
    pub fn cost(&self) -> u32 {
        match &*self.0 {
            Kind::Plain(_) => 0,
            Kind::Hash(hash) => hash.cost(),
        }
    }
}

impl FromStr for Secret {
    type Err = SecretError;

    /// Parses a hash as [`hash()`] makes it, or takes the text as a plain password.
    fn from_str(text: &str) -> Result<Self, SecretError> {
        let kind = match text.starts_with(HASH_PREFIX) {
            true => Kind::Hash(Hash::parse(text)?),
            false if OTHER_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) => {
                return Err(SecretError::OtherHash);
            }
            false => {
                check(text)?;
                Kind::Plain(Padded::new(text.as_bytes()).ok_or(SecretError::Unusable)?)
            }
        };
        Ok(Self(Arc::new(kind)))
    }
}

/// Shows nothing, so that no log has it.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Guess {
    /// Keeps only the beginning of a text that is too long to be right.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        Self(bytes[..bytes.len().min(PASSWORD_BYTES + 1)].into())
    }

    /// The guess as a text, unless it is too long to be right.
    #[cfg(feature = "store")]
    fn text(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok().filter(|text| text.len() <= PASSWORD_BYTES)
    }
}

/// Shows nothing: a wrong guess is often the right one with a typo.
impl fmt::Debug for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guess")
    }
}

impl Padded {
    /// `None` if the text is too long.
    fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; PASSWORD_BYTES];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { bytes, length: u32::try_from(text.len()).ok()? })
    }

    fn is(&self, other: &Self) -> Choice {
        self.bytes.ct_eq(&other.bytes) & self.length.ct_eq(&other.length)
    }
}

impl PartialEq for Padded {
    fn eq(&self, other: &Self) -> bool {
        self.is(other).into()
    }
}

impl Eq for Padded {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_of_another_kind_is_not_accepted_as_a_password() {
        for text in ["$2y$10$abc", "$6$salt$hash", "$y$j9T$x", "$scrypt$ln=1$x"] {
            assert_eq!(text.parse::<Secret>().err(), Some(SecretError::OtherHash), "{text}");
        }
        assert!("$money$".parse::<Secret>().is_ok());
    }

    #[test]
    fn a_plain_password_matches_only_itself() {
        let long = "x".repeat(PASSWORD_BYTES);
        for text in ["p", "芝麻", " : $ ", &long] {
            let secret: Secret = text.parse().unwrap();
            assert!(!secret.is_costly());
            assert_eq!(secret.is(&Guess::new(text)), Ok(true));
            let shorter: String = text.chars().skip(1).collect();
            for wrong in ["", "q", &shorter, &format!("{text}\0"), &format!("{text}x")] {
                assert_eq!(secret.is(&Guess::new(wrong)), Ok(false), "{text:?} {wrong:?}");
            }
            assert_eq!(secret.is(&Guess::new(&"x".repeat(9999))), Ok(false));
        }
    }

    #[test]
    fn a_text_that_no_wire_can_carry_is_no_password() {
        for text in ["", "a\rb", "a\nb", "a\0", "a※b", &"x".repeat(PASSWORD_BYTES + 1)] {
            assert_eq!(text.parse::<Secret>(), Err(SecretError::Unusable), "{text:?}");
        }
    }

    #[test]
    fn debug_output_shows_no_password_and_no_guess() {
        let plain: Secret = "open sesame".parse().unwrap();
        let shown = format!("{plain:?} {:?} {:?}", hash::tests::secret(), Guess::new("open sesame"));
        assert_eq!(shown, "Secret Secret Guess");
    }

    #[test]
    fn secrets_are_equal_if_their_texts_are() {
        let secret = |text: &str| text.parse::<Secret>().unwrap();
        assert_eq!(secret("a"), secret("a"));
        assert_ne!(secret("a"), secret("b"));
        assert_ne!(secret("a"), hash::tests::secret());
    }
}
