//! Tells HTTP from other protocols by the first line.

#[cfg(feature = "web")]
use super::irc::LINE_BYTES;

/// Longest method, in bytes, that is waited for.
#[cfg(feature = "web")]
const METHOD_BYTES: usize = 32;

/// Methods (RFC 9110 §9, RFC 5789, RFC 4918, RFC 9113 §3.4).
const METHODS: [&str; 11] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PRI", "PROPFIND", "PUT", "TRACE"];

/// True for a well-known method, in either case.
pub(crate) fn is_method(word: &[u8]) -> bool {
    METHODS.iter().any(|method| method.as_bytes().eq_ignore_ascii_case(word))
}

/// True for the first line of a request with any method (RFC 9112 §3).
pub(crate) fn is_request_line(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let last = line.iter().rposition(|&byte| byte == b' ').map_or(line, |space| &line[space + 1..]);
    last.get(..5).is_some_and(|version| version.eq_ignore_ascii_case(b"HTTP/"))
}

/// True if these are the first bytes of an HTTP request, false if they are of anything else; `None` if they are too few
/// to tell. A well-known method suffices, except TRACE, which is a command of IRC too.
#[cfg(feature = "web")]
pub(crate) fn could_be_request(bytes: &[u8]) -> Option<bool> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_alphabetic());
    let word = &bytes[..end.unwrap_or(bytes.len())];
    if word.len() > METHOD_BYTES || word.is_empty() && end.is_some() {
        return Some(false);
    }
    match bytes[end?] {
        b' ' if is_method(word) && !word.eq_ignore_ascii_case(b"TRACE") => return Some(true),
        b' ' => {}
        _ => return Some(false),
    }
    match bytes.iter().position(|&byte| byte == b'\n') {
        Some(end) => Some(is_request_line(&bytes[..end])),
        None => (bytes.len() >= LINE_BYTES).then_some(false),
    }
}

#[cfg(all(test, feature = "web"))]
mod tests {
    use super::*;

    /// What `could_be_request` says at last of bytes that come one by one.
    fn could_be(bytes: &[u8]) -> Option<bool> {
        let found = (0..=bytes.len()).find_map(|end| could_be_request(&bytes[..end]));
        assert!(found.is_none() || could_be_request(bytes) == found, "{bytes:?}");
        found
    }

    #[test]
    fn requests_are_told_from_chat_by_their_method_or_their_first_line() {
        for bytes in [
            "GET ",
            "head /",
            "POST x\r\n",
            "PRI * HTTP/2.0",
            "MKCOL /x HTTP/1.1\r\n",
            "TRACE / HTTP/1.1\r\n",
            "NICK /ana http/1.1\n",
            "JOIN * HTTP/2.0\r\n",
        ] {
            assert_eq!(could_be(bytes.as_bytes()), Some(true), "{bytes:?}");
        }
        for bytes in ["", "G", "GET", "GETX", "NICK", "NICK ana", "TRACE irc.example", "MKCOL /x HTTP/1.1"] {
            assert_eq!(could_be(bytes.as_bytes()), None, "{bytes:?}");
        }
        let long = format!("MKCOL /{}", "x".repeat(LINE_BYTES));
        let long_word = "x".repeat(METHOD_BYTES + 1);
        for bytes in [
            "NICK ana\r\n",
            "TRACE irc.example\r\n",
            "QUIT :http\r\n",
            "QUIT\r\n",
            "GET\r\n",
            "GET\0",
            "hello world\n",
            "001 x",
            ":ana ",
            "@a=b ",
            " GET / HTTP/1.1\r\n",
            "\r\nGET / HTTP/1.1\r\n",
            "∏",
            "\u{feff}",
            "\u{16}\u{3}",
            "M-SEARCH * HTTP/1.1\r\n",
            "PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n",
            &long,
            &long_word,
        ] {
            assert_eq!(could_be(bytes.as_bytes()), Some(false), "{bytes:?}");
        }
    }
}
