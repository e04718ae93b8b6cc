//! The computations of both sides of SCRAM-SHA-256 (RFC 5802 §3, RFC 7677), and random bytes.

use std::num::NonZeroU32;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use ring::hmac::{self, HMAC_SHA256};
use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use ring::rand::{SecureRandom, SystemRandom};

use super::error::SecretError;

/// Length of the keys: that of a SHA-256.
pub(super) const KEY_BYTES: usize = SHA256_OUTPUT_LEN;

pub(super) type Key = [u8; KEY_BYTES];

/// A prepared password after PBKDF2, of which the keys are made.
pub(super) struct SaltedPassword(hmac::Key);

impl SaltedPassword {
    /// Slow: the time grows with the iterations.
    pub(super) fn new(prepared: &str, salt: &[u8], iterations: NonZeroU32) -> Self {
        let mut salted = [0; KEY_BYTES];
        pbkdf2::derive(PBKDF2_HMAC_SHA256, iterations, salt, prepared.as_bytes(), &mut salted);
        Self(hmac::Key::new(HMAC_SHA256, &salted))
    }

    /// The key with which the client proves the password.
    pub(super) fn client_key(&self) -> Key {
        key(hmac::sign(&self.0, b"Client Key").as_ref())
    }

    /// The key with which the server proves that it knows the other keys.
    pub(super) fn server_key(&self) -> Key {
        key(hmac::sign(&self.0, b"Server Key").as_ref())
    }
}

/// The key with which the server checks a proof.
pub(super) fn stored_key(client_key: &[u8]) -> Key {
    key(digest(&SHA256, client_key).as_ref())
}

pub(super) fn sign(by: &[u8], text: &str) -> Key {
    key(hmac::sign(&hmac::Key::new(HMAC_SHA256, by), text.as_bytes()).as_ref())
}

/// The bits that differ: a proof is a key and a signature, and each of the three follows from the others.
pub(super) fn xor(a: &Key, b: &Key) -> Key {
    std::array::from_fn(|n| a[n] ^ b[n])
}

/// The first bytes of a digest, which has as many.
pub(super) fn key(digest: &[u8]) -> Key {
    let mut key = [0; KEY_BYTES];
    key.copy_from_slice(&digest[..KEY_BYTES]);
    key
}

/// Random bytes from the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SecretError::NoRandom)?;
    Ok(bytes)
}
