//! Writes one IRC line. The result is always one line with the intended parameters: text ends at its first CR, LF or
//! NUL, an invalid parameter becomes `*`, and a long line is cut between characters.

use std::fmt;
use std::io::Write as _;

use super::LINE_BYTES;
use super::tags::escape;

/// A line under construction at the end of a buffer: tags, source, command, parameters, in this order.
#[derive(Debug)]
pub struct Line<'a> {
    out: &'a mut Vec<u8>,
    /// Where the line starts after its tags. The length limit applies from here.
    start: usize,
    tagged: bool,
}

impl<'a> Line<'a> {
    /// Begins a line at the end of `out`.
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start, tagged: false }
    }

    /// Adds a tag. Escapes `value`; an empty value is omitted.
    pub fn tag(&mut self, key: &str, value: &str) {
        self.key(key);
        if !value.is_empty() {
            self.out.push(b'=');
            escape(value, self.out);
        }
    }

    /// Adds a tag whose value needs no escaping, such as a date or id.
    pub fn plain_tag(&mut self, key: &str, value: impl fmt::Display) {
        self.key(key);
        // Writing to a `Vec` does not fail.
        write!(self.out, "={value}").ok();
    }

    /// Adds a tag whose value is already escaped. Drops CR, LF and NUL, which are not allowed in tags.
    pub fn raw_tag(&mut self, key: &str, value: &str) {
        self.key(key);
        if !value.is_empty() {
            self.out.push(b'=');
            self.raw(value);
        }
    }

    fn key(&mut self, key: &str) {
        self.out.push(if self.tagged { b';' } else { b'@' });
        self.tagged = true;
        self.raw(key);
    }

    fn raw(&mut self, text: &str) {
        let pieces = text.as_bytes().split(|&byte| ends_a_line(byte));
        pieces.for_each(|piece| self.out.extend_from_slice(piece));
    }

    fn end_tags(&mut self) {
        if self.tagged {
            self.out.push(b' ');
            self.tagged = false;
            self.start = self.out.len();
        }
    }

    /// Adds the source, who sent the message.
    pub fn source(&mut self, source: &str) {
        self.end_tags();
        self.out.push(b':');
        self.word(source);
        self.out.push(b' ');
    }

    /// Adds the command or numeric.
    pub fn command(&mut self, command: &str) {
        self.end_tags();
        self.word(command);
    }

    /// Adds a parameter that is one word. Writes `*` if it is not a word or too long, because a part of it would be
    /// another word.
    pub fn param(&mut self, param: &str) {
        let param = if self.is_word(param) { param } else { "*" };
        self.out.push(b' ');
        self.out.extend_from_slice(param.as_bytes());
    }

    /// Adds a number as a parameter.
    pub fn number(&mut self, number: impl fmt::Display) {
        self.param(&number.to_string());
    }

    /// Adds the last parameter: named values, escaped as in tags.
    pub fn attributes(&mut self, attributes: &[(&str, &str)]) {
        for (n, (key, value)) in attributes.iter().enumerate() {
            self.out.push(if n == 0 { b' ' } else { b';' });
            self.raw(key);
            self.out.push(b'=');
            escape(value, self.out);
        }
    }

    /// Adds the last parameter, which may be empty or contain spaces.
    pub fn trailing(&mut self, text: &str) {
        self.out.extend_from_slice(b" :");
        self.out.extend_from_slice(until(text, ends_a_line));
    }

    /// Adds the last parameter, with a colon only if it needs one.
    pub fn last(&mut self, text: &str) {
        if self.is_word(text) {
            self.param(text);
        } else {
            self.trailing(text);
        }
    }

    /// Adds parameters in wire form, spaces and colons included.
    pub fn rest(&mut self, params: &str) {
        self.out.push(b' ');
        self.out.extend_from_slice(until(params, ends_a_line));
    }

    /// Ends the line: cuts it to its limit and adds CR LF.
    pub fn end(self) {
        let most = self.start + LINE_BYTES - 2;
        if self.out.len() > most {
            let end = (self.start..=most).rev().find(|&end| !is_continuation(self.out[end]));
            self.out.truncate(end.unwrap_or(most));
        }
        self.out.extend_from_slice(b"\r\n");
    }

    /// How many bytes of text a `trailing` can still have.
    pub fn room(&self) -> usize {
        (self.start + LINE_BYTES - 2).saturating_sub(self.out.len() + " :".len())
    }

    /// True when `text` fits and needs no colon as a parameter.
    fn is_word(&self, text: &str) -> bool {
        let fits = text.len() <= self.room() + 1;
        fits && !text.is_empty() && !text.starts_with(':') && !text.bytes().any(ends_a_word)
    }

    fn word(&mut self, word: &str) {
        let word = until(word, ends_a_word);
        if word.is_empty() || word[0] == b':' {
            self.out.push(b'*');
        }
        self.out.extend_from_slice(word);
    }
}

/// True for bytes not allowed in messages (RFC 2812 §2.3.1).
pub(super) fn ends_a_line(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0)
}

fn ends_a_word(byte: u8) -> bool {
    byte == b' ' || ends_a_line(byte)
}

fn until(text: &str, ends: impl Fn(u8) -> bool) -> &[u8] {
    let bytes = text.as_bytes();
    &bytes[..bytes.iter().position(|&byte| ends(byte)).unwrap_or(bytes.len())]
}

/// True for a UTF-8 byte inside a character.
fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(write: impl FnOnce(&mut Line<'_>)) -> String {
        let mut out = Vec::new();
        let mut line = Line::begin(&mut out);
        write(&mut line);
        line.end();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_has_tags_source_command_and_parameters() {
        let text = line(|line| {
            line.tag("time", "now;");
            line.raw_tag("+x", "a\\sb");
            line.raw_tag("+y\r\n", "a\rQUIT\0\n");
            line.tag("bot", "");
            line.source("a!b@c");
            line.command("PRIVMSG");
            line.param("#tea");
            line.trailing("hi there");
        });
        assert_eq!(text, "@time=now\\:;+x=a\\sb;+y=aQUIT;bot :a!b@c PRIVMSG #tea :hi there\r\n");
    }

    #[test]
    fn no_parameter_makes_a_second_line_or_a_second_parameter() {
        let text = line(|line| {
            line.command("X");
            line.param("a\r\nQUIT");
            line.param("b c");
            line.param("");
            line.param(":d");
            line.trailing("e\nQUIT :f");
        });
        assert_eq!(text, "X * * * * :e\r\n");
    }

    #[test]
    fn a_parameter_is_shown_whole_or_not_at_all() {
        for (length, param) in [(508, "x".repeat(508)), (509, "*".into()), (600, "*".into())] {
            let text = line(|line| {
                line.command("X");
                line.param(&"x".repeat(length));
            });
            assert_eq!(text, format!("X {param}\r\n"));
        }
    }

    #[test]
    fn long_lines_are_cut_between_characters_and_tags_do_not_count() {
        for shift in 0..4 {
            let text = line(|line| {
                line.tag("k", &"v".repeat(600));
                line.command("X");
                line.trailing(&("x".repeat(shift) + &"好".repeat(300)));
            });
            let (_, proper) = text.split_once(' ').unwrap();
            assert!(proper.len() <= 512 && proper.len() > 508, "{}", proper.len());
            assert!(proper.ends_with("好\r\n"));
        }
    }
}
