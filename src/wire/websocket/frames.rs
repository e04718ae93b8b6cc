//! Encodes frames of the server, which are not masked (RFC 6455 §5.1).

use websocket_sans_io::{FrameInfo, Opcode, WebsocketFrameEncoder};

use crate::message::Framing;

/// Appends each of `lines`, without its line end, as a message (IRCv3 `websocket`).
pub fn frame_lines(framing: Framing, lines: &[u8], out: &mut Vec<u8>) {
    let opcode = match framing {
        Framing::Text => Opcode::Text,
        Framing::Binary => Opcode::Binary,
    };
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        append(opcode, line.trim_ascii_end(), out);
    }
}

fn append(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    let payload_length = payload.len() as u64;
    let info = FrameInfo { opcode, payload_length, mask: None, fin: true, reserved: 0 };
    out.extend_from_slice(&WebsocketFrameEncoder::new().start_frame(&info));
    out.extend_from_slice(payload);
}
