//! Characters that could control a terminal, begin a line, or change the direction of text.

/// True for characters that must not reach a terminal.
pub(crate) fn is_harmful(c: char) -> bool {
    let turns_text = matches!(
        c,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    let ends_line = matches!(c, '\u{2028}' | '\u{2029}');
    (c.is_control() && c != '\t') || turns_text || ends_line
}
