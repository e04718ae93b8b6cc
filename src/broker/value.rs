//! Answers of the broker (RESP2): bytes to values.

use std::io::{BufRead, Read};
use std::str::FromStr;

use super::error::BrokerError;

/// Most bytes of an answer. Snapshots are the largest.
const ANSWER_BYTES: usize = 256 * 1024 * 1024;

/// Most bytes of a line: a number, or a refusal.
const LINE_BYTES: u64 = 64 * 1024;

/// Most lists inside each other.
const DEPTH: usize = 8;

/// Least memory counted for an element of a list, in bytes, so that a list of empty ones is limited, too.
const ELEMENT_BYTES: usize = size_of::<Value>();

/// An answer. A map is a list of keys and values in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Nil,
    /// A number.
    Integer(i64),
    /// Bytes or a text.
    Bytes(Vec<u8>),
    /// Several values.
    List(Vec<Value>),
}

impl Value {
    /// `None` if there is nothing.
    pub fn optional(self) -> Option<Self> {
        if self == Self::Nil { None } else { Some(self) }
    }

    /// A number, or a text that is one.
    pub fn number<N: TryFrom<i64> + FromStr>(&self) -> Result<N, BrokerError> {
        let number = match self {
            Self::Integer(number) => N::try_from(*number).ok(),
            Self::Bytes(_) => self.text()?.parse().ok(),
            Self::Nil | Self::List(_) => None,
        };
        number.ok_or_else(|| unexpected("a number"))
    }

    /// Bytes.
    pub fn bytes(&self) -> Result<&[u8], BrokerError> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(unexpected("bytes")) }
    }

    /// Bytes that are a text.
    pub fn text(&self) -> Result<&str, BrokerError> {
        str::from_utf8(self.bytes()?).map_err(|_| unexpected("a text"))
    }

    /// Bytes.
    pub fn into_bytes(self) -> Result<Vec<u8>, BrokerError> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(unexpected("bytes")) }
    }

    /// Several values.
    pub fn into_list(self) -> Result<Vec<Self>, BrokerError> {
        if let Self::List(values) = self { Ok(values) } else { Err(unexpected("a list")) }
    }

    /// A list of this many values.
    pub fn into_array<const N: usize>(self) -> Result<[Self; N], BrokerError> {
        <[Self; N]>::try_from(self.into_list()?).map_err(|_| unexpected("a list of another length"))
    }
}

fn unexpected(what: &str) -> BrokerError {
    BrokerError::broken(format_args!("the broker's answer is not {what}"))
}

/// Reads an answer.
pub(super) fn read_value(input: &mut impl BufRead) -> Result<Value, BrokerError> {
    Reading { input, left: ANSWER_BYTES }.value(DEPTH)
}

struct Reading<'a, R> {
    input: &'a mut R,
    /// How many more bytes the answer may have.
    left: usize,
}

impl<R: BufRead> Reading<'_, R> {
    fn value(&mut self, depth: usize) -> Result<Value, BrokerError> {
        let line = self.line()?;
        let (kind, rest) = line.split_first().ok_or_else(nonsense)?;
        match kind {
            b'+' => Ok(Value::Bytes(rest.to_vec())),
            b'-' if depth == DEPTH => Err(BrokerError::refused(rest)),
            b':' => Ok(Value::Integer(number(rest)?)),
            b'$' => match number(rest)? {
                -1 => Ok(Value::Nil),
                length => self.bytes(usize::try_from(length).map_err(|_| nonsense())?).map(Value::Bytes),
            },
            b'*' => match number(rest)? {
                -1 => Ok(Value::Nil),
                length => self.list(usize::try_from(length).map_err(|_| nonsense())?, depth),
            },
            _ => Err(nonsense()),
        }
    }

    fn list(&mut self, length: usize, depth: usize) -> Result<Value, BrokerError> {
        let depth = depth.checked_sub(1).ok_or_else(nonsense)?;
        let mut values = Vec::new();
        for _ in 0..length {
            self.take(ELEMENT_BYTES)?;
            values.push(self.value(depth)?);
        }
        Ok(Value::List(values))
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, BrokerError> {
        self.take(length)?;
        let mut bytes = Vec::new();
        // Memory is taken as bytes arrive, whatever length was announced.
        let mut input = self.input.take(length as u64 + 2);
        input.read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() != length + 2 {
            return Err(ended());
        }
        bytes.strip_suffix(b"\r\n").ok_or_else(nonsense)?;
        bytes.truncate(length);
        Ok(bytes)
    }

    fn line(&mut self) -> Result<Vec<u8>, BrokerError> {
        let mut line = Vec::new();
        self.input.take(LINE_BYTES).read_until(b'\n', &mut line).map_err(broken)?;
        if line.is_empty() {
            return Err(ended());
        }
        let length = line.strip_suffix(b"\r\n").ok_or_else(nonsense)?.len();
        line.truncate(length);
        Ok(line)
    }

    fn take(&mut self, bytes: usize) -> Result<(), BrokerError> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or_else(|| BrokerError::broken("the broker's answer is too long"))?;
        Ok(())
    }
}

fn number(text: &[u8]) -> Result<i64, BrokerError> {
    str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or_else(nonsense)
}

fn nonsense() -> BrokerError {
    BrokerError::broken("it does not speak the protocol of Redis")
}

fn ended() -> BrokerError {
    BrokerError::broken("the broker has closed the connection")
}

/// Names the reason for which reading or writing has failed.
pub(super) fn broken(error: std::io::Error) -> BrokerError {
    match error.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => {
            BrokerError::broken("the broker does not answer in time")
        }
        _ => BrokerError::broken(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut bytes: &[u8]) -> Result<Value, BrokerError> {
        read_value(&mut bytes)
    }

    #[test]
    fn each_kind_of_answer_is_read() {
        let list = b"*5\r\n:-7\r\n$2\r\n\r\n\r\n+OK\r\n$-1\r\n*0\r\n";
        let values = [
            Value::Integer(-7),
            Value::Bytes(b"\r\n".to_vec()),
            Value::Bytes(b"OK".to_vec()),
            Value::Nil,
            Value::List(Vec::new()),
        ];
        assert_eq!(read(list), Ok(Value::List(values.to_vec())));
        assert_eq!(read(b"*-1\r\n"), Ok(Value::Nil));
        let refused = read(b"-NOSCRIPT No matching script\r\n").expect_err("it refuses");
        assert!(refused.has_code("NOSCRIPT"));
        assert_eq!(refused.to_string(), "it refuses: NOSCRIPT No matching script");
    }

    #[test]
    fn answers_that_are_cut_or_make_no_sense_break_the_connection() {
        let whole = b"*2\r\n:1\r\n$3\r\nabc\r\n";
        for cut in 0..whole.len() {
            assert!(matches!(read(&whole[..cut]), Err(BrokerError::Broken(_))), "{cut}");
        }
        let nested = [&b"*1\r\n".repeat(DEPTH + 1)[..], b":1\r\n"].concat();
        let many = format!("*{}\r\n{}", i64::MAX, ":1\r\n");
        for odd in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b":\r\n",
            b":1\n",
            b"$-2\r\n",
            b"$9999999999999\r\nabc",
            b"$1\r\nabc\r\n",
            b"*1\r\n-ERR nested\r\n",
            &nested,
            many.as_bytes(),
        ] {
            assert!(matches!(read(odd), Err(BrokerError::Broken(_))), "{:?}", String::from_utf8_lossy(odd));
        }
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let endless = vec![b'+'; 2 * LINE_BYTES as usize];
        assert!(matches!(read(&endless), Err(BrokerError::Broken(_))));
    }

    #[test]
    fn a_value_of_another_kind_is_an_error() {
        assert_eq!(Value::Bytes(b"42".to_vec()).number(), Ok(42_u64));
        assert_eq!(Value::Integer(42).number(), Ok(42_u8));
        assert!(Value::Integer(-1).number::<u64>().is_err());
        assert!(Value::Bytes(b"x".to_vec()).number::<u64>().is_err());
        assert!(Value::Bytes(vec![0xFF]).text().is_err());
        assert!(Value::Nil.into_list().is_err());
        assert!(Value::List(vec![Value::Nil]).into_array::<2>().is_err());
        assert_eq!(Value::Nil.optional(), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_arrives_is_a_value_or_an_error(
            bytes in "([-+:$*]?[0-9-]{0,3}\r?\n?[a-z]{0,2}){0,20}",
        ) {
            _ = read(bytes.as_bytes());
        }
    }
}
