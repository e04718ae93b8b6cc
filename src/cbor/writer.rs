use std::convert::Infallible;

use minicbor::Encoder;
use minicbor::encode::Error;

use super::ToCbor;

/// Initial capacity: most messages need no more.
const FIRST_BYTES: usize = 256;

/// Bytes to which values are appended.
#[derive(Debug)]
pub(crate) struct Writer(Encoder<Vec<u8>>);

impl Default for Writer {
    fn default() -> Self {
        Self(Encoder::new(Vec::with_capacity(FIRST_BYTES)))
    }
}

impl Writer {
    /// The bytes, in an allocation of their size: they may wait for long.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.0.into_writer();
        bytes.shrink_to_fit();
        bytes
    }

    pub(crate) fn null(&mut self) {
        done(self.0.null());
    }

    pub(crate) fn bool(&mut self, value: bool) {
        done(self.0.bool(value));
    }

    pub(crate) fn number(&mut self, number: u64) {
        done(self.0.u64(number));
    }

    pub(crate) fn signed(&mut self, number: i64) {
        done(self.0.i64(number));
    }

    pub(crate) fn text(&mut self, text: &str) {
        done(self.0.str(text));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        done(self.0.bytes(bytes));
    }

    /// Begins a list of so many values.
    pub(crate) fn array(&mut self, values: usize) {
        done(self.0.array(values as u64));
    }

    /// Writes a map of those fields whose values readers do not assume.
    pub(crate) fn map(&mut self, fields: &[(u64, &dyn ToCbor)]) {
        let told = || fields.iter().filter(|(_, value)| !value.is_assumed());
        done(self.0.map(told().count() as u64));
        for (key, value) in told() {
            self.number(*key);
            value.write(self);
        }
    }
}

/// A vector takes all bytes, so there is no error.
fn done(result: Result<&mut Encoder<Vec<u8>>, Error<Infallible>>) {
    debug_assert!(result.is_ok(), "a vector takes all bytes");
}
