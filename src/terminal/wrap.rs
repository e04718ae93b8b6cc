//! Wraps lines for a terminal. Only the first row of a line begins at the left edge, so no text can imitate another
//! line.

/// Indent of all rows of a line but the first, in columns: the width of the time and a space.
const INDENT: usize = 6;

/// Columns of a tab, which is replaced by spaces.
const TAB: &str = "    ";

/// Wraps the line in rows of at most `columns`, at a space if there is one. Indents every row but the first.
pub(super) fn wrap(line: &str, columns: usize) -> String {
    let indent = INDENT.min(columns / 4).max(1);
    // Not even one wide character fits after an indent.
    if columns < indent + 2 {
        return line.to_owned();
    }
    let line = line.replace('\t', TAB);
    let mut rows = Rows { text: String::with_capacity(line.len()), used: 0, columns, indent };
    let mut rest = line.as_str();
    while let Some(c) = rest.chars().next() {
        let word = rest.find(' ').unwrap_or(rest.len());
        let end = if c == ' ' { rest.len() - rest.trim_start_matches(' ').len() } else { word };
        let (piece, behind) = rest.split_at(end);
        if behind.is_empty() && piece.starts_with(' ') && !rows.has_place_for(piece) {
            // No row consists only of spaces.
            break;
        }
        rows.add(piece);
        rest = behind;
    }
    rows.text
}

struct Rows {
    text: String,
    /// Columns used in the last row.
    used: usize,
    columns: usize,
    indent: usize,
}

impl Rows {
    /// True if a piece fits into the last row.
    fn has_place_for(&self, piece: &str) -> bool {
        self.used + width_of(piece) <= self.columns
    }

    /// Adds a word, or the spaces between two.
    fn add(&mut self, piece: &str) {
        let fits_alone = width_of(piece) <= self.columns - self.indent;
        let overflows = !self.has_place_for(piece);
        if overflows && piece.starts_with(' ') {
            // The next row begins after them.
            return self.next_row();
        }
        if overflows && fits_alone && self.used > self.indent {
            self.next_row();
        }
        for (unit, width) in Units(piece) {
            if self.used + width > self.columns {
                self.next_row();
            }
            self.text.push_str(unit);
            self.used += width;
        }
    }

    fn next_row(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', self.indent));
        self.used = self.indent;
    }
}

/// The characters and styles of a text, each with its largest width in columns.
struct Units<'a>(&'a str);

impl<'a> Iterator for Units<'a> {
    type Item = (&'a str, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let c = self.0.chars().next()?;
        // Escape sequences of other people are already removed.
        let style = self.0.strip_prefix("\x1b[").and_then(|rest| rest.find(char::is_alphabetic));
        let (length, width) = match style {
            Some(end) => ("\x1b[".len() + end + 1, 0),
            None => (c.len_utf8(), width(c)),
        };
        let (unit, rest) = self.0.split_at(length);
        self.0 = rest;
        Some((unit, width))
    }
}

/// The largest width of a text, in columns.
fn width_of(text: &str) -> usize {
    Units(text).map(|(_, width)| width).sum()
}

/// The largest width of a character, in columns. Terminals differ about combining marks and emoji, so those count in
/// full: a row may end early.
fn width(c: char) -> usize {
    match c {
        c if c.is_control() => 0,
        '\0'..'\u{1100}' | '\u{1e00}'..='\u{20cf}' => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows that a terminal shows.
    fn rows(line: &str, columns: usize) -> Vec<String> {
        wrap(line, columns).lines().map(str::to_owned).collect()
    }

    #[test]
    fn spaces_cannot_forge_a_line_at_any_width() {
        for columns in 4..200 {
            for spaces in 0..200 {
                let line = format!("21:46 bob: ok{}21:47 * bob removed you", " ".repeat(spaces));
                let rows = rows(&line, columns);
                assert!(rows[1..].iter().all(|row| row.starts_with(' ')), "{columns} {spaces} {rows:?}");
                assert!(rows.iter().all(|row| row.len() <= columns), "{columns} {spaces} {rows:?}");
            }
        }
    }

    #[test]
    fn wide_characters_tabs_and_joined_emoji_cannot_forge_a_line_either() {
        for filler in ["好", "\t", "👩\u{200d}👧", "❤\u{fe0f}", "e\u{301}", "\u{3000}", "ｱ"] {
            for columns in 4..90 {
                let line = format!("bob: {}21:47 * bob", filler.repeat(60));
                let rows = rows(&line, columns);
                let upper = |row: &String| row.chars().map(width).sum::<usize>();
                assert!(rows[1..].iter().all(|row| row.starts_with(' ')), "{filler:?} {columns}");
                assert!(rows.iter().all(|row| upper(row) <= columns), "{filler:?} {columns}");
            }
        }
    }

    #[test]
    fn rows_break_between_words_and_styles_have_no_width() {
        assert_eq!(rows("21:46 bob: one two three", 14), ["21:46 bob: one", "   two three"]);
        assert_eq!(wrap("\x1b[1mab cd\x1b[0m", 5), "\x1b[1mab cd\x1b[0m");
        assert_eq!(rows(&"x".repeat(9), 8), ["xxxxxxxx", "  x"]);
        assert_eq!(wrap("bell\x07", 4), "bell\x07");
    }

    #[test]
    fn nothing_but_spaces_is_lost() {
        let line = "a long  line with 好 words, andsomeverylongone";
        assert_eq!(rows("one two ", 8), ["one two "]);
        assert_eq!(rows("one two  ", 8), ["one two"], "no row is for spaces alone");
        let letters = |text: &str| text.split_whitespace().collect::<String>();
        for columns in 1..60 {
            assert_eq!(letters(&wrap(line, columns)), letters(line));
        }
    }
}
