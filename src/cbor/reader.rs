use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error;

use super::FromCbor;

/// Bytes from which values are read.
#[derive(Debug)]
pub(crate) struct Reader<'a>(Decoder<'a>);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// Checks that all bytes are read.
    pub(crate) fn end(&self) -> Result<(), String> {
        match self.left() {
            0 => Ok(()),
            left => Err(format!("{left} bytes are left behind the value")),
        }
    }

    /// The number of bytes that are not read yet.
    pub(crate) fn left(&self) -> usize {
        self.0.input().len().saturating_sub(self.0.position())
    }

    /// Reads a null if there is one.
    pub(crate) fn is_null(&mut self) -> Result<bool, String> {
        let is_null = self.0.datatype().map_err(told)? == Type::Null;
        if is_null {
            self.0.null().map_err(told)?;
        }
        Ok(is_null)
    }

    pub(crate) fn bool(&mut self) -> Result<bool, String> {
        self.0.bool().map_err(told)
    }

    pub(crate) fn number(&mut self) -> Result<u64, String> {
        self.0.u64().map_err(told)
    }

    pub(crate) fn signed(&mut self) -> Result<i64, String> {
        self.0.i64().map_err(told)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, String> {
        self.0.str().map_err(told)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], String> {
        self.0.bytes().map_err(told)
    }

    /// Begins a list: the number of its values.
    pub(crate) fn array(&mut self) -> Result<u64, String> {
        self.0.array().map_err(told)?.ok_or_else(|| "a list does not tell its length".to_owned())
    }

    /// Reads a list of at least `known` values, with `read`, and skips the others, which a newer node has added.
    pub(crate) fn tuple<T>(
        &mut self,
        known: u64,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        let length = self.array()?;
        let more = length.checked_sub(known).ok_or_else(|| format!("{length} values instead of {known}"))?;
        let value = read(self)?;
        (0..more).try_for_each(|_| self.skip())?;
        Ok(value)
    }

    /// Reads a map: `field` reads the value of a key, or skips it.
    pub(crate) fn map(
        &mut self,
        mut field: impl FnMut(u64, &mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        let keys = self.0.map().map_err(told)?.ok_or("a map does not tell its length")?;
        for _ in 0..keys {
            let key = self.number()?;
            field(key, self)?;
        }
        Ok(())
    }

    /// Reads the value of a key.
    pub(crate) fn field<T: FromCbor>(&mut self, name: &str, value: &mut Option<T>) -> Result<(), String> {
        if value.is_some() {
            return Err(format!("{name}: it is there twice"));
        }
        *value = Some(T::read(self).map_err(|why| format!("{name}: {why}"))?);
        Ok(())
    }

    /// Skips the value of a key that is not known.
    pub(crate) fn skip(&mut self) -> Result<(), String> {
        self.0.skip().map_err(told)
    }
}

/// The value of a key, or what is assumed if it is missing.
pub(crate) fn found<T: FromCbor>(name: &str, value: Option<T>) -> Result<T, String> {
    value.or_else(T::assumed).ok_or_else(|| format!("{name}: it is missing"))
}

fn told(error: Error) -> String {
    error.to_string()
}
