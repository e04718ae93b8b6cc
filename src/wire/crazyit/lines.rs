//! What a server sends besides the answer to a login: plain text, which the textbook's clients show as it is.
//! Each line ends with a newline, so nothing that a peer wrote may end one early.

use crate::name::UserName;

const SAID: &str = "说：";
const WHISPERED: &str = "悄悄地对你说：";
/// Begins every line of the server's own. No name contains it, so nobody can speak in the server's name.
const NOTICE: &str = "* ";

/// One line from a server, without its newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Somebody spoke to everybody.
    Said {
        /// Who.
        from: &'a str,
        /// What.
        text: &'a str,
    },
    /// Somebody spoke to you alone.
    Whispered {
        /// Who.
        from: &'a str,
        /// What.
        text: &'a str,
    },
    /// Anything else: the server itself.
    Notice(&'a str),
}

/// The line that tells everybody what `from` said.
pub fn said_line(from: &UserName, text: &str) -> String {
    line(&[from.as_str(), SAID], text)
}

/// The line that tells one user what `from` whispered.
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

/// A newline would forge a second line. Clients of this protocol write what they get to a terminal as it is,
/// where other control characters can do the same and worse.
fn ends_or_hides_a_line(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}')
}

impl<'a> Line<'a> {
    /// Reads a line, which is given without its newline.
    pub fn decode(line: &'a str) -> Self {
        // A name may contain 说 but not ：, so the first of these ends it.
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
    fn lines_read_as_the_textbook_has_them() {
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
    fn lines_decode_to_what_they_were_made_of() {
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
