//! A password as the store keeps it: its hash, and the keys of SCRAM, which cannot be derived from the hash later.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;

use ring::hmac::{self, HMAC_SHA256};

use super::error::{SecretError, check};
use super::hash::{MADE_HASH, SALT_BYTES, hash};
use super::salted::{KEY_BYTES, SaltedPassword, key, random, stored_key};
use super::saslprep::prepare;
use super::{Guess, Secret};
#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer};

/// Iterations of PBKDF2 for new passwords. RFC 7677 asks for at least 4,096.
///
/// The client computes them at each login, and an attacker with the database for each guess. With 64,000, a graphics
/// card guesses about three times as fast as against the argon2id hash, and with 4,096 fifty times. More would shut
/// clients out: those that use Cyrus SASL accept at most 65,536, and a board with 700 MHz already takes half a second.
pub(super) const ITERATIONS: NonZeroU32 = NonZeroU32::new(64_000).unwrap();

/// A password as it is kept: it can be checked, and its owner can prove that it knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPassword {
    /// The argon2id hash, in the PHC string format.
    pub hash: String,
    /// The keys of SCRAM.
    pub scram: ScramKeys,
}

/// The keys of SCRAM-SHA-256 (RFC 5802 §3, RFC 7677). Nobody can log in with them.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramKeys {
    /// Makes the keys of equal passwords differ.
    pub salt: [u8; SALT_BYTES],
    /// Iterations of PBKDF2.
    pub iterations: u32,
    /// Checks the client's proof.
    pub stored_key: [u8; KEY_BYTES],
    /// Proves to the client that the server knows its keys.
    pub server_key: [u8; KEY_BYTES],
}

/// Makes up passwords for names without an account: they look and cost the same, but no guess is right.
///
/// They stay the same for a name while the server runs. Otherwise, asking twice for the salt would tell.
pub struct Decoys {
    key: hmac::Key,
    /// What the key is made of, for the program that takes the place of this one.
    #[cfg(feature = "upgrade")]
    secret: Vec<u8>,
}

impl StoredPassword {
    /// Slow: for a thread of its own. Fails if no wire can carry the password, or memory or random numbers are missing.
    pub fn new(password: &Guess) -> Result<Self, SecretError> {
        let password = password.text().ok_or(SecretError::Unusable)?;
        check(password)?;
        let password = prepare(password);
        Ok(Self {
            hash: hash(&password, random()?)?,
            scram: ScramKeys::new(&password, random()?, ITERATIONS),
        })
    }

    /// True when `guess` is right. Slow. Fails if memory is missing or the hash is damaged.
    pub fn is(&self, guess: &Guess) -> Result<bool, SecretError> {
        let secret: Secret = self.hash.parse()?;
        let prepared = guess.text().map(prepare);
        let is_right = match prepared {
            Some(prepared) => secret.is(&Guess::new(&prepared)),
            None => secret.is(guess),
        };
        is_right.map_err(|_| SecretError::OutOfMemory)
    }
}

impl ScramKeys {
    /// Of a prepared password.
    pub(super) fn new(prepared: &str, salt: [u8; SALT_BYTES], iterations: NonZeroU32) -> Self {
        let salted = SaltedPassword::new(prepared, &salt, iterations);
        Self {
            salt,
            iterations: iterations.get(),
            stored_key: stored_key(&salted.client_key()),
            server_key: salted.server_key(),
        }
    }
}

impl Default for Decoys {
    fn default() -> Self {
        let random = RandomState::new();
        let secret: Vec<u8> = (0..4).flat_map(|n| random.hash_one(n).to_be_bytes()).collect();
        Self::new(secret)
    }
}

#[cfg(feature = "upgrade")]
impl ToCbor for Decoys {
    fn write(&self, out: &mut Writer) {
        out.bytes(&self.secret);
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for Decoys {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        input.bytes().map(|secret| Self::new(secret.to_vec()))
    }
}

impl Decoys {
    fn new(secret: Vec<u8>) -> Self {
        Self {
            key: hmac::Key::new(HMAC_SHA256, &secret),
            #[cfg(feature = "upgrade")]
            secret,
        }
    }

    /// Those that all nodes make up with this text.
    #[cfg(feature = "cluster")]
    pub(crate) fn shared(secret: &str) -> Self {
        Self::new(format!("decoys {secret}").into_bytes())
    }

    /// For a name; equal names must be spelled equally.
    pub fn password(&self, name: &str) -> StoredPassword {
        StoredPassword { hash: MADE_HASH.to_owned(), scram: self.keys(name) }
    }

    /// The keys of that password.
    pub fn keys(&self, name: &str) -> ScramKeys {
        let made = |what: &str| key(hmac::sign(&self.key, [what, name].concat().as_bytes()).as_ref());
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&made("salt ")[..SALT_BYTES]);
        ScramKeys {
            salt,
            iterations: ITERATIONS.get(),
            stored_key: made("stored "),
            server_key: made("server "),
        }
    }
}

/// Shows nothing, so that no log has it.
impl fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredPassword")
    }
}

/// Shows nothing, so that no log has them.
impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScramKeys")
    }
}

/// Shows nothing: whoever knows the key can tell decoys from passwords.
impl fmt::Debug for Decoys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decoys")
    }
}

#[cfg(test)]
mod tests {
    use super::super::PASSWORD_BYTES;
    use super::*;

    #[test]
    fn a_stored_password_accepts_only_itself_in_any_form() {
        let stored = StoredPassword::new(&Guess::new("caf\u{e9}")).unwrap();
        assert_eq!(stored.is(&Guess::new("caf\u{e9}")), Ok(true));
        assert_eq!(stored.is(&Guess::new("cafe\u{301}")), Ok(true));
        for wrong in ["", "cafe", "caf\u{e9} ", &"\u{e9}".repeat(PASSWORD_BYTES)] {
            assert_eq!(stored.is(&Guess::new(wrong)), Ok(false), "{wrong:?}");
        }
        assert_eq!(stored.scram.iterations, ITERATIONS.get());
    }

    #[test]
    fn equal_passwords_are_stored_differently() {
        let [first, second] = [(); 2].map(|()| StoredPassword::new(&Guess::new("open sesame")).unwrap());
        assert_ne!(first.hash, second.hash);
        assert_ne!(first.scram.salt, second.scram.salt);
        assert_ne!(first.scram.stored_key, second.scram.stored_key);
    }

    #[test]
    fn a_password_that_no_wire_can_carry_or_that_is_invisible_is_refused() {
        let long = "\u{e9}".repeat(PASSWORD_BYTES / 2 + 1);
        for text in ["", "a\nb", "a※b", "\u{ad}", &"x".repeat(PASSWORD_BYTES + 1), &long] {
            assert_eq!(StoredPassword::new(&Guess::new(text)), Err(SecretError::Unusable), "{text:?}");
        }
    }

    #[test]
    fn a_decoy_costs_as_much_as_a_password_and_stays_the_same_for_a_name() {
        let decoys = Decoys::default();
        let decoy = decoys.password("alice");
        let real: Secret = StoredPassword::new(&Guess::new("x")).unwrap().hash.parse().unwrap();
        assert_eq!(decoy.hash.parse::<Secret>().unwrap().cost(), real.cost());
        assert_eq!(decoy.is(&Guess::new("x")), Ok(false));
        assert_eq!(decoys.keys("alice"), decoy.scram);
        assert_ne!(decoys.keys("bob").salt, decoy.scram.salt);
        assert_ne!(Decoys::default().keys("alice").salt, decoy.scram.salt);
    }

    #[test]
    fn debug_output_shows_no_key() {
        let decoys = Decoys::default();
        let shown = format!("{decoys:?} {:?} {:?}", decoys.password("a"), decoys.keys("a"));
        assert_eq!(shown, "Decoys StoredPassword ScramKeys");
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn nodes_make_up_the_same_keys() {
        let keys = |secret: &str| Decoys::shared(secret).keys("ana");
        assert_eq!(keys("tea"), keys("tea"));
        assert_ne!(keys("tea"), keys("coffee"));
    }
}
