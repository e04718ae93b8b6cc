//! Detects a peer's protocol by its first bytes.

use super::{crazyit, irc};
use crate::wire::http;
use crate::wire::irc::LINE_BYTES;

/// The start of TLS: a handshake record of any version (RFC 8446 §5.1).
const TLS_BEGINS: &[u8] = &[22, 3];

/// Some scripts send it before their first line.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Longest first word, in bytes: twice the longest IRC command.
const WORD_BYTES: usize = 32;

/// The start of the header of an untrusted proxy. All its users would seem to share one address.
const PROXY_HEADER: &str = "PROXY";

/// What a peer's first bytes show.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FirstBytes {
    /// Too little to tell.
    NeedMore,
    /// This many bytes to skip before the first frame.
    Blank(usize),
    /// The start of TLS.
    Tls,
    /// A mark, or its first bytes.
    CrazyIt,
    /// An IRC message, perhaps with an unknown command.
    Irc,
    /// Another protocol.
    Neither,
}

/// Detects the protocol. `ended` means that no more bytes will come.
pub(super) fn first_bytes(bytes: &[u8], ended: bool) -> FirstBytes {
    let is_prefix_of = |whole: &[u8]| whole.starts_with(bytes) && !ended;
    let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\r' | b'\n')).count();
    match bytes.first() {
        None => FirstBytes::NeedMore,
        Some(_) if blanks > 0 => FirstBytes::Blank(blanks),
        Some(_) if bytes.starts_with(BYTE_ORDER_MARK) => FirstBytes::Blank(BYTE_ORDER_MARK.len()),
        Some(_) if bytes.starts_with(TLS_BEGINS) => FirstBytes::Tls,
        Some(_) if is_prefix_of(BYTE_ORDER_MARK) || is_prefix_of(TLS_BEGINS) => FirstBytes::NeedMore,
        Some(b'@' | b':') => FirstBytes::Irc,
        Some(&first) if crazyit::could_begin_with(first) => FirstBytes::CrazyIt,
        Some(_) => first_line(bytes, ended),
    }
}

/// Detects IRC by the first word of the first line.
fn first_line(bytes: &[u8], ended: bool) -> FirstBytes {
    let end = bytes.iter().position(|byte| matches!(byte, b' ' | b'\r' | b'\n' | 0));
    let word = &bytes[..end.unwrap_or(bytes.len())];
    if !could_be_command(word) {
        return FirstBytes::Neither;
    }
    if end.is_none() && !ended {
        return FirstBytes::NeedMore;
    }
    let is = |name: &str| name.as_bytes().eq_ignore_ascii_case(word);
    let is_part_of_numeric = word.len() < 3 && word.iter().all(u8::is_ascii_digit);
    // The server does not wait for the rest of an HTTP request, so that no web page can make a browser speak IRC.
    if is_part_of_numeric || http::is_method(word) || is(PROXY_HEADER) {
        return FirstBytes::Neither;
    }
    match bytes.iter().position(|&byte| byte == b'\n') {
        Some(end) if http::is_request_line(&bytes[..end]) => FirstBytes::Neither,
        None if ended && http::is_request_line(bytes) => FirstBytes::Neither,
        None if !ended && bytes.len() < LINE_BYTES => FirstBytes::NeedMore,
        // A known command that is too long gets an IRC error.
        None if !ended && !irc::is_command(word) => FirstBytes::Neither,
        Some(_) | None => FirstBytes::Irc,
    }
}

/// True for letters or the three digits of a numeric (RFC 2812 §2.3.1).
fn could_be_command(word: &[u8]) -> bool {
    let all = |is: fn(&u8) -> bool| word.iter().all(is);
    word.len() <= WORD_BYTES && all(u8::is_ascii_alphabetic) || word.len() <= 3 && all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result for `bytes` that arrive one by one.
    fn fed(bytes: &[u8]) -> FirstBytes {
        let found = (1..bytes.len()).map(|end| first_bytes(&bytes[..end], false));
        found.into_iter().find(|found| *found != FirstBytes::NeedMore).unwrap_or(first_bytes(bytes, false))
    }

    #[test]
    fn a_word_in_irc_syntax_is_irc() {
        for line in [
            "NICK ana\r\n",
            "nick\n",
            "WEBIRC pass gate host 192.0.2.1\r\n",
            "STARTTLS\r\n",
            "PROTOCTL NAMESX UHNAMES\r\n",
            "hello\r\n",
            "001 x\n",
            "NICK\0\r\n",
            "QUIT :http\r\n",
        ] {
            assert_eq!(fed(line.as_bytes()), FirstBytes::Irc, "{line:?}");
            let line = line.trim_end();
            assert_eq!(first_bytes(line.as_bytes(), true), FirstBytes::Irc, "{line:?}, and no more");
        }
    }

    #[test]
    fn http_is_told_from_irc_by_its_method_or_its_version() {
        for method in ["CONNECT", "GET", "POST", "PRI", "TRACE"] {
            assert_eq!(first_bytes(format!("{method} ").as_bytes(), false), FirstBytes::Neither, "{method}");
            assert_eq!(first_bytes(method.to_lowercase().as_bytes(), true), FirstBytes::Neither, "{method}");
        }
        for line in [
            "MKCOL /x HTTP/1.1",
            "foo / HTTP/1.0",
            "NICK /ana http/1.1",
            "JOIN * HTTP/2.0",
            "X http://h/a b HTTP/1.1 ",
        ] {
            assert_eq!(fed(format!("{line}\r\n").as_bytes()), FirstBytes::Neither, "{line:?}");
            assert_eq!(first_bytes(line.as_bytes(), true), FirstBytes::Neither, "{line:?}, and no more");
        }
        let long = format!("MKCOL /{} HTTP/1.1\r\n", "x".repeat(LINE_BYTES));
        assert_eq!(fed(long.as_bytes()), FirstBytes::Neither);
    }

    #[test]
    fn a_first_line_without_a_word_is_neither() {
        for bytes in ["?", "x-y ", "Host: x", "12 ", "1234", "a1", "\0", "\t", "\u{e9}", &"x".repeat(33)] {
            assert_eq!(fed(bytes.as_bytes()), FirstBytes::Neither, "{bytes:?}");
        }
        assert_eq!(fed(b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n"), FirstBytes::Neither);
    }

    #[test]
    fn a_known_command_in_a_long_line_is_irc_and_an_unknown_one_is_not() {
        let line = |word: &str| format!("{word} {}", "x".repeat(LINE_BYTES));
        assert_eq!(fed(line("PASS").as_bytes()), FirstBytes::Irc);
        assert_eq!(fed(line("WEBIRC").as_bytes()), FirstBytes::Neither);
    }

    #[test]
    fn what_may_precede_the_first_frame_is_blank() {
        assert_eq!(first_bytes(b"\r\n  \nNICK", false), FirstBytes::Blank(5));
        assert_eq!(first_bytes("\u{feff}NICK".as_bytes(), false), FirstBytes::Blank(3));
        assert_eq!(first_bytes(&BYTE_ORDER_MARK[..2], false), FirstBytes::NeedMore);
        assert_eq!(first_bytes(&BYTE_ORDER_MARK[..2], true), FirstBytes::Neither);
    }

    #[test]
    fn marks_and_tls_are_detected_by_their_first_bytes() {
        assert_eq!(first_bytes("∏∑".as_bytes(), false), FirstBytes::CrazyIt);
        assert_eq!(first_bytes(&[22], false), FirstBytes::NeedMore);
        assert_eq!(first_bytes(&[22, 3, 1], false), FirstBytes::Tls);
    }
}
