//! Texts for people, made from what servers and other people send.

use crate::harmful::is_harmful;

/// A reason in brackets, if there is one.
pub(crate) fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}

/// The text of a refusal, after its subject if it does not name that.
pub(crate) fn refusal(about: Option<&str>, text: &str) -> String {
    match about {
        Some(about) if !text.contains(about) => format!("{about}: {text}"),
        Some(_) | None => text.to_owned(),
    }
}

/// The text of `ERROR` without its usual first words.
pub(crate) fn without_closing_link(text: &str) -> &str {
    const START: &str = "closing link: ";
    match text.get(..START.len()) {
        Some(start) if start.eq_ignore_ascii_case(START) => &text[START.len()..],
        Some(_) | None => text,
    }
}

/// Replaces every character of `text` that could control the terminal, begin a line, or change the direction of text.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_harmful(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_could_control_a_terminal_are_replaced() {
        assert_eq!(printable("\x1b[2J\u{9b}2J\rx\ty"), "\u{fffd}[2J\u{fffd}2J\u{fffd}x\ty");
        assert_eq!(printable("\x1b]0;x\x07"), "\u{fffd}]0;x\u{fffd}");
        assert_eq!(printable("a\u{202e}b\u{2066}c\u{2028}d"), "a\u{fffd}b\u{fffd}c\u{fffd}d");
        for mark in ['\u{200e}', '\u{200f}', '\u{061c}'] {
            assert_eq!(printable(&format!("a{mark}b")), "a\u{fffd}b", "{mark:?}");
        }
        for text in ["大家好", "שלום", "👩\u{200d}👧", "e\u{301}"] {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn a_refusal_names_its_subject_once() {
        assert_eq!(refusal(Some("bob"), "No such nick"), "bob: No such nick");
        assert_eq!(refusal(Some("bob"), "nobody here is called bob"), "nobody here is called bob");
        assert_eq!(without_closing_link("Closing Link: bye"), "bye");
        assert_eq!(because("late"), " (late)");
    }
}
