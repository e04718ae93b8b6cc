//! Alerts before there are keys.

/// The server refuses this peer (RFC 8446 §6.2, `access_denied`).
pub(super) const ACCESS_DENIED: u8 = 49;
/// A message cannot be decoded (`decode_error`).
pub(super) const DECODE_ERROR: u8 = 50;

/// The content type of an alert, a version that all versions accept, and the length of the rest.
const HEADER: [u8; 5] = [21, 3, 3, 0, 2];
const FATAL: u8 = 2;

/// A record with an alert, unencrypted.
pub(super) fn record(description: u8) -> [u8; 7] {
    let [a, b, c, d, e] = HEADER;
    [a, b, c, d, e, FATAL, description]
}
