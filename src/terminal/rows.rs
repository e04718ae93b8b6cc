//! The rows that the prompt and the typed line take on the screen.
//!
//! The editor counts these rows, and clears as many before it draws again. A terminal that gets wider joins rows that
//! it has wrapped itself, so the editor would clear too many, and messages above with them. Therefore each row ends
//! with our own newline, which no terminal joins. A terminal that gets narrower may break our rows in two, which
//! leaves a copy of the first row. That cannot be avoided: the editor cannot know the number of rows during a resize.

use rustyline::GraphemeClusterMode;

/// Columns from one tab stop to the next, as the editor counts.
const TAB: u16 = 8;

/// A position on the screen, relative to the begin of the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) row: u16,
    pub(super) column: u16,
}

/// The width of a screen, in columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width {
    pub(super) columns: u16,
    pub(super) mode: GraphemeClusterMode,
}

impl Width {
    /// Breaks `text`, which begins at `start`, with a newline after each full row. Also returns the position after
    /// it.
    pub(super) fn broken(self, text: &str, start: Place) -> (String, Place) {
        let mut broken = String::with_capacity(text.len() + 8);
        let mut place = start;
        // After a full row the cursor only moves to the next one with the next character.
        let mut is_behind_full_row = start.column == 0 && start.row > 0;
        for c in text.chars() {
            if c == '\n' {
                place = Place { row: place.row.saturating_add(1), column: 0 };
                broken.push(c);
                is_behind_full_row = false;
                continue;
            }
            let width = self.of(c, place.column);
            let column = place.column.saturating_add(width);
            if column > self.columns {
                place = Place { row: place.row.saturating_add(1), column: width };
                broken.push('\n');
            } else {
                place.column = column;
                if is_behind_full_row {
                    broken.push('\n');
                }
            }
            is_behind_full_row = false;
            broken.push(c);
        }
        if place.column >= self.columns {
            place = Place { row: place.row.saturating_add(1), column: 0 };
        }
        (broken, place)
    }

    fn of(self, c: char, column: u16) -> u16 {
        match c {
            '\t' => TAB - column % TAB,
            c => self.mode.width(c.encode_utf8(&mut [0; 4])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(columns: u16) -> Width {
        Width { columns, mode: GraphemeClusterMode::WcWidth }
    }

    fn broken(text: &str, columns: u16) -> (String, u16, u16) {
        let (text, place) = wide(columns).broken(text, Place::default());
        (text, place.row, place.column)
    }

    #[test]
    fn a_full_row_ends_with_a_newline_before_the_next_character() {
        assert_eq!(broken("abc", 4), ("abc".into(), 0, 3));
        assert_eq!(broken("abcd", 4), ("abcd".into(), 1, 0));
        assert_eq!(broken("abcde", 4), ("abcd\ne".into(), 1, 1));
        assert_eq!(broken("ab大e", 4), ("ab大\ne".into(), 1, 1));
        assert_eq!(broken("abc大", 4), ("abc\n大".into(), 1, 2), "a wide character is not cut");
        assert_eq!(broken("ab\ncd", 4), ("ab\ncd".into(), 1, 2));
        assert_eq!(broken("abcd\ne", 4), ("abcd\ne".into(), 1, 1));
        assert_eq!(broken("abcde\u{301}f", 5), ("abcde\u{301}\nf".into(), 1, 1));
        assert_eq!(broken("", 4), (String::new(), 0, 0));
    }

    #[test]
    fn a_line_continues_after_its_prompt() {
        let (_, place) = wide(4).broken("a> ", Place::default());
        assert_eq!(wide(4).broken("bcd", place), ("b\ncd".into(), Place { row: 1, column: 2 }));
        let (_, place) = wide(4).broken("aa> ", Place::default());
        assert_eq!(place, Place { row: 1, column: 0 });
        assert_eq!(wide(4).broken("b", place), ("\nb".into(), Place { row: 1, column: 1 }));
    }
}
