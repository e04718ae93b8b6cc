//! WebSocket frames, made and read without the server's code.

const MASK: [u8; 4] = [0x0b, 0xad, 0xf0, 0x0d];

/// The first bytes of whole frames.
pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CONTINUATION: u8 = 0x80;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

/// Taken from the first byte of a frame that is continued.
pub const FIN: u8 = 0x80;

/// A frame from a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    pub first: u8,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn new(first: u8, payload: &[u8]) -> Self {
        Self { first, payload: payload.to_vec() }
    }

    /// The code in a Close frame.
    pub fn close_code(&self) -> Option<u16> {
        let code = self.payload.first_chunk().filter(|_| self.first == CLOSE)?;
        Some(u16::from_be_bytes(*code))
    }

    /// What a Close frame says besides its code, or a message.
    pub fn text(&self) -> &str {
        let start = if self.first == CLOSE { 2 } else { 0 };
        std::str::from_utf8(self.payload.get(start..).unwrap_or_default()).expect("the server sends UTF-8")
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start = &self.payload[..self.payload.len().min(80)];
        write!(f, "{:02x} ({} bytes) {:?}", self.first, self.payload.len(), start.escape_ascii().to_string())
    }
}

/// A masked frame, as clients send it.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = match payload.len() {
        length @ 0..126 => vec![first, 0x80 | length as u8],
        length @ 126..=0xffff => [&[first, 0x80 | 126], &(length as u16).to_be_bytes()[..]].concat(),
        length => [&[first, 0x80 | 127], &(length as u64).to_be_bytes()[..]].concat(),
    };
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.into_iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A masked message in frames of `frame_bytes` each.
pub fn fragmented(first: u8, payload: &[u8], frame_bytes: usize) -> Vec<u8> {
    let count = payload.chunks(frame_bytes).count();
    let frames = payload.chunks(frame_bytes).enumerate().map(|(n, part)| {
        let opcode = if n == 0 { first } else { CONTINUATION };
        masked(if n + 1 == count { opcode } else { opcode - FIN }, part)
    });
    frames.collect::<Vec<_>>().concat()
}

/// The first frame in what a server sent, and its length, if it is complete. It must not be masked.
pub fn first_frame(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (&[first, length], rest) = bytes.split_first_chunk()?;
    let (length, start) = match length {
        126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => (u64::from_be_bytes(*rest.first_chunk()?) as usize, 10),
        length => (usize::from(length), 2),
    };
    assert!(length < 1 << 31, "the server masks a frame");
    let payload = bytes.get(start..start + length)?;
    Some((Frame::new(first, payload), start + length))
}

/// All frames in what a server sent. The last must be complete.
pub fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some((frame, length)) = first_frame(bytes) {
        frames.push(frame);
        bytes = &bytes[length..];
    }
    assert!(bytes.is_empty(), "an incomplete frame: {}", bytes.escape_ascii());
    frames
}
