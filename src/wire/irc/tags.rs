//! Message tags (IRCv3 `message-tags`): `@key=value;key`, with values escaped.

use std::borrow::Cow;

/// The tags of a message as on the wire, without the leading `@`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tags<'a>(pub &'a str);

impl<'a> Tags<'a> {
    /// Keys and unescaped values, in order. A tag without a value has an empty one.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        self.raw().map(|(key, value)| (key, unescape(value)))
    }

    /// Keys and values as on the wire, in order.
    pub fn raw(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let tags = self.0.split(';').map(|tag| tag.split_once('=').unwrap_or((tag, "")));
        tags.filter(|(key, _)| !key.is_empty())
    }

    /// The unescaped value of `key`; the last if there are several.
    pub fn get(self, key: &str) -> Option<Cow<'a, str>> {
        self.iter().filter(|(found, _)| *found == key).last().map(|(_, value)| value)
    }
}

fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some(':') => plain.push(';'),
            Some('s') => plain.push(' '),
            Some('r') => plain.push('\r'),
            Some('n') => plain.push('\n'),
            // An invalid escape stands for its character, and one at the end for nothing.
            Some(other) => plain.push(other),
            None => {}
        }
    }
    Cow::Owned(plain)
}

/// Appends `value` in escaped form.
pub(super) fn escape(value: &str, out: &mut Vec<u8>) {
    let mut rest = value.as_bytes();
    while let Some(at) = rest.iter().position(|&byte| escaped(byte).is_some()) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(escaped(rest[at]).unwrap_or_default());
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// The escape sequence of a byte that must not occur in a value.
fn escaped(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b';' => Some(b"\\:"),
        b' ' => Some(b"\\s"),
        b'\\' => Some(b"\\\\"),
        b'\r' => Some(b"\\r"),
        b'\n' => Some(b"\\n"),
        0 => Some(b""),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unescaped_and_the_last_of_equal_keys_counts() {
        let tags = Tags(r"a=b\\and\nk;c=72\s45;d=gh\:764;e;f=\b\;a=last");
        let all: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(all, ["a=b\\and\nk", "c=72 45", "d=gh;764", "e=", "f=b", "a=last"]);
        assert_eq!(tags.get("a").as_deref(), Some("last"));
        assert_eq!(tags.get("e").as_deref(), Some(""));
        assert_eq!(tags.get("x"), None);
    }

    #[test]
    fn escaped_values_decode_to_the_same() {
        let value = "a;b c\\d\r\ne\\s";
        let mut bytes = Vec::new();
        escape(value, &mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains([';', ' ', '\r', '\n']));
        assert_eq!(Tags(&format!("k={text}")).get("k").as_deref(), Some(value));
    }
}
