//! Fingerprints of certificates, to identify a server whose certificate no authority has signed.

use std::fmt;
use std::str::FromStr;

/// The length of a fingerprint, in bytes.
const BYTES: usize = 32;

/// The SHA-256 of a certificate in DER.
///
/// Displayed as `sha256:` and 64 hexadecimal digits. The parser ignores letter case, and accepts colons between
/// bytes, no prefix, or the prefix `sha256 Fingerprint=` as `openssl x509 -fingerprint -sha256` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; BYTES]);

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
        let mut bytes = [0; BYTES];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }

    /// Its bytes.
    #[cfg(feature = "store")]
    pub(crate) fn bytes(self) -> [u8; BYTES] {
        self.0
    }
}

#[cfg(feature = "store")]
impl From<[u8; BYTES]> for Fingerprint {
    fn from(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let text = text.trim().to_ascii_lowercase();
        let prefixes = ["sha256 fingerprint=", "sha256:"];
        let mut left = prefixes.into_iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(&text);
        let mut bytes = [0; BYTES];
        for (index, byte) in bytes.iter_mut().enumerate() {
            if index > 0 {
                left = left.strip_prefix(':').unwrap_or(left);
            }
            let (pair, rest) = left.split_at_checked(2).ok_or(FingerprintError)?;
            // `from_str_radix` would accept a sign.
            if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(FingerprintError);
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| FingerprintError)?;
            left = rest;
        }
        if left.is_empty() { Ok(Self(bytes)) } else { Err(FingerprintError) }
    }
}

/// The text is not a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FingerprintError;

impl fmt::Display for FingerprintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fingerprint is sha256: and 64 hexadecimal digits")
    }
}

impl std::error::Error for FingerprintError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash of the three bytes `abc` (FIPS 180-2, B.1).
    const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_fingerprint_is_the_hash_and_reads_back_as_displayed() {
        assert_eq!(Fingerprint::of(b"abc").to_string(), ABC);
        assert_eq!(ABC.parse(), Ok(Fingerprint::of(b"abc")));
    }

    #[test]
    fn common_notations_are_accepted() {
        let digits = ABC.trim_start_matches("sha256:");
        let pairs: Vec<_> = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap()).collect();
        let openssl = pairs.join(":").to_uppercase();
        for text in [
            digits.to_owned(),
            digits.to_uppercase(),
            openssl.clone(),
            format!("SHA256:{digits}"),
            format!("sha256:{openssl}"),
            format!("sha256 Fingerprint={openssl}"),
            format!("SHA256 Fingerprint={openssl}\n"),
        ] {
            assert_eq!(text.parse(), Ok(Fingerprint::of(b"abc")), "{text:?}");
        }
    }

    #[test]
    fn texts_that_are_too_short_too_long_or_not_hexadecimal_are_refused() {
        let plus = ABC.replace("sha256:ba", "sha256:+a");
        let texts =
            ["", "sha256:", ":", &ABC[..70], &ABC[..69], &ABC.replace("ba", "bg"), &plus, "sha1:ba78"];
        for text in texts {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError), "{text:?}");
        }
        for text in
            [format!("{ABC}0"), format!("{ABC}:"), ABC.replace("ba78", "ba::78"), ABC.replace("ba", "é")]
        {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError), "{text:?}");
        }
    }
}
