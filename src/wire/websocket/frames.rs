//! Encodes frames of the server, which are not masked (RFC 6455 §5.1).

use websocket_sans_io::{FrameInfo, Opcode, WebsocketFrameEncoder};

use crate::message::Framing;

/// Longest payload of a control frame, in bytes (RFC 6455 §5.5).
pub(super) const CONTROL_BYTES: usize = 125;

/// Appends each of `lines`, without its line end, as a message (IRCv3 `websocket`).
pub fn frame_lines(framing: Framing, lines: &[u8], out: &mut Vec<u8>) {
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        message(framing, without_line_end(line), out);
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Appends a message in one frame.
pub fn message(framing: Framing, payload: &[u8], out: &mut Vec<u8>) {
    let opcode = match framing {
        Framing::Text => Opcode::Text,
        Framing::Binary => Opcode::Binary,
    };
    begin(opcode, payload.len(), out);
    out.extend_from_slice(payload);
}

/// Appends the answer to a Ping frame with this payload, of at most 125 bytes.
pub fn pong(payload: &[u8], out: &mut Vec<u8>) {
    begin(Opcode::Pong, payload.len(), out);
    out.extend_from_slice(payload);
}

/// Appends a Close frame. Cuts `reason` to 123 bytes, between characters.
pub fn close(code: u16, reason: &str, out: &mut Vec<u8>) {
    let code = code.to_be_bytes();
    let reason = &reason[..reason.floor_char_boundary(CONTROL_BYTES - code.len())];
    begin(Opcode::ConnectionClose, code.len() + reason.len(), out);
    out.extend_from_slice(&code);
    out.extend_from_slice(reason.as_bytes());
}

/// Appends the header of a frame.
fn begin(opcode: Opcode, payload_bytes: usize, out: &mut Vec<u8>) {
    let info = FrameInfo { opcode, payload_length: payload_bytes as u64, mask: None, fin: true, reserved: 0 };
    out.extend_from_slice(&WebsocketFrameEncoder::new().start_frame(&info));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(framing: Framing, lines: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        frame_lines(framing, lines, &mut out);
        out
    }

    #[test]
    fn each_line_is_a_message_without_its_line_end() {
        assert_eq!(framed(Framing::Text, b"PING a\r\nPONG\n"), b"\x81\x06PING a\x81\x04PONG");
        assert_eq!(framed(Framing::Binary, b"PING \xff\r\n"), b"\x82\x06PING \xff");
        assert_eq!(framed(Framing::Text, b""), b"");
    }

    #[test]
    fn only_the_line_end_is_dropped() {
        assert_eq!(framed(Framing::Text, b"TOPIC #a :b  \r\n"), b"\x81\x0dTOPIC #a :b  ");
        assert_eq!(framed(Framing::Text, b"a\t\r\r\n"), b"\x81\x03a\t\r");
    }

    #[test]
    fn the_header_grows_with_the_payload() {
        for (payload, header) in [
            (125, &b"\x81\x7d"[..]),
            (126, b"\x81\x7e\x00\x7e"),
            (65_535, b"\x81\x7e\xff\xff"),
            (65_536, b"\x81\x7f\0\0\0\0\0\x01\0\0"),
        ] {
            let mut out = Vec::new();
            message(Framing::Text, &b"x".repeat(payload), &mut out);
            assert!(out.starts_with(header), "{:x?}", &out[..10]);
            assert_eq!(out.len(), header.len() + payload);
        }
    }

    #[test]
    fn a_pong_has_the_payload_of_the_ping() {
        let mut out = b"before".to_vec();
        pong(b"hi", &mut out);
        pong(b"", &mut out);
        assert_eq!(out, b"before\x8a\x02hi\x8a\x00");
    }

    #[test]
    fn a_close_frame_has_a_code_and_a_reason() {
        let mut out = Vec::new();
        close(1001, "bye", &mut out);
        assert_eq!(out, b"\x88\x05\x03\xe9bye");
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let mut out = Vec::new();
        close(1000, &format!("x{}", "茶".repeat(60)), &mut out);
        assert_eq!(out[..2], [0x88, 2 + 121]);
        assert_eq!(std::str::from_utf8(&out[4..]).unwrap(), format!("x{}", "茶".repeat(40)));
    }
}
