//! Frames as clients send them, for tests.

pub(crate) type Sample = Vec<u8>;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) fn text(payload: &[u8]) -> Sample {
    frame(0x81, payload)
}

pub(crate) fn binary(payload: &[u8]) -> Sample {
    frame(0x82, payload)
}

pub(crate) fn continuation(payload: &[u8]) -> Sample {
    frame(0x80, payload)
}

pub(crate) fn ping(payload: &[u8]) -> Sample {
    frame(0x89, payload)
}

pub(crate) fn close(payload: &[u8]) -> Sample {
    frame(0x88, payload)
}

/// The same frame as one that is continued.
pub(crate) fn unfinished(mut frame: Sample) -> Sample {
    frame[0] &= 0x7f;
    frame
}

/// A masked frame with this first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Sample {
    let mut frame = header(first, 0x80, payload.len());
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.into_iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A header without a mask, with this first byte and this bit in the second.
pub(crate) fn header(first: u8, masked: u8, payload_bytes: usize) -> Sample {
    match payload_bytes {
        0..126 => vec![first, masked | payload_bytes as u8],
        126..=0xffff => [&[first, masked | 126], &(payload_bytes as u16).to_be_bytes()[..]].concat(),
        _ => [&[first, masked | 127], &(payload_bytes as u64).to_be_bytes()[..]].concat(),
    }
}
