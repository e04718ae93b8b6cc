//! Why a connection ends: codes of Close frames (RFC 6455 §7.4).

#[cfg(feature = "upgrade")]
use crate::cbor::numbered;

/// A code that the server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The conversation is over.
    Normal = 1000,
    /// The server shuts down.
    GoingAway = 1001,
    /// The peer violated RFC 6455.
    ProtocolError = 1002,
    /// Text that is not UTF-8.
    InvalidData = 1007,
    /// The peer did what the server does not allow.
    PolicyViolation = 1008,
    /// A message longer than the server takes.
    TooBig = 1009,
    /// The server starts again.
    ServiceRestart = 1012,
    /// The server is full.
    TryAgainLater = 1013,
}

#[cfg(feature = "upgrade")]
numbered!(CloseCode, "close code" {
    1000 => Normal,
    1001 => GoingAway,
    1002 => ProtocolError,
    1007 => InvalidData,
    1008 => PolicyViolation,
    1009 => TooBig,
    1012 => ServiceRestart,
    1013 => TryAgainLater,
});

/// How a peer violated the protocol, as it is told in a Close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The code.
    pub code: CloseCode,
    /// The reason.
    pub reason: &'static str,
}

impl Fault {
    pub(super) const NOT_UTF8: Self = Self { code: CloseCode::InvalidData, reason: "text must be UTF-8" };

    pub(super) const fn protocol(reason: &'static str) -> Self {
        Self { code: CloseCode::ProtocolError, reason }
    }
}

/// The code in the payload of a peer's Close frame, if it has one.
pub(super) fn peer_code(payload: &[u8]) -> Result<Option<u16>, Fault> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(Fault::protocol("a close code has two bytes"))
        };
    };
    let code = u16::from_be_bytes(*code);
    if !may_be_sent(code) {
        return Err(Fault::protocol("no close code for a Close frame"));
    }
    if std::str::from_utf8(reason).is_err() {
        return Err(Fault::NOT_UTF8);
    }
    Ok(Some(code))
}

/// True for the codes that the RFC, the registry of IANA, libraries and applications define for Close frames.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_frame_may_be_empty_or_have_a_code_and_a_reason() {
        assert_eq!(peer_code(b""), Ok(None));
        assert_eq!(peer_code(b"\x03\xe8"), Ok(Some(1000)));
        assert_eq!(
            peer_code("\u{3}ébye".as_bytes()),
            Err(Fault::protocol("no close code for a Close frame"))
        );
        assert_eq!(peer_code(b"\x0f\xa0bye"), Ok(Some(4000)));
    }

    #[test]
    fn half_a_code_and_a_reason_that_is_not_utf8_are_faults() {
        assert_eq!(peer_code(b"\x03").unwrap_err().code, CloseCode::ProtocolError);
        assert_eq!(peer_code(b"\x03\xe8\xff").unwrap_err().code, CloseCode::InvalidData);
        assert_eq!(peer_code(b"\x03\xe8\xe2\x82").unwrap_err().code, CloseCode::InvalidData);
    }

    #[test]
    fn codes_that_nobody_may_send_are_faults() {
        for code in [0u16, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, u16::MAX] {
            assert!(peer_code(&code.to_be_bytes()).is_err(), "{code}");
        }
        for code in (1000u16..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4999]) {
            assert_eq!(peer_code(&code.to_be_bytes()), Ok(Some(code)));
        }
    }
}
