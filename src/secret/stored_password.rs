//! A password as the store keeps it.

use std::fmt;

/// What is kept of a password: enough to check it, and to let its owner prove that it knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPassword {
    /// The argon2id hash, in the PHC string format.
    pub hash: String,
    /// The keys for SCRAM. They are derived from the password, not from its hash.
    pub scram: ScramKeys,
}

/// The keys of SCRAM-SHA-256 (RFC 5802 §3, RFC 7677).
#[derive(Clone, PartialEq, Eq)]
pub struct ScramKeys {
    pub salt: [u8; 16],
    pub iterations: u32,
    pub stored_key: [u8; 32],
    pub server_key: [u8; 32],
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
