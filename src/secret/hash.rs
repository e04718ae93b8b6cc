//! Hashes that make guessing costly: argon2id (RFC 9106) in the PHC string format.

use std::hint::black_box;
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use subtle::ConstantTimeEq;

use super::error::{MADE_KB, MOST_KB, MOST_WORK_KB, OutOfMemory, SecretError, check};

const MADE_PASSES: u32 = 1;

/// A hash as they are made here, of no password.
#[cfg(feature = "store")]
pub(super) const MADE_HASH: &str =
    "$argon2id$v=19$m=7168,t=1,p=1$cGFybG9yIGhhcyBub25l$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const OUTPUT_BYTES: usize = 32;

/// Shortest hash accepted, in bytes.
const LEAST_OUTPUT_BYTES: usize = 16;

/// Length of the salt, which makes hashes of equal passwords differ (RFC 9106 §3.1).
pub(super) const SALT_BYTES: usize = 16;

/// Memory in KiB that must remain free when the memory for a hash is reserved: for the stack of the checking thread,
/// for the server until then, and for the store's first records. Without it, the first login could end a server that
/// has just started.
pub const SPARE_KB: u32 = if cfg!(feature = "store") { 2048 } else { 512 };

/// Working memory for hashes, one at a time; as large as the largest needed, see [`reserve`]. It is never freed: an
/// allocator may not reuse it, and eight such pieces would fill a small machine.
static MEMORY: Mutex<Vec<Block>> = Mutex::new(Vec::new());

#[derive(PartialEq, Eq)]
pub(super) struct Hash {
    salt: Salt,
    output: Output,
    memory_kb: u32,
    passes: u32,
}

impl Hash {
    /// Parses `$argon2id$v=19$m=…,t=…,p=1$salt$hash`, within bounds.
    pub(super) fn parse(text: &str) -> Result<Self, SecretError> {
        let hash = PasswordHash::new(text).map_err(|_| SecretError::BrokenHash)?;
        let params = Params::try_from(&hash).map_err(|_| SecretError::BrokenHash)?;
        let (Some(salt), Some(output)) = (hash.salt, hash.hash) else { return Err(SecretError::BrokenHash) };
        let is_known = hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into())
            && output.len() >= LEAST_OUTPUT_BYTES;
        if !is_known {
            return Err(SecretError::BrokenHash);
        }
        let hash = Self { salt, output, memory_kb: params.m_cost(), passes: params.t_cost() };
        if hash.memory_kb > MOST_KB || hash.cost() > MOST_WORK_KB || params.p_cost() != 1 {
            return Err(SecretError::CostlyHash);
        }
        Ok(hash)
    }

    /// The text that was parsed.
    #[cfg(feature = "upgrade")]
    pub(super) fn text(&self) -> Option<String> {
        let params = Params::new(self.memory_kb, self.passes, 1, None).ok()?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).ok()?,
            salt: Some(self.salt),
            hash: Some(self.output),
        };
        Some(hash.to_string())
    }

    /// True when this is the hash of `guess`. Slow.
    pub(super) fn is_of(&self, guess: &[u8]) -> Result<bool, OutOfMemory> {
        let length = self.output.len();
        let made = Params::new(self.memory_kb, self.passes, 1, Some(length))
            .and_then(|params| make(params, guess, &self.salt));
        // All parameters are within the algorithm's bounds, so only a lack of memory can fail.
        let made = made.map_err(|_| OutOfMemory)?;
        Ok(made[..length].ct_eq(self.output.as_bytes()).into())
    }

    /// Reserves the memory for checking, so that it cannot fail later. Fails if less than [`SPARE_KB`] would remain.
    pub(super) fn reserve(&self) -> Result<(), OutOfMemory> {
        let params = Params::new(self.memory_kb, self.passes, 1, None).map_err(|_| OutOfMemory)?;
        let mut spare = Vec::<u8>::new();
        spare.try_reserve_exact(SPARE_KB as usize * 1024).map_err(|_| OutOfMemory)?;
        reserve(&mut memory(), params.block_count()).map_err(|_| OutOfMemory)?;
        // Keeps the compiler from removing the unused allocation.
        drop(black_box(spare));
        Ok(())
    }

    pub(super) fn memory_kb(&self) -> u32 {
        self.memory_kb
    }

    /// Work for checking, as memory in KiB times passes: at least 8.
    pub(super) fn cost(&self) -> u32 {
        self.memory_kb.saturating_mul(self.passes)
    }
}

/// Hashes `password`, which the result may replace in a config file. The salt must be random.
pub fn hash(password: &str, salt: [u8; SALT_BYTES]) -> Result<String, SecretError> {
    check(password)?;
    // All parameters are within the algorithm's bounds, so only a lack of memory can fail.
    written(password, salt).ok_or(SecretError::OutOfMemory)
}

fn written(password: &str, salt: [u8; SALT_BYTES]) -> Option<String> {
    let params = Params::new(MADE_KB, MADE_PASSES, 1, Some(OUTPUT_BYTES)).ok()?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).ok()?,
        salt: Some(Salt::new(&salt).ok()?),
        hash: Some(Output::new(&make(params, password.as_bytes(), &salt).ok()?[..OUTPUT_BYTES]).ok()?),
    };
    Some(hash.to_string())
}

/// The hash of `password`; only the first bytes of the result are used, as many as `params` say.
fn make(params: Params, password: &[u8], salt: &[u8]) -> argon2::Result<[u8; Output::MAX_LENGTH]> {
    let mut made = [0; Output::MAX_LENGTH];
    let length = params.output_len().unwrap_or(OUTPUT_BYTES);
    let mut memory = memory();
    let blocks = params.block_count().max(memory.len());
    reserve(&mut memory, blocks)?;
    memory.resize(blocks, Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password, salt, &mut made[..length], memory.as_mut_slice())?;
    Ok(made)
}

fn memory() -> MutexGuard<'static, Vec<Block>> {
    MEMORY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reserves room for this many blocks. Nothing is written, so it takes no physical memory yet.
fn reserve(memory: &mut Vec<Block>, blocks: usize) -> argon2::Result<()> {
    let missing = blocks.saturating_sub(memory.len());
    memory.try_reserve_exact(missing).map_err(|_| argon2::Error::OutOfMemory)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Guess, Secret};
    use super::*;

    const CHEAP: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$";

    /// The hash of `open sesame` at the lowest cost.
    pub(in crate::secret) fn secret() -> Secret {
        let params = Params::new(8, 1, 1, Some(OUTPUT_BYTES)).unwrap();
        let made = make(params, b"open sesame", b"somesalt").unwrap();
        let output = Output::new(&made[..OUTPUT_BYTES]).unwrap();
        format!("{CHEAP}{output}").parse().unwrap()
    }

    #[test]
    fn a_hash_matches_only_its_password() {
        let secret = secret();
        assert!(secret.is_costly());
        assert_eq!(secret.is(&Guess::new("open sesame")), Ok(true));
        for wrong in ["", "open", "open sesame\0", &"open sesame".repeat(100)] {
            assert_eq!(secret.is(&Guess::new(wrong)), Ok(false), "{wrong:?}");
        }
    }

    #[test]
    fn hashes_made_here_are_accepted() {
        let made = hash("芝麻", [7; SALT_BYTES]).unwrap();
        assert!(made.starts_with("$argon2id$v=19$m=7168,t=1,p=1$"), "{made}");
        assert_ne!(hash("芝麻", [8; SALT_BYTES]).unwrap(), made);
        let secret: Secret = made.parse().unwrap();
        assert_eq!(secret.is(&Guess::new("芝麻")), Ok(true));
        assert_eq!(secret.is(&Guess::new("芝")), Ok(false));
        assert_eq!(hash("a※b", [7; SALT_BYTES]), Err(SecretError::Unusable));
    }

    /// Computed by the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -k 256 -p 1` (RFC 9106).
    #[test]
    fn hashes_of_the_reference_implementation_are_accepted() {
        let text = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert_eq!(text.parse::<Secret>().unwrap().is(&Guess::new("password")), Ok(true));
    }

    #[test]
    fn a_broken_or_a_costly_hash_is_refused_and_not_repeated() {
        let output = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        let with = |params: &str| format!("$argon2id$v=19${params}$c29tZXNhbHQ${output}");
        let cases = [
            ("$argon2id".into(), SecretError::BrokenHash),
            ("$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$".to_owned() + output, SecretError::BrokenHash),
            ("$argon2id$m=256,t=2,p=1$c29tZXNhbHQ$".to_owned() + output, SecretError::BrokenHash),
            ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65".into(), SecretError::BrokenHash),
            ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ".into(), SecretError::BrokenHash),
            (with("m=x,t=2,p=1"), SecretError::BrokenHash),
            (with("m=8193,t=1,p=1"), SecretError::CostlyHash),
            (with("m=8192,t=9,p=1"), SecretError::CostlyHash),
            (with("m=256,t=2,p=2"), SecretError::CostlyHash),
            (with("m=4294967295,t=4294967295,p=1"), SecretError::CostlyHash),
        ];
        for (text, why) in cases {
            assert_eq!(text.parse::<Secret>(), Err(why), "{text}");
            let line = why.to_string();
            assert!(!line.contains(output) && !line.contains('\n'), "{line}");
        }
        assert!(with("m=8192,t=8,p=1").parse::<Secret>().is_ok());
    }

    #[test]
    fn reserving_memory_takes_effect_at_once_and_fails_beyond_what_is_free() {
        let mut memory = Vec::new();
        assert!(reserve(&mut memory, usize::MAX / 2).is_err());
        assert_eq!(reserve(&mut memory, 8), Ok(()));
        assert!(memory.is_empty() && memory.capacity() >= 8);
    }
}
