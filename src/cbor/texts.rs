//! Texts and names.

use std::sync::Arc;

use super::{FromCbor, Invalid, Reader, ToCbor, Writer};
use crate::name::{RoomName, UserName};
use crate::network::{Network, NetworkError};

/// Longest text, in bytes: twice the longest frame of a peer, because the server adds some words.
const TEXT_BYTES: usize = 2 * 1024 * 1024;

/// The characters that no line contains.
const OF_NO_LINE: [char; 2] = ['\n', '\0'];

/// A text that may have several lines.
#[derive(Debug)]
pub(crate) struct Lines<T>(pub(crate) T);

impl<T: AsRef<str>> ToCbor for Lines<T> {
    fn is_assumed(&self) -> bool {
        self.0.as_ref().is_empty()
    }

    fn write(&self, out: &mut Writer) {
        out.text(self.0.as_ref());
    }
}

impl FromCbor for Lines<String> {
    fn assumed() -> Option<Self> {
        Some(Self(String::new()))
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        text(input).map(|text| Self(text.into()))
    }
}

/// Reads a text without newlines and NULs, as those of commands are. It may contain other control characters.
#[inline(never)]
fn line<'a>(input: &mut Reader<'a>) -> Result<&'a str, Invalid> {
    let text = text(input)?;
    if text.contains(OF_NO_LINE) {
        return Err(input.invalid(format_args!("a text of one line has several, or a NUL")));
    }
    Ok(text)
}

fn text<'a>(input: &mut Reader<'a>) -> Result<&'a str, Invalid> {
    let text = input.text()?;
    if text.len() > TEXT_BYTES {
        return Err(input.invalid(format_args!("a text has {} bytes, more than {TEXT_BYTES}", text.len())));
    }
    Ok(text)
}

/// As a line, whatever the text is: readers would refuse the whole value.
impl ToCbor for str {
    fn is_assumed(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, out: &mut Writer) {
        if self.contains(OF_NO_LINE) {
            out.text(&self.replace(OF_NO_LINE, " "));
        } else {
            out.text(self);
        }
    }
}

/// A borrowed text, as a field of a map.
impl ToCbor for &str {
    fn is_assumed(&self) -> bool {
        str::is_assumed(self)
    }

    fn write(&self, out: &mut Writer) {
        str::write(self, out);
    }
}

/// Implements texts of one line.
macro_rules! text {
    ($($type:ty),*) => { $(
        impl ToCbor for $type {
            fn is_assumed(&self) -> bool {
                str::is_assumed(self)
            }

            fn write(&self, out: &mut Writer) {
                str::write(self, out);
            }
        }

        impl FromCbor for $type {
            fn assumed() -> Option<Self> {
                Some("".into())
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
                line(input).map(Into::into)
            }
        }
    )* };
}

text!(String, Box<str>, Arc<str>);

/// Implements names, which are checked as if a peer had sent them.
macro_rules! name {
    ($($type:ty),*) => { $(
        impl ToCbor for $type {
            fn write(&self, out: &mut Writer) {
                out.text(self.as_str());
            }
        }

        impl FromCbor for $type {
            fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
                Self::new(input.text()?).map_err(|why| input.invalid(format_args!("{why}")))
            }
        }
    )* };
}

name!(UserName, RoomName);

impl ToCbor for Network {
    fn write(&self, out: &mut Writer) {
        out.text(&self.to_string());
    }
}

impl FromCbor for Network {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        input.text()?.parse().map_err(|why: NetworkError| input.invalid(format_args!("{why}")))
    }
}
