use std::borrow::Cow;

use super::{Line, Tags};

/// A parsed IRC message. It borrows from the line; only the list of parameters is allocated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The tags.
    pub tags: Tags<'a>,
    /// The sender; servers ignore it in messages from clients.
    pub source: Option<&'a str>,
    /// The command or numeric, in its original letter case.
    pub command: &'a str,
    /// The parameters; the trailing one without its colon.
    pub params: Vec<&'a str>,
}

/// A line without a command. Empty lines are common, and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCommand;

impl<'a> Message<'a> {
    /// Parses a line without its CR LF.
    pub fn decode(line: &'a str) -> Result<Self, NoCommand> {
        let mut rest = line.trim_start_matches(' ');
        let mut tags = Tags::default();
        if let Some(tagged) = rest.strip_prefix('@') {
            let (text, after) = word(tagged);
            (tags, rest) = (Tags(text), after);
        }
        let mut source = None;
        if let Some(sourced) = rest.strip_prefix(':') {
            let (text, after) = word(sourced);
            (source, rest) = (Some(text), after);
        }
        let (command, mut rest) = word(rest);
        if command.is_empty() || command.starts_with([':', '@']) {
            return Err(NoCommand);
        }
        let mut params = Vec::new();
        while !rest.is_empty() {
            if let Some(trailing) = rest.strip_prefix(':') {
                params.push(trailing);
                break;
            }
            let (param, after) = word(rest);
            params.push(param);
            rest = after;
        }
        Ok(Self { tags, source, command, params })
    }

    /// Appends the message as a line, CR LF included, to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut line = Line::begin(out);
        for (key, value) in self.tags.iter() {
            line.tag(key, &value);
        }
        if let Some(source) = self.source {
            line.source(source);
        }
        line.command(self.command);
        match self.params.split_last() {
            None => {}
            Some((last, middle)) => {
                middle.iter().for_each(|param| line.param(param));
                line.last(last);
            }
        }
        line.end();
    }
}

/// Removes CRs from the end of a line without its LF, because some clients send several, and NULs anywhere, which are
/// not allowed in messages (RFC 2812 §2.3.1).
pub fn without_line_end(line: &[u8]) -> Cow<'_, [u8]> {
    let mut line = Cow::Borrowed(line);
    if line.contains(&0) {
        line.to_mut().retain(|&byte| byte != 0);
    }
    let length = line.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
    match line {
        Cow::Borrowed(line) => Cow::Borrowed(&line[..length]),
        Cow::Owned(mut line) => {
            line.truncate(length);
            Cow::Owned(line)
        }
    }
}

/// The first word, and the text after the spaces that follow it.
fn word(text: &str) -> (&str, &str) {
    match text.split_once(' ') {
        Some((word, rest)) => (word, rest.trim_start_matches(' ')),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn crs_before_the_line_feed_and_nuls_anywhere_are_removed() {
        for (line, text) in [
            ("NICK u5", "NICK u5"),
            ("NICK u5\r", "NICK u5"),
            ("NICK u5\r\r\r", "NICK u5"),
            ("NICK u5\0\r", "NICK u5"),
            ("NI\0CK u5\r\0\r\0", "NICK u5"),
            ("AWAY :a\rb\r", "AWAY :a\rb"),
            ("\r\r", ""),
            ("\0", ""),
            ("", ""),
        ] {
            assert_eq!(&*without_line_end(line.as_bytes()), text.as_bytes(), "{line:?}");
        }
    }

    /// Tags, source, command, parameters.
    type Parts<'a> = (Vec<(String, String)>, Option<&'a str>, &'a str, Vec<&'a str>);
    type Vector = (
        &'static str,
        &'static [(&'static str, &'static str)],
        Option<&'static str>,
        &'static str,
        &'static [&'static str],
    );

    fn decode(line: &str) -> Parts<'_> {
        let message = Message::decode(line).unwrap();
        let tags = message.tags.iter().map(|(key, value)| (key.to_owned(), value.into_owned()));
        (tags.collect(), message.source, message.command, message.params)
    }

    /// Cases from the public parser tests (ircdocs/parser-tests, `msg-split`).
    #[test]
    fn the_public_parser_vectors_are_parsed_as_specified() {
        let cases: &[Vector] = &[
            ("foo bar baz asdf", &[], None, "foo", &["bar", "baz", "asdf"]),
            (":coolguy foo bar baz asdf", &[], Some("coolguy"), "foo", &["bar", "baz", "asdf"]),
            ("foo bar baz :asdf quux", &[], None, "foo", &["bar", "baz", "asdf quux"]),
            ("foo bar baz :", &[], None, "foo", &["bar", "baz", ""]),
            ("foo bar baz ::asdf", &[], None, "foo", &["bar", "baz", ":asdf"]),
            (
                ":coolguy foo bar baz :  asdf quux ",
                &[],
                Some("coolguy"),
                "foo",
                &["bar", "baz", "  asdf quux "],
            ),
            (":coolguy PRIVMSG bar :lol :) ", &[], Some("coolguy"), "PRIVMSG", &["bar", "lol :) "]),
            (":coolguy foo bar baz :  ", &[], Some("coolguy"), "foo", &["bar", "baz", "  "]),
            (
                "@a=b;c=32;k;rt=ql7 foo",
                &[("a", "b"), ("c", "32"), ("k", ""), ("rt", "ql7")],
                None,
                "foo",
                &[],
            ),
            (
                "@a=b\\\\and\\nk;c=72\\s45;d=gh\\:764 foo",
                &[("a", "b\\and\nk"), ("c", "72 45"), ("d", "gh;764")],
                None,
                "foo",
                &[],
            ),
            ("@c;h=;a=b :quux ab cd", &[("c", ""), ("h", ""), ("a", "b")], Some("quux"), "ab", &["cd"]),
            (":src JOIN #chan", &[], Some("src"), "JOIN", &["#chan"]),
            (":src JOIN :#chan", &[], Some("src"), "JOIN", &["#chan"]),
            (":src AWAY", &[], Some("src"), "AWAY", &[]),
            (":src AWAY ", &[], Some("src"), "AWAY", &[]),
            (":cool\tguy foo bar baz", &[], Some("cool\tguy"), "foo", &["bar", "baz"]),
            (
                ":coolguy!ag@net\x035w\x03ork.admin PRIVMSG foo :bar baz",
                &[],
                Some("coolguy!ag@net\x035w\x03ork.admin"),
                "PRIVMSG",
                &["foo", "bar baz"],
            ),
            (
                "@tag1=value1;tag2;vendor1/tag3=value2;vendor2/tag4= :irc.example.com COMMAND param1 param2 :p3 p3",
                &[("tag1", "value1"), ("tag2", ""), ("vendor1/tag3", "value2"), ("vendor2/tag4", "")],
                Some("irc.example.com"),
                "COMMAND",
                &["param1", "param2", "p3 p3"],
            ),
            ("COMMAND", &[], None, "COMMAND", &[]),
            ("@foo=\\\\\\\\\\:\\\\s\\s\\r\\n COMMAND", &[("foo", "\\\\;\\s \r\n")], None, "COMMAND", &[]),
            (
                ":gravel.mozilla.org 432  #momo :Erroneous Nickname: Illegal characters",
                &[],
                Some("gravel.mozilla.org"),
                "432",
                &["#momo", "Erroneous Nickname: Illegal characters"],
            ),
            (":gravel.mozilla.org MODE #tckk +n ", &[], Some("gravel.mozilla.org"), "MODE", &["#tckk", "+n"]),
            (
                ":services.esper.net MODE #foo-bar +o foobar  ",
                &[],
                Some("services.esper.net"),
                "MODE",
                &["#foo-bar", "+o", "foobar"],
            ),
            ("@tag1=value\\\\ntest COMMAND", &[("tag1", "value\\ntest")], None, "COMMAND", &[]),
            ("@tag1=value\\1 COMMAND", &[("tag1", "value1")], None, "COMMAND", &[]),
            ("@tag1=value1\\ COMMAND", &[("tag1", "value1")], None, "COMMAND", &[]),
            (
                "@tag1=1;tag2=3;tag3=4;tag1=5 COMMAND",
                &[("tag1", "1"), ("tag2", "3"), ("tag3", "4"), ("tag1", "5")],
                None,
                "COMMAND",
                &[],
            ),
            (":SomeOp MODE #channel :+i", &[], Some("SomeOp"), "MODE", &["#channel", "+i"]),
            (
                ":SomeOp MODE #channel +oo SomeUser :AnotherUser",
                &[],
                Some("SomeOp"),
                "MODE",
                &["#channel", "+oo", "SomeUser", "AnotherUser"],
            ),
        ];
        for (line, tags, source, command, params) in cases {
            let tags = tags.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
            assert_eq!(decode(line), (tags, *source, *command, params.to_vec()), "{line:?}");
        }
    }

    #[test]
    fn a_line_without_a_command_is_no_message() {
        for line in ["", " ", ":source", ":source ", "@tag", "@tag :source ", ": :x", "@= @x"] {
            assert_eq!(Message::decode(line), Err(NoCommand), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn decoding_an_encoded_message_gives_the_same_message(line in "[ @:;=\\\\a-z0-9é]{0,60}") {
            if let Ok(message) = Message::decode(&line) {
                let mut once = Vec::new();
                message.encode(&mut once);
                let text = std::str::from_utf8(&once).unwrap();
                let again = Message::decode(text.trim_end_matches("\r\n")).unwrap();
                prop_assert_eq!(&again.params, &message.params);
                prop_assert_eq!(again.command, message.command);
                let mut twice = Vec::new();
                again.encode(&mut twice);
                prop_assert_eq!(once, twice);
            }
        }

        #[test]
        fn no_text_makes_the_decoder_panic(line in "\\PC{0,80}") {
            let _ = Message::decode(&line);
        }
    }
}
