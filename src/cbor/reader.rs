use std::fmt::{Arguments, Display};
#[cfg(feature = "upgrade")]
use std::time::Instant;

use minicbor::Decoder;
use minicbor::data::Type;

use super::FromCbor;

/// Most values in a list. Each takes at least a byte of what was received.
const MOST_VALUES: u64 = 1 << 20;

/// Bytes from which values are read, and why they could not be read.
///
/// Its functions are not generic: the compiler would copy them for every type, which would make the program a tenth larger.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    input: Decoder<'a>,
    fault: String,
    /// Instants are told from here.
    #[cfg(feature = "upgrade")]
    now: Option<Instant>,
}

/// Bytes are not a value. Their reader knows why.
#[derive(Debug)]
pub(crate) struct Invalid;

/// The keys of a map that are not read yet. They ascend.
#[derive(Debug)]
pub(crate) struct Keys {
    left: u64,
    last: Option<u64>,
    /// Whether the value of the last key is still to be read.
    is_open: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            input: Decoder::new(bytes),
            fault: String::new(),
            #[cfg(feature = "upgrade")]
            now: None,
        }
    }

    /// A reader of values that contain instants.
    #[cfg(feature = "upgrade")]
    pub(crate) fn at(bytes: &'a [u8], now: Instant) -> Self {
        Self { now: Some(now), ..Self::new(bytes) }
    }

    #[cfg(feature = "upgrade")]
    pub(super) fn now(&self) -> Option<Instant> {
        self.now
    }

    /// Checks that all bytes are read.
    pub(crate) fn end(&mut self) -> Result<(), Invalid> {
        match self.left() {
            0 => Ok(()),
            left => Err(self.invalid(format_args!("{left} bytes are left behind the value"))),
        }
    }

    /// What is wrong and where, after a function returned [`Invalid`].
    pub(crate) fn into_fault(self) -> String {
        self.fault
    }

    /// Notes what is wrong.
    #[cold]
    pub(crate) fn invalid(&mut self, why: Arguments<'_>) -> Invalid {
        self.fault = why.to_string();
        Invalid
    }

    /// Notes that an enum has no such number.
    #[cold]
    pub(crate) fn unknown(&mut self, what: &str, number: u64) -> Invalid {
        self.invalid(format_args!("the {what} {number} is unknown"))
    }

    /// Reads a null if there is one.
    #[inline(never)]
    pub(crate) fn is_null(&mut self) -> Result<bool, Invalid> {
        let is_null = matches!(self.input.datatype(), Ok(Type::Null));
        if is_null {
            self.skip()?;
        }
        Ok(is_null)
    }

    #[inline(never)]
    pub(crate) fn bool(&mut self) -> Result<bool, Invalid> {
        let value = self.input.bool();
        self.checked(value)
    }

    #[inline(never)]
    pub(crate) fn number(&mut self) -> Result<u64, Invalid> {
        let value = self.input.u64();
        self.checked(value)
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Invalid> {
        let value = self.input.i64();
        self.checked(value)
    }

    #[inline(never)]
    pub(crate) fn text(&mut self) -> Result<&'a str, Invalid> {
        let value = self.input.str();
        self.checked(value)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Invalid> {
        let value = self.input.bytes();
        self.checked(value)
    }

    /// Begins a list: the number of its values. So many may follow, or fewer.
    #[inline(never)]
    pub(crate) fn array(&mut self) -> Result<usize, Invalid> {
        let length = self.input.array();
        let length = self.checked(length)?;
        let length = length.ok_or_else(|| self.invalid(format_args!("a list does not tell its length")))?;
        let most = MOST_VALUES.min(self.left() as u64);
        if length > most {
            return Err(self.invalid(format_args!("a list announces {length} values, more than {most}")));
        }
        Ok(length as usize)
    }

    /// Begins a list of at least `known` values: how many [`Self::skip_values`] skips after them, which a newer node has
    /// added.
    #[inline(never)]
    pub(crate) fn tuple(&mut self, known: usize) -> Result<usize, Invalid> {
        let length = self.array()?;
        let more = length.checked_sub(known);
        more.ok_or_else(|| self.invalid(format_args!("{length} values instead of {known}")))
    }

    #[inline(never)]
    pub(crate) fn skip_values(&mut self, count: usize) -> Result<(), Invalid> {
        (0..count).try_for_each(|_| self.skip())
    }

    /// Begins a map. Its values are read with [`Self::field`].
    #[inline(never)]
    pub(crate) fn map(&mut self) -> Result<Keys, Invalid> {
        let length = self.input.map();
        let left = self.checked(length)?;
        let left = left.ok_or_else(|| self.invalid(format_args!("a map does not tell its length")))?;
        Ok(Keys { left, last: None, is_open: false })
    }

    /// Reads the value of a key, or assumes it if the key is missing. Skips smaller keys, which are not known.
    #[inline(never)]
    pub(crate) fn field<T: FromCbor>(&mut self, keys: &mut Keys, key: u64, name: &str) -> Result<T, Invalid> {
        if self.find(keys, key)? {
            T::read(self).map_err(|invalid| self.within(name, invalid))
        } else {
            T::assumed().ok_or_else(|| self.missing(name))
        }
    }

    /// Ends a map: skips the keys that are not known.
    #[inline(never)]
    pub(crate) fn end_map(&mut self, mut keys: Keys) -> Result<(), Invalid> {
        while self.next_key(&mut keys)?.is_some() {
            self.skip_value(&mut keys)?;
        }
        Ok(())
    }

    /// Reads on until this key, or until it must be missing: true if its value is next.
    #[inline(never)]
    fn find(&mut self, keys: &mut Keys, key: u64) -> Result<bool, Invalid> {
        while let Some(next) = self.next_key(keys)? {
            if next >= key {
                keys.is_open = next > key;
                return Ok(next == key);
            }
            self.skip_value(keys)?;
        }
        Ok(false)
    }

    /// The key whose value is next.
    fn next_key(&mut self, keys: &mut Keys) -> Result<Option<u64>, Invalid> {
        if keys.is_open {
            return Ok(keys.last);
        }
        let Some(left) = keys.left.checked_sub(1) else { return Ok(None) };
        let key = self.number()?;
        if let Some(last) = keys.last.filter(|last| *last >= key) {
            return Err(self.invalid(format_args!("the key {key} follows {last}")));
        }
        *keys = Keys { left, last: Some(key), is_open: true };
        Ok(Some(key))
    }

    fn skip_value(&mut self, keys: &mut Keys) -> Result<(), Invalid> {
        keys.is_open = false;
        self.skip()
    }

    fn skip(&mut self) -> Result<(), Invalid> {
        let skipped = self.input.skip();
        self.checked(skipped)
    }

    /// The number of bytes that are not read yet.
    fn left(&self) -> usize {
        self.input.input().len().saturating_sub(self.input.position())
    }

    fn checked<T>(&mut self, result: Result<T, impl Display>) -> Result<T, Invalid> {
        result.map_err(|why| self.invalid(format_args!("{why}")))
    }

    #[cold]
    fn missing(&mut self, name: &str) -> Invalid {
        self.invalid(format_args!("{name}: it is missing"))
    }

    /// Adds where it is wrong.
    #[cold]
    fn within(&mut self, name: &str, Invalid: Invalid) -> Invalid {
        self.fault = format!("{name}: {}", self.fault);
        Invalid
    }
}
