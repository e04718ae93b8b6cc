//! Bytes of any values, such as those that a connection has not sent yet.

use super::{FromCbor, Invalid, Reader, ToCbor, Writer};

/// Bytes as CBOR has them, and not as a list of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl ToCbor for Bytes {
    fn is_assumed(&self) -> bool {
        self.0.is_empty()
    }

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }
}

impl FromCbor for Bytes {
    fn assumed() -> Option<Self> {
        Some(Self::default())
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        input.bytes().map(|bytes| Self(bytes.to_vec()))
    }
}
