//! Bytes of any values, such as those that a connection has not sent yet.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

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

impl ToCbor for PathBuf {
    fn write(&self, out: &mut Writer) {
        out.bytes(self.as_os_str().as_bytes());
    }
}

impl FromCbor for PathBuf {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        input.bytes().map(|path| OsString::from_vec(path.to_vec()).into())
    }
}

/// As many bytes as there are places.
impl<const N: usize> ToCbor for [u8; N] {
    fn write(&self, out: &mut Writer) {
        out.bytes(self);
    }
}

impl<const N: usize> FromCbor for [u8; N] {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let bytes = input.bytes()?;
        bytes.try_into().map_err(|_| input.invalid(format_args!("{} bytes instead of {N}", bytes.len())))
    }
}
