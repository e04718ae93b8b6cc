//! Splits a text into pieces that each fit in one message.

use super::line::ends_a_line;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Empty for a blank line.
    pub text: &'a str,
    /// Continues the line of the piece before, which was too long.
    pub continues: bool,
}

/// Splits `text` into messages of at most `room` bytes: at bytes not allowed in messages, and between words or at least
/// between characters where a line is too long. Omits empty parts.
pub fn split_text(text: &str, room: usize) -> impl Iterator<Item = &str> {
    split_lines(text, room).map(|piece| piece.text).filter(|text| !text.is_empty())
}

/// Splits `text` like [`split_text`], and keeps blank lines except at the end.
pub fn split_lines(text: &str, room: usize) -> impl Iterator<Item = Piece<'_>> + Clone {
    let text = text.trim_end_matches(['\r', '\n', '\0']);
    let (mut rest, mut continues) = (Some(text), false);
    std::iter::from_fn(move || {
        let text = rest?;
        // Search no further than one message, because a long text has many.
        let line = text.bytes().take(room.saturating_add(1)).position(ends_a_line);
        let end = line.unwrap_or_else(|| if text.len() <= room { text.len() } else { last_end(text, room) });
        let (piece, after) = text.split_at(end);
        let piece = Piece { text: piece, continues };
        continues = !after.starts_with(['\r', '\n', '\0']);
        rest = Some(if continues { after } else { after_break(after) }).filter(|rest| !rest.is_empty());
        Some(piece)
    })
}

/// The text after a line break, which may have two bytes.
fn after_break(text: &str) -> &str {
    text.strip_prefix("\r\n").unwrap_or(&text[1..])
}

/// Where to end a piece of a longer line: after the last space, so that no word is split, unless the piece would be less
/// than half of what fits.
fn last_end(text: &str, room: usize) -> usize {
    let end = text.floor_char_boundary(room);
    if end == 0 {
        // Not even one character fits: exceed the limit rather than loop forever.
        return text.chars().next().map_or(0, char::len_utf8);
    }
    let half = end / 2;
    let space = text.as_bytes()[half..end].iter().rposition(|&byte| byte == b' ');
    space.map_or(end, |space| half + space + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_split_between_characters_and_at_newlines_without_loss() {
        let text = "好".repeat(100) + "\r\n\nsecond\n";
        let pieces: Vec<_> = split_text(&text, 40).collect();
        assert!(pieces.iter().all(|piece| piece.len() <= 40));
        assert_eq!(pieces.concat(), text.replace(['\r', '\n'], ""));
        assert_eq!(pieces.last(), Some(&"second"));
        assert_eq!(split_text("好好", 1).collect::<Vec<_>>(), ["好", "好"]);
        assert_eq!(split_text("", 9).count(), 0);
    }

    #[test]
    fn a_long_line_is_split_after_a_space_if_the_piece_is_at_least_half_full() {
        let split = |text, room| split_text(text, room).collect::<Vec<_>>();
        assert_eq!(split("one two three", 9), ["one two ", "three"]);
        assert_eq!(split("one two three", 8), ["one two ", "three"]);
        assert_eq!(split("one twothree", 9), ["one twoth", "ree"]);
        assert_eq!(split("one two", 7), ["one two"]);
    }

    #[test]
    fn blank_lines_and_continued_lines_are_told_apart() {
        let split = |text, room| {
            let pieces = split_lines(text, room).map(|piece| (piece.text, piece.continues));
            pieces.collect::<Vec<_>>()
        };
        assert_eq!(split("a\r\n\nb\n\n", 9), [("a", false), ("", false), ("b", false)]);
        assert_eq!(split("abcd\nefghi\nj", 4), [("abcd", false), ("efgh", false), ("i", true), ("j", false)]);
        assert_eq!(split("\na\0b", 9), [("", false), ("a", false), ("b", false)]);
        assert_eq!(split("\n\r\n", 9), [("", false)]);
        assert_eq!(split("好\nx", 1), [("好", false), ("x", false)]);
    }
}
