//! Passwords that somebody must know: as they are, or as hashes that are costly to guess from. Nothing here shows what
//! it keeps, and comparing takes a time that tells nothing of it.

mod ask;
mod error;
mod hash;

pub use ask::{AskError, ask_for_hash};
pub use error::{OutOfMemory, PASSWORD_BYTES, SecretError};
pub use hash::{SPARE_KB, hash};

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use subtle::{Choice, ConstantTimeEq};

use error::check;
use hash::Hash;

/// Begins what is meant for a hash, of whichever kind.
const HASH_PREFIX: &str = "$argon2";

/// Begin hashes of other kinds (crypt(5)), which nobody means as they are.
const OTHER_PREFIXES: [&str; 9] = ["$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$7$", "$scrypt$"];

/// What somebody must know. Copies share it, so that they are cheap, and may be sent to another thread.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Kind>);

#[derive(PartialEq, Eq)]
enum Kind {
    Plain(Padded),
    Hash(Hash),
}

/// What somebody says that it is.
#[derive(Clone)]
pub struct Guess(Box<[u8]>);

/// A password in a room of a fixed size, so that comparing two takes the same time whatever their lengths.
#[derive(Clone)]
struct Padded {
    bytes: [u8; PASSWORD_BYTES],
    length: u32,
}

impl Secret {
    /// True when `guess` is it. Of a hash this takes long, see [`Secret::is_costly`], and needs memory.
    pub fn is(&self, guess: &Guess) -> Result<bool, OutOfMemory> {
        match &*self.0 {
            // How long a guess is, who makes it knows.
            Kind::Plain(secret) => Ok(Padded::new(&guess.0).is_some_and(|guess| guess.is(secret).into())),
            Kind::Hash(hash) => hash.is_of(&guess.0),
        }
    }

    /// Reserves the memory that comparing takes, for this and all others that take no more. It is kept to the end of the
    /// program. Fails where less than [`SPARE_KB`] would be left. While a hash is being compared with, this waits.
    pub fn reserve_memory(&self) -> Result<(), OutOfMemory> {
        match &*self.0 {
            Kind::Plain(_) => Ok(()),
            Kind::Hash(hash) => hash.reserve(),
        }
    }

    /// Memory that comparing takes, in KiB; at most 8192.
    pub fn memory_kb(&self) -> u32 {
        match &*self.0 {
            Kind::Plain(_) => 0,
            Kind::Hash(hash) => hash.memory_kb(),
        }
    }

    /// True when comparing takes so long, some milliseconds at least, that nobody may wait for it.
    pub fn is_costly(&self) -> bool {
        self.cost() > 0
    }

    /// How long comparing takes, as a number that is larger for what takes longer.
    pub fn cost(&self) -> u32 {
        match &*self.0 {
            Kind::Plain(_) => 0,
            Kind::Hash(hash) => hash.cost(),
        }
    }
}

impl FromStr for Secret {
    type Err = SecretError;

    /// A hash as [`hash()`] makes it, or else a password as it is.
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

/// Shows nothing: no log is to have it.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Guess {
    /// What somebody gave as the password. Of one that is too long to be right, only so much is kept.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        Self(bytes[..bytes.len().min(PASSWORD_BYTES + 1)].into())
    }
}

/// Shows nothing: a wrong guess is often a right one with a mistake.
impl fmt::Debug for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guess")
    }
}

impl Padded {
    /// `None` for what is too long.
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
    fn a_hash_of_another_kind_is_not_taken_for_a_password() {
        for text in ["$2y$10$abc", "$6$salt$hash", "$y$j9T$x", "$scrypt$ln=1$x"] {
            assert_eq!(text.parse::<Secret>().err(), Some(SecretError::OtherHash), "{text}");
        }
        assert!("$money$".parse::<Secret>().is_ok());
    }

    #[test]
    fn a_plain_password_is_itself_and_nothing_shorter_or_longer() {
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
    fn what_no_wire_can_carry_is_no_password() {
        for text in ["", "a\rb", "a\nb", "a\0", "a※b", &"x".repeat(PASSWORD_BYTES + 1)] {
            assert_eq!(text.parse::<Secret>(), Err(SecretError::Unusable), "{text:?}");
        }
    }

    #[test]
    fn nothing_shows_a_password_or_a_guess() {
        let plain: Secret = "open sesame".parse().unwrap();
        let shown = format!("{plain:?} {:?} {:?}", hash::tests::secret(), Guess::new("open sesame"));
        assert_eq!(shown, "Secret Secret Guess");
    }

    #[test]
    fn equal_secrets_are_the_same_text() {
        let secret = |text: &str| text.parse::<Secret>().unwrap();
        assert_eq!(secret("a"), secret("a"));
        assert_ne!(secret("a"), secret("b"));
        assert_ne!(secret("a"), hash::tests::secret());
    }
}
