//! Tells browsers that ask without TLS at a port for it.

use crate::wire::http;

/// The answer to a request without TLS. Unlike a redirect, it needs no name of this server.
pub(super) const RESPONSE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\r\nthis port requires TLS: use https instead of http\n";

/// True if these first bytes of a peer begin an HTTP request.
pub(super) fn is_asked(bytes: &[u8]) -> bool {
    let word = bytes.iter().position(|&byte| byte == b' ').map(|end| &bytes[..end]);
    word.is_some_and(http::is_method)
}
