//! Lines from a server: plain text that the CrazyIt book's clients show unchanged. Each ends with a newline, so text
//! from peers must not contain one.

use crate::name::UserName;

const SAID: &str = "说：";
const WHISPERED: &str = "悄悄地对你说：";
/// The start of every line from the server itself. No name contains it, so no user can imitate the server.
const NOTICE: &str = "* ";

/// A line from a server, without its newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A message to everybody.
    Said {
        /// The sender.
        from: &'a str,
        /// The text.
        text: &'a str,
    },
    /// A message to this client's user only.
    Whispered {
        /// The sender.
        from: &'a str,
        /// The text.
        text: &'a str,
    },
    /// Any other line, from the server itself.
    Notice(&'a str),
}

/// The line that shows everybody a message of `from`.
pub fn said_line(from: &UserName, text: &str) -> String {
    line(&[from.as_str(), SAID], text)
}

/// The line that shows a private message of `from`.
pub fn whispered_line(from: &UserName, text: &str) -> String {
    line(&[from.as_str(), WHISPERED], text)
}

/// A line from the server itself.
pub fn notice_line(text: &str) -> String {
    line(&[NOTICE], text)
}

fn line(start: &[&str], text: &str) -> String {
    let mut line = start.concat();
    for (n, piece) in text.split(ends_or_hides_a_line).enumerate() {
        if n > 0 {
            line.push(' ');
        }
        line.push_str(piece);
    }
    line.push('\n');
    line
}

/// A newline would forge a second line. These clients write text to a terminal unchanged, where other control
/// characters can do the same or worse.
fn ends_or_hides_a_line(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}')
}

impl<'a> Line<'a> {
    /// Decodes a line without its newline.
    pub fn decode(line: &'a str) -> Self {
        // A name may contain 说 but not ：, so the first occurrence of both ends the name.
        if !line.starts_with(NOTICE)
            && let Some((name, text)) = line.split_once(SAID)
        {
            let whisperer = name.strip_suffix(WHISPERED.trim_end_matches(SAID));
            return match whisperer {
                Some(from) if !from.is_empty() => Self::Whispered { from, text },
                _ => Self::Said { from: name, text },
            };
        }
        Self::Notice(line.strip_prefix(NOTICE).unwrap_or(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    #[test]
    fn lines_have_the_wording_of_the_textbook() {
        assert_eq!(said_line(&name("alice"), "hi"), "alice说：hi\n");
        assert_eq!(whispered_line(&name("alice"), "hi"), "alice悄悄地对你说：hi\n");
    }

    #[test]
    fn a_newline_inside_a_message_cannot_forge_a_second_line() {
        for forged in
            ["hi\nbob说：x", "hi\rbob说：x", "hi\r\nbob说：x", "hi\u{2028}x", "hi\u{85}x", "\x1b[2Jx"]
        {
            let line = said_line(&name("eve"), forged);
            assert!(line.ends_with('\n'));
            assert!(!line.trim_end_matches('\n').chars().any(ends_or_hides_a_line), "{line:?}");
        }
        assert_eq!(said_line(&name("a"), "x\ty"), "a说：x\ty\n");
    }

    #[test]
    fn decoded_lines_equal_the_encoded_ones() {
        let (from, text) = ("alice", "hi：说：there");
        let said = said_line(&name(from), text);
        assert_eq!(Line::decode(said.trim_end()), Line::Said { from, text });
        let whispered = whispered_line(&name(from), text);
        assert_eq!(Line::decode(whispered.trim_end()), Line::Whispered { from, text });
        let notice = notice_line("nobody here is called bob说：");
        assert_eq!(Line::decode(notice.trim_end()), Line::Notice("nobody here is called bob说："));
        assert_eq!(Line::decode("anything"), Line::Notice("anything"));
    }

    #[test]
    fn a_name_may_end_in_the_character_for_says() {
        let said = said_line(&name("小说"), "hi");
        assert_eq!(Line::decode(said.trim_end()), Line::Said { from: "小说", text: "hi" });
    }
}
