//! What a peer's first bytes tell about its protocol.

use super::{crazyit, irc};
use crate::wire::irc::LINE_BYTES;

/// How TLS begins: a record of a handshake, of any version (RFC 8446 §5.1).
const TLS_BEGINS: &[u8] = &[22, 3];

/// The byte order mark, which some scripts send before their first line.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Longest first word that is waited for, in bytes. The longest IRC commands have about half of that.
const WORD_BYTES: usize = 32;

/// Methods of HTTP (RFC 9110 §9, RFC 5789, RFC 4918, RFC 9113 §3.4). Their peer is closed as soon as it has sent the
/// word: a web page must not be able to make a browser speak IRC.
const HTTP_METHODS: [&str; 11] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PRI", "PROPFIND", "PUT", "TRACE"];

/// Begins the header of a proxy that the server does not trust. Its users would all seem to be one.
const PROXY_HEADER: &str = "PROXY";

/// What a peer's first bytes tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FirstBytes {
    /// Nothing yet.
    NeedMore,
    /// Nothing: this many bytes stand before all else.
    Blank(usize),
    /// The beginning of TLS.
    Tls,
    /// A mark, or the beginning of one.
    CrazyIt,
    /// An IRC message, which may be one that the server does not know.
    Irc,
    /// Something else.
    Neither,
}

/// Tells the protocol; `ended` says that there will be no more bytes.
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

/// Tells IRC from all else by the first line, which begins with a word.
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
    if is_part_of_numeric || HTTP_METHODS.iter().any(|method| is(method)) || is(PROXY_HEADER) {
        return FirstBytes::Neither;
    }
    match bytes.iter().position(|&byte| byte == b'\n') {
        Some(end) if is_http(&bytes[..end]) => FirstBytes::Neither,
        None if ended && is_http(bytes) => FirstBytes::Neither,
        None if !ended && bytes.len() < LINE_BYTES => FirstBytes::NeedMore,
        // A command that is too long is told so.
        None if !ended && !irc::is_command(word) => FirstBytes::Neither,
        Some(_) | None => FirstBytes::Irc,
    }
}

/// True for what may be the beginning of a command: letters, or the three digits of a numeric (RFC 2812 §2.3.1).
fn could_be_command(word: &[u8]) -> bool {
    let all = |is: fn(&u8) -> bool| word.iter().all(is);
    word.len() <= WORD_BYTES && all(u8::is_ascii_alphabetic) || word.len() <= 3 && all(u8::is_ascii_digit)
}

/// True for the first line of a request over HTTP, with whatever method (RFC 9112 §3).
fn is_http(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let last = line.iter().rposition(|&byte| byte == b' ').map_or(line, |space| &line[space + 1..]);
    last.get(..5).is_some_and(|version| version.eq_ignore_ascii_case(b"HTTP/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of `bytes` as they arrive one by one.
    fn fed(bytes: &[u8]) -> FirstBytes {
        let found = (1..bytes.len()).map(|end| first_bytes(&bytes[..end], false));
        found.into_iter().find(|found| *found != FirstBytes::NeedMore).unwrap_or(first_bytes(bytes, false))
    }

    #[test]
    fn a_word_in_the_syntax_of_irc_is_irc() {
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
    fn http_is_not_irc_by_its_method_or_by_its_version() {
        for method in HTTP_METHODS {
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
    fn what_is_no_word_is_neither() {
        for bytes in ["?", "x-y ", "Host: x", "12 ", "1234", "a1", "\0", "\t", "\u{e9}", &"x".repeat(33)] {
            assert_eq!(fed(bytes.as_bytes()), FirstBytes::Neither, "{bytes:?}");
        }
        assert_eq!(fed(b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n"), FirstBytes::Neither);
    }

    #[test]
    fn a_command_that_is_too_long_is_irc_and_an_unknown_one_is_not() {
        let line = |word: &str| format!("{word} {}", "x".repeat(LINE_BYTES));
        assert_eq!(fed(line("PASS").as_bytes()), FirstBytes::Irc);
        assert_eq!(fed(line("WEBIRC").as_bytes()), FirstBytes::Neither);
    }

    #[test]
    fn what_may_stand_before_all_else_is_blank() {
        assert_eq!(first_bytes(b"\r\n  \nNICK", false), FirstBytes::Blank(5));
        assert_eq!(first_bytes("\u{feff}NICK".as_bytes(), false), FirstBytes::Blank(3));
        assert_eq!(first_bytes(&BYTE_ORDER_MARK[..2], false), FirstBytes::NeedMore);
        assert_eq!(first_bytes(&BYTE_ORDER_MARK[..2], true), FirstBytes::Neither);
    }

    #[test]
    fn marks_and_tls_are_known_by_their_first_bytes() {
        assert_eq!(first_bytes("∏∑".as_bytes(), false), FirstBytes::CrazyIt);
        assert_eq!(first_bytes(&[22], false), FirstBytes::NeedMore);
        assert_eq!(first_bytes(&[22, 3, 1], false), FirstBytes::Tls);
    }
}
