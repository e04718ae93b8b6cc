use std::convert::Infallible;
#[cfg(feature = "upgrade")]
use std::time::Instant;

use minicbor::Encoder;
use minicbor::encode::Error;

use super::ToCbor;

/// Initial capacity: most messages need no more.
const FIRST_BYTES: usize = 256;

/// Bytes to which values are appended.
#[derive(Debug)]
pub(crate) struct Writer {
    out: Encoder<Vec<u8>>,
    /// Instants are told from here.
    #[cfg(feature = "upgrade")]
    now: Option<Instant>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            out: Encoder::new(Vec::with_capacity(FIRST_BYTES)),
            #[cfg(feature = "upgrade")]
            now: None,
        }
    }
}

impl Writer {
    /// A writer of values that contain instants.
    #[cfg(feature = "upgrade")]
    pub(crate) fn at(now: Instant) -> Self {
        Self { now: Some(now), ..Self::default() }
    }

    #[cfg(feature = "upgrade")]
    pub(super) fn now(&self) -> Option<Instant> {
        self.now
    }

    /// The bytes, in an allocation of their size: they may wait for long.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.out.into_writer();
        bytes.shrink_to_fit();
        bytes
    }

    pub(crate) fn null(&mut self) {
        done(self.out.null());
    }

    pub(crate) fn bool(&mut self, value: bool) {
        done(self.out.bool(value));
    }

    pub(crate) fn number(&mut self, number: u64) {
        done(self.out.u64(number));
    }

    pub(crate) fn signed(&mut self, number: i64) {
        done(self.out.i64(number));
    }

    pub(crate) fn text(&mut self, text: &str) {
        done(self.out.str(text));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        done(self.out.bytes(bytes));
    }

    /// Begins a list of so many values.
    pub(crate) fn array(&mut self, values: usize) {
        done(self.out.array(values as u64));
    }

    /// Writes a map of those fields whose values readers do not assume.
    pub(crate) fn map(&mut self, fields: &[(u64, &dyn ToCbor)]) {
        let told = || fields.iter().filter(|(_, value)| !value.is_assumed());
        done(self.out.map(told().count() as u64));
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
