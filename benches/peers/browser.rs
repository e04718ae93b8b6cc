//! Wraps a connection in WebSocket, as a browser does: makes the handshake, and puts each line into a frame.
//!
//! The rest of the loader reads and writes lines. Frames are checked: each is a whole text message, and not masked.

use std::net::SocketAddr;

use crate::failure::Failure;

/// Which clients are browsers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Browsers {
    None,
    /// Every second client.
    Half,
    All,
}

impl Browsers {
    pub(crate) fn include(self, client: usize) -> bool {
        match self {
            Self::None => false,
            Self::Half => !client.is_multiple_of(2),
            Self::All => true,
        }
    }
}

/// First byte of a text message in one frame.
const TEXT: u8 = 0x81;

/// Set in the second byte of a masked frame.
const MASKED: u8 = 0x80;

/// The second byte of a frame whose length is in the next two bytes.
const TWO_BYTES: u8 = 126;

/// The server unmasks any key alike.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const LINE_END: &[u8] = b"\r\n";

/// End of the head of a response.
const HEAD_END: &[u8] = b"\r\n\r\n";

#[derive(Default)]
pub(crate) struct Browser {
    /// The server has accepted the handshake.
    is_open: bool,
    /// Frames to send after the handshake.
    waiting: Vec<u8>,
    /// The beginning of an incomplete frame, or of the response.
    begun: Vec<u8>,
}

impl Browser {
    /// The request that asks for WebSocket.
    pub(crate) fn request(address: SocketAddr) -> Vec<u8> {
        format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: text.ircv3.net\r\n\r\n"
        )
        .into_bytes()
    }

    /// Appends frames for whole lines to `unsent`, or keeps them until the handshake is over.
    pub(crate) fn send(&mut self, lines: &[u8], unsent: &mut Vec<u8>) {
        let out = if self.is_open { unsent } else { &mut self.waiting };
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            frame(line.trim_ascii_end(), out);
        }
    }

    /// Copies the beginning of an incomplete frame to the start of `buffer`. Returns its length: new bytes go behind it.
    pub(crate) fn put_begun(&self, buffer: &mut [u8]) -> usize {
        buffer[..self.begun.len()].copy_from_slice(&self.begun);
        self.begun.len()
    }

    /// Replaces the frames in `bytes` by their lines. Returns the length of these. What waited for the handshake goes to
    /// `unsent`.
    pub(crate) fn decode(&mut self, bytes: &mut [u8], unsent: &mut Vec<u8>) -> Result<usize, Failure> {
        let mut at = 0;
        if !self.is_open {
            let Some(end) = bytes.windows(HEAD_END.len()).position(|four| four == HEAD_END) else {
                self.begun = bytes.to_vec();
                return Ok(0);
            };
            if !bytes.starts_with(b"HTTP/1.1 101 ") {
                return Err(Failure::Wrong(String::from_utf8_lossy(bytes).into_owned()));
            }
            at = end + HEAD_END.len();
            self.is_open = true;
            unsent.append(&mut self.waiting);
        }
        let mut lines = 0;
        while let Some((header, length)) = header(&bytes[at..])? {
            let start = at + header;
            if bytes.len() < start + length {
                break;
            }
            // The header has at least as many bytes as the line end, so lines never reach unread frames.
            bytes.copy_within(start..start + length, lines);
            lines += length;
            bytes[lines..lines + LINE_END.len()].copy_from_slice(LINE_END);
            lines += LINE_END.len();
            at = start + length;
        }
        self.begun.clear();
        self.begun.extend_from_slice(&bytes[at..]);
        Ok(lines)
    }
}

/// Appends a masked frame.
fn frame(line: &[u8], out: &mut Vec<u8>) {
    out.push(TEXT);
    match u8::try_from(line.len()) {
        Ok(short @ ..TWO_BYTES) => out.push(MASKED | short),
        _ => {
            out.push(MASKED | TWO_BYTES);
            out.extend_from_slice(&(line.len() as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(&MASK);
    out.extend(line.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// The lengths of the header and the payload of the frame at the start; `None` if they are incomplete.
fn header(bytes: &[u8]) -> Result<Option<(usize, usize)>, Failure> {
    let wrong = |bytes: &[u8]| Err(Failure::Wrong(format!("not a frame with a line: {bytes:x?}")));
    match *bytes {
        [] | [TEXT] | [TEXT, TWO_BYTES] | [TEXT, TWO_BYTES, _] => Ok(None),
        [TEXT, short @ ..TWO_BYTES, ..] => Ok(Some((2, short.into()))),
        [TEXT, TWO_BYTES, high, low, ..] => Ok(Some((4, u16::from_be_bytes([high, low]).into()))),
        _ => wrong(&bytes[..bytes.len().min(4)]),
    }
}
