//! Values as CBOR (RFC 8949): how nodes tell them to each other, how the broker keeps them, and how a program hands them
//! to the one that takes its place.
//!
//! A struct is a map with small numbers as keys, an enum a number or an array of a number and such a map. `tables`
//! lists the numbers. They keep their meaning forever: a new field gets a new key, and a field that is gone leaves its
//! key unused. Keys are in ascending order. Readers skip those that they do not know. A key is not written if its value
//! is what readers assume without it.
//!
//! Readers check everything, as if a peer had sent it: names, ranks, addresses, lengths and counts. An announced length
//! allocates nothing.

#[cfg(test)]
pub(crate) mod any;
#[cfg(feature = "upgrade")]
mod bytes;
#[cfg(feature = "upgrade")]
mod handed;
#[cfg(feature = "upgrade")]
mod instants;
mod lists;
#[cfg(feature = "upgrade")]
mod questions;
mod reader;
mod states;
mod table;
mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod texts;
mod times;
mod writer;

#[cfg(feature = "upgrade")]
use std::time::Instant;

#[cfg(feature = "upgrade")]
pub(crate) use bytes::Bytes;
pub(crate) use reader::{Invalid, Reader};
pub(crate) use table::{ascend, cases, map, numbered, read_fields, write_fields};
pub(crate) use texts::Lines;
pub(crate) use writer::Writer;

/// A value that can be written as CBOR.
pub(crate) trait ToCbor {
    /// True for the value that readers assume if the key is missing.
    fn is_assumed(&self) -> bool {
        false
    }

    fn write(&self, out: &mut Writer);
}

/// A value that can be read from CBOR.
pub(crate) trait FromCbor: Sized {
    /// The value of a missing key, if the key may be missing.
    fn assumed() -> Option<Self> {
        None
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid>;
}

/// Encodes a value.
#[cfg(any(test, feature = "cluster"))]
pub(crate) fn encode(value: &(impl ToCbor + ?Sized)) -> Vec<u8> {
    let mut out = Writer::default();
    value.write(&mut out);
    out.into_bytes()
}

/// Decodes a value, which must be all of `bytes`. An error tells what is wrong and where.
#[cfg(any(test, feature = "cluster"))]
pub(crate) fn decode<T: FromCbor>(bytes: &[u8]) -> Result<T, String> {
    decode_from(Reader::new(bytes))
}

fn decode_from<T: FromCbor>(mut input: Reader<'_>) -> Result<T, String> {
    let value = T::read(&mut input).and_then(|value| input.end().map(|()| value));
    value.map_err(|Invalid| input.into_fault())
}

/// Like `encode`, for a value that contains instants.
#[cfg(feature = "upgrade")]
pub(crate) fn encode_at(value: &(impl ToCbor + ?Sized), now: Instant) -> Vec<u8> {
    let mut out = Writer::at(now);
    value.write(&mut out);
    out.into_bytes()
}

/// Like `decode`, for a value that contains instants.
#[cfg(feature = "upgrade")]
pub(crate) fn decode_at<T: FromCbor>(bytes: &[u8], now: Instant) -> Result<T, String> {
    decode_from(Reader::at(bytes, now))
}
