//! What a line means by itself.

use crate::client::{Manner, Request};

/// The request in a line from a pipe: a whisper, or else a text for `room`, whatever it begins with.
pub(super) fn piped(line: &str, room: Option<&str>) -> Request {
    match textbook_whisper(line).or_else(|| line.strip_prefix("/msg ").and_then(msg)) {
        Some((to, text)) => {
            Request::Whisper { to: to.to_owned(), text: text.to_owned(), manner: Manner::Message }
        }
        None => {
            let room = room.map(str::to_owned);
            Request::Say { room, text: line.to_owned(), manner: Manner::Message }
        }
    }
}

/// Splits `//bob:hello`, as in the textbook's clients, into addressee and text. Unlike them, keeps what follows a
/// second colon.
pub(super) fn textbook_whisper(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("//")?.split_once(':').filter(|(to, _)| is_word(to))
}

/// True for yes, false for no; `None` for any other line.
pub(super) fn yes_or_no(line: &str) -> Option<bool> {
    match line.trim().to_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        _ => None,
    }
}

fn msg(rest: &str) -> Option<(&str, &str)> {
    rest.split_once(' ').filter(|(to, text)| is_word(to) && !text.is_empty())
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && !name.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_whisper_are_understood() {
        let whisper =
            Request::Whisper { to: "bob".into(), text: "see: this".into(), manner: Manner::Message };
        assert_eq!(piped("//bob:see: this", None), whisper);
        assert_eq!(piped("/msg bob see: this", None), whisper);
    }

    #[test]
    fn every_line_that_is_no_whisper_is_said() {
        for line in ["", "/quit", "/me waves", "/usr/bin/x: no", "/msg bob", "// a comment: see", "//"] {
            let said = Request::Say { room: Some("#a".into()), text: line.into(), manner: Manner::Message };
            assert_eq!(piped(line, Some("#a")), said);
        }
    }
}
