//! Why a text cannot serve as a password.

use std::fmt;

/// Longest password in bytes: every wire can carry one, even after a name.
pub const PASSWORD_BYTES: usize = 256;

/// Most memory of a hash, in KiB.
pub(super) const MOST_KB: u32 = 8 * 1024;

/// Most work for a hash: its memory in KiB, times the passes over it. A server must not compute for a minute.
pub(super) const MOST_WORK_KB: u32 = 64 * 1024;

/// Memory and passes of the hashes made here. doc/OPERATING.md states what they cost.
pub(super) const MADE_KB: u32 = 7 * 1024;

/// Why a text is not a password, in one line that does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// Empty, or no wire can carry it.
    Unusable,
    /// It begins like a hash, but cannot be parsed.
    BrokenHash,
    OtherHash,
    /// A hash that takes too much memory or time.
    CostlyHash,
    OutOfMemory,
    /// The system gives no random numbers.
    #[cfg(any(feature = "store", feature = "tls"))]
    NoRandom,
}

/// There is too little memory for a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// Checks that every wire can carry the text.
pub(super) fn check(text: &str) -> Result<(), SecretError> {
    let is_usable = !text.is_empty() && text.len() <= PASSWORD_BYTES;
    if !is_usable || text.contains(['\r', '\n', '\0', '※']) {
        return Err(SecretError::Unusable);
    }
    Ok(())
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable => {
                write!(f, "a password has 1 to {PASSWORD_BYTES} bytes, and contains no line end and no ※")
            }
            Self::BrokenHash => f.write_str(
                "this begins like a hash but is not argon2id, version 19; parlord --hash-password makes one",
            ),
            Self::OtherHash => {
                f.write_str("this kind of hash is not supported; parlord --hash-password makes one that is")
            }
            Self::CostlyHash => write!(
                f,
                "this hash is too costly: at most m={}, m times t={}, p=1; parlord --hash-password makes one",
                MOST_KB, MOST_WORK_KB
            ),
            Self::OutOfMemory => {
                write!(f, "a hash takes {} KiB of memory, which are not available", MADE_KB)
            }
            #[cfg(any(feature = "store", feature = "tls"))]
            Self::NoRandom => f.write_str("the system gives no random numbers"),
        }
    }
}

impl std::error::Error for SecretError {}
