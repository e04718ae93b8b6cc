//! The secret of cloaks that all nodes know, or the next program. The standard library's keyed hash may change with its
//! version, so this is SipHash-2-4 as it was published (Aumasson, Bernstein: SipHash, 2012).

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

#[cfg(feature = "cluster")]
use ring::digest::{SHA256, digest};

#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer};

/// The key.
#[derive(Clone)]
pub(super) struct Secret([u64; 2]);

/// A random key. The standard library asks the system for random numbers, and what it makes of them does not fail.
impl Default for Secret {
    fn default() -> Self {
        let random = RandomState::new();
        Self([0_u8, 1].map(|word| random.hash_one(word)))
    }
}

#[cfg(feature = "upgrade")]
impl ToCbor for Secret {
    fn write(&self, out: &mut Writer) {
        let Self([first, second]) = *self;
        (first, second).write(out);
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for Secret {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        <(u64, u64)>::read(input).map(|(first, second)| Self([first, second]))
    }
}

#[cfg(all(test, feature = "upgrade"))]
impl crate::cbor::any::Any for Secret {
    fn any(choices: &mut crate::cbor::any::Choices<'_>) -> Self {
        Self([(); 2].map(|()| crate::cbor::any::Any::any(choices)))
    }
}

impl Secret {
    #[cfg(feature = "cluster")]
    pub(super) fn new(text: &str) -> Self {
        let digest = digest(&SHA256, format!("cloaks {text}").as_bytes());
        Self(words(digest.as_ref()))
    }

    pub(super) fn address(&self, ip: IpAddr) -> u64 {
        match ip {
            IpAddr::V4(ip) => self.hash(b"4", &ip.octets()),
            IpAddr::V6(ip) => self.hash(b"6", &ip.octets()),
        }
    }

    pub(super) fn network(&self, is_ipv4: bool, network: u64) -> u64 {
        self.hash(if is_ipv4 { b"n4" } else { b"n6" }, &network.to_be_bytes())
    }

    fn hash(&self, kind: &[u8], bytes: &[u8]) -> u64 {
        sip_hash(self.0, &[kind, bytes].concat())
    }
}

/// Omits the key.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The first 16 bytes as two numbers; missing bytes are 0.
#[cfg(any(test, feature = "cluster"))]
fn words(bytes: &[u8]) -> [u64; 2] {
    let mut words = bytes.chunks(8).map(word);
    [words.next().unwrap_or_default(), words.next().unwrap_or_default()]
}

/// Up to 8 bytes as a number.
fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

fn sip_hash([k0, k1]: [u64; 2], bytes: &[u8]) -> u64 {
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let whole = bytes.chunks_exact(8);
    let last = word(whole.remainder()) | (bytes.len() as u64) << 56;
    for block in whole.map(word).chain([last]) {
        v[3] ^= block;
        (0..2).for_each(|_| round(&mut v));
        v[0] ^= block;
    }
    v[2] ^= 0xff;
    (0..4).for_each(|_| round(&mut v));
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn round([v0, v1, v2, v3]: &mut [u64; 4]) {
    *v0 = v0.wrapping_add(*v1);
    *v2 = v2.wrapping_add(*v3);
    *v1 = v1.rotate_left(13) ^ *v0;
    *v3 = v3.rotate_left(16) ^ *v2;
    *v0 = v0.rotate_left(32);
    *v2 = v2.wrapping_add(*v1);
    *v0 = v0.wrapping_add(*v3);
    *v1 = v1.rotate_left(17) ^ *v2;
    *v3 = v3.rotate_left(21) ^ *v0;
    *v2 = v2.rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_of_its_paper() {
        let bytes: Vec<u8> = (0..16).collect();
        let key = words(&bytes);
        assert_eq!(sip_hash(key, &bytes[..15]), 0xa129_ca61_49be_45e5);
        assert_eq!(sip_hash(key, b""), 0x726f_db47_dd0e_0e31);
        assert_eq!(sip_hash(key, &bytes[..8]), 0x93f5_f579_9a93_2462);
    }
}
