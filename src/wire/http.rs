//! Tells HTTP from other protocols by the first line.

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
