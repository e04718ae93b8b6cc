//! What is no password, and why.

use std::fmt;

/// Longest password, in bytes: every wire carries one of this length, also behind a name.
pub const PASSWORD_BYTES: usize = 256;

/// Most memory that a hash may take, in KiB.
pub(super) const MOST_KB: u32 = 8 * 1024;

/// Most work that a hash may be: its memory in KiB, times how often all of it is gone through. Nobody configures a
/// server that thinks for a minute.
pub(super) const MOST_WORK_KB: u32 = 64 * 1024;

/// The memory and passes of our own hashes. doc/OPERATING.md says what they cost.
pub(super) const MADE_KB: u32 = 7 * 1024;

/// Why something is no password, in one line that does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// A wire cannot carry it, or it is empty.
    Unusable,
    /// It begins like a hash and is none that we know.
    BrokenHash,
    /// It is a hash of another kind.
    OtherHash,
    /// It is a hash that takes too much memory or time.
    CostlyHash,
    /// There is not enough memory to make a hash of it.
    OutOfMemory,
}

/// A hash takes more memory than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// Every wire must be able to carry it.
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
                "this begins like a hash and is none of argon2id, version 19; parlord --hash-password makes one",
            ),
            Self::OtherHash => f.write_str(
                "this is a hash of a kind that is not taken; parlord --hash-password makes one that is",
            ),
            Self::CostlyHash => write!(
                f,
                "this hash takes too much: at most m={}, m times t={}, p=1; parlord --hash-password makes one",
                MOST_KB,
                MOST_WORK_KB
            ),
            Self::OutOfMemory => {
                write!(f, "a hash takes {} KiB of memory, which are not available", MADE_KB)
            }
        }
    }
}

impl std::error::Error for SecretError {}
