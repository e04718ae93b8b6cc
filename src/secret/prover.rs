//! The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677): proves a password without sending it, and checks that the
//! server knows it too. Without channel binding.
//!
//! It prepares passwords except for normalizing them (RFC 4013 §2.2): the tables would add 120 KB to the client. So a
//! password fails if a keyboard has composed its characters in an unusual way; those of ASCII always work.

use std::fmt;
use std::num::NonZeroU32;

use base64ct::{Base64, Encoding};
use subtle::ConstantTimeEq;

use super::salted::{SaltedPassword, random, sign, stored_key, xor};
use super::saslprep::mapped;

/// Length of our part of the nonce, before it is encoded.
const NONCE_BYTES: usize = 18;

/// Fewest iterations of PBKDF2 that a server may ask for (RFC 7677 §4). With fewer, somebody who poses as the server
/// could guess the password from our proof.
const LEAST_ITERATIONS: u32 = 4096;

/// Most iterations of PBKDF2 that a server may ask for: seconds of work for a slow machine.
pub const MOST_ITERATIONS: u32 = 1_000_000;

/// The beginning of our first message, repeated in base64 in the last: no channel binding, and no name to act as.
const HEADER: &str = "n,,";
const HEADER_IN_BASE64: &str = "biws";

/// A client that has begun, and waits for the server's salt.
pub struct Prover {
    password: String,
    bare: String,
    nonce: String,
}

/// A client that has proved its password, and waits for the server to do the same.
pub struct AwaitedProof {
    /// `v=` and the signature.
    expected: String,
}

/// Why a client ends the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProverError {
    /// The message does not follow the syntax, or does not continue our nonce.
    Malformed,
    /// The server asks for fewer or more iterations than allowed.
    Iterations(u64),
    /// The server refuses, with this code (RFC 5802 §7).
    Refused(String),
    /// The server does not know the password.
    WrongProof,
    /// The system has no random numbers.
    NoRandom,
}

impl Prover {
    /// Begins for this name and password. Returns the message to send.
    pub fn new(name: &str, password: &str) -> Result<(Self, String), ProverError> {
        let nonce = random::<NONCE_BYTES>().map_err(|_| ProverError::NoRandom)?;
        Ok(Self::with_nonce(name, password, Base64::encode_string(&nonce)))
    }

    fn with_nonce(name: &str, password: &str, nonce: String) -> (Self, String) {
        let name = name.replace('=', "=3D").replace(',', "=2C");
        let bare = format!("n={name},r={nonce}");
        let first = format!("{HEADER}{bare}");
        (Self { password: mapped(password).collect(), bare, nonce }, first)
    }

    /// Answers the server's `r=nonce,s=salt,i=iterations`. Slow. Returns the message to send.
    pub fn prove(self, message: &[u8]) -> Result<(AwaitedProof, String), ProverError> {
        let message = text(message)?;
        let mut attributes = message.split(',');
        let mut next = |key| attributes.next().and_then(|found| found.strip_prefix(key));
        let (Some(nonce), Some(salt), Some(iterations)) = (next("r="), next("s="), next("i=")) else {
            return Err(ProverError::Malformed);
        };
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(ProverError::Malformed);
        }
        let salt = Base64::decode_vec(salt).map_err(|_| ProverError::Malformed)?;
        let iterations: u64 = iterations.parse().map_err(|_| ProverError::Malformed)?;
        let within =
            u32::try_from(iterations).ok().filter(|n| (LEAST_ITERATIONS..=MOST_ITERATIONS).contains(n));
        let within = within.and_then(NonZeroU32::new).ok_or(ProverError::Iterations(iterations))?;
        let salted = SaltedPassword::new(&self.password, &salt, within);
        let without_proof = format!("c={HEADER_IN_BASE64},r={nonce}");
        let signed = format!("{},{message},{without_proof}", self.bare);
        let client_key = salted.client_key();
        let proof = xor(&client_key, &sign(&stored_key(&client_key), &signed));
        let expected = format!("v={}", Base64::encode_string(&sign(&salted.server_key(), &signed)));
        Ok((AwaitedProof { expected }, format!("{without_proof},p={}", Base64::encode_string(&proof))))
    }
}

impl AwaitedProof {
    /// Checks the server's `v=signature`.
    pub fn check(&self, message: &[u8]) -> Result<(), ProverError> {
        let said = text(message)?.split(',').next().unwrap_or_default();
        match said.strip_prefix("e=") {
            Some(code) => Err(ProverError::Refused(code.to_owned())),
            None if said.as_bytes().ct_eq(self.expected.as_bytes()).into() => Ok(()),
            None => Err(ProverError::WrongProof),
        }
    }
}

fn text(message: &[u8]) -> Result<&str, ProverError> {
    str::from_utf8(message).map_err(|_| ProverError::Malformed)
}

/// Shows nothing, so that no log has the password.
impl fmt::Debug for Prover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prover")
    }
}

impl fmt::Debug for AwaitedProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwaitedProof")
    }
}

impl fmt::Display for ProverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the server does not follow SCRAM"),
            Self::Iterations(asked) => write!(
                f,
                "the server asks for {asked} iterations of PBKDF2, and only {LEAST_ITERATIONS} to \
                 {MOST_ITERATIONS} are allowed"
            ),
            Self::Refused(code) => write!(f, "the server refuses the password ({code})"),
            Self::WrongProof => f.write_str("the server cannot prove that it knows the password"),
            Self::NoRandom => f.write_str("the system has no random numbers"),
        }
    }
}

impl std::error::Error for ProverError {}

#[cfg(test)]
mod tests;
