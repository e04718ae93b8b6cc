//! A greeting that servers of TLS answer. A handshake needs no more to show that the server is there and has a
//! certificate, and the half of TLS that clients need would make the program a twentieth larger.

/// A ClientHello for TLS 1.2 (RFC 5246 §7.4.1.2), with what common servers accept.
pub(super) const HELLO: &[u8] = &[
    22, 3, 1, 0, 102, // A record with a handshake of 102 bytes:
    1, 0, 0, 98, // a ClientHello of 98 bytes,
    3, 3, // for TLS 1.2,
    b'p', b'a', b'r', b'l', b'o', b'r', b'd', b' ', b'-', b'-', b'c', b'h', b'e', b'c', b'k',
    b'-', // 32 bytes that
    b't', b'l', b's', b' ', b'n', b'o', b' ', b's', b'e', b'c', b'r', b'e', b't', b's', b' ',
    b' ', // are random else,
    0,    // no session;
    0, 12, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc,
    0xa8, // cipher suites (RFC 5289, 7905),
    1, 0, // no compression,
    0, 45, // extensions:
    0, 10, 0, 8, 0, 6, 0, 29, 0, 23, 0, 24, // groups: X25519, P-256, P-384 (RFC 8422),
    0, 11, 0, 2, 1, 0, // points are uncompressed,
    0, 13, 0, 14, 0, 12, 4, 3, 5, 3, 8, 7, 8, 4, 4, 1, 5, 1, // signatures (RFC 8446 §4.2.3),
    0, 23, 0, 0, // and the extended master secret (RFC 7627), which is nothing but a wish.
    255, 1, 0, 1, 0, // A new connection (RFC 5746).
];

/// Alerts that say goodbye: the user has cancelled, and the connection ends (RFC 5246 §7.2).
pub(super) const GOODBYE: &[u8] = &[21, 3, 3, 0, 2, 1, 90, 21, 3, 3, 0, 2, 1, 0];

/// True if a ServerHello begins.
pub(super) fn is_hello(answer: &[u8]) -> bool {
    matches!(answer, [22, 3, _, _, _, 2, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_is_one() {
        let mut acceptor = rustls::server::Acceptor::default();
        assert_eq!(acceptor.read_tls(&mut { HELLO }).unwrap(), HELLO.len());
        let accepted = acceptor.accept().map_err(|(error, _)| error).unwrap().expect("it is complete");
        assert_eq!(accepted.client_hello().cipher_suites().len(), 6);
    }
}
