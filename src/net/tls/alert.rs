//! What a peer is told before there are keys.

/// The server does not want to talk to this peer (RFC 8446 §6.2, `access_denied`).
pub(super) const ACCESS_DENIED: u8 = 49;
/// Something that came cannot be understood (`decode_error`).
pub(super) const DECODE_ERROR: u8 = 50;

/// The content type of an alert, the version that every version understands, and the length of what follows.
const HEADER: [u8; 5] = [21, 3, 3, 0, 2];
/// The connection ends with it.
const FATAL: u8 = 2;

/// A record that carries an alert, without encryption.
pub(super) fn record(description: u8) -> [u8; 7] {
    let [a, b, c, d, e] = HEADER;
    [a, b, c, d, e, FATAL, description]
}
