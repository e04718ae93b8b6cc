//! Where a decoder is in its input, for the program that takes the place of this one.
//!
//! The frame decoder does not tell. So a copy of it gets zeros, and what it says of the frame that they complete tells
//! what came before. The next program feeds its frame decoder with that: the beginning of a header, or of a frame that
//! has begun a header for the rest.

use websocket_sans_io::{
    FrameInfo, Opcode, WebsocketFrameDecoder, WebsocketFrameEncoder, WebsocketFrameEvent,
};

use super::{Control, Decoder, Message, PIECE_BYTES};
use crate::cbor::{Bytes, FromCbor, Invalid, Reader, ToCbor, Writer, cases, read_fields, write_fields};
use crate::wire::websocket::frames::CONTROL_BYTES;

/// Longest header, in bytes (RFC 6455 §5.2).
const HEADER_BYTES: u8 = 14;

const MASK_BYTES: usize = 4;

cases!(Message, "message" { 0 => None, 1 => Text(0: utf8), 2 => Binary });

impl ToCbor for Decoder {
    fn write(&self, out: &mut Writer) {
        let Self { frames, control, most_bytes, room_bytes, message, header_bytes, over } = self;
        let begun = &Bytes(match header_bytes {
            // Later bytes are ignored.
            _ if *over => Vec::new(),
            0 if frames.eof_valid() => Vec::new(),
            0 => rest_of_frame(frames),
            begun => beginning_of_header(frames, *begun),
        });
        let control = &Bytes(control.as_ref().map_or_else(Vec::new, |control| control.payload().to_vec()));
        write_fields!(out; 0: begun, 1: control, 2: most_bytes, 3: room_bytes, 4: message, 5: over);
    }
}

impl FromCbor for Decoder {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 0: begun, 1: control, 2: most_bytes, 3: room_bytes, 4: message, 5: over);
        let (Bytes(begun), Bytes(control)): (_, Bytes) = (begun, control);
        if room_bytes > most_bytes {
            return Err(input.invalid(format_args!("a message with room for more than the longest one")));
        }
        let mut decoder = Self { room_bytes, message, over, ..Self::new(0) };
        decoder.most_bytes = most_bytes;
        match decoder.resume(begun, control) {
            Some(()) => Ok(decoder),
            None => Err(input.invalid(format_args!("no client can have begun such a frame"))),
        }
    }
}

impl Decoder {
    /// Goes on after these bytes of a frame, and after these of the payload of a control frame. `None` if they are wrong.
    fn resume(&mut self, mut begun: Vec<u8>, control: Vec<u8>) -> Option<()> {
        let Ok(result) = self.frames.add_data(&mut begun);
        let is_in_control = match result.event {
            _ if result.consumed_bytes != begun.len() => return None,
            None => {
                self.header_bytes = u8::try_from(begun.len()).ok()?;
                false
            }
            Some(WebsocketFrameEvent::Start { frame_info, .. }) => {
                self.may_be_in(&frame_info, control.len()).then_some(frame_info.opcode.is_control())?
            }
            Some(_) => return None,
        };
        if !control.is_empty() {
            let mut bytes = [0; CONTROL_BYTES];
            bytes.get_mut(..control.len()).filter(|_| is_in_control)?.copy_from_slice(&control);
            self.control = Some(Box::new(Control { bytes, len: control.len() as u8 }));
        }
        Some(())
    }

    /// True if a client can have begun this frame, of whose payload this many bytes are kept.
    fn may_be_in(&self, rest: &FrameInfo, kept_bytes: usize) -> bool {
        let fits = rest.reserved == 0 && rest.mask.is_some();
        fits && match rest.opcode {
            Opcode::Text | Opcode::Binary | Opcode::Continuation => {
                rest.payload_length <= u64::from(self.most_bytes) && self.is_mid_message()
            }
            Opcode::ConnectionClose | Opcode::Ping | Opcode::Pong => {
                rest.fin && rest.payload_length.saturating_add(kept_bytes as u64) <= CONTROL_BYTES as u64
            }
            _ => false,
        }
    }
}

/// The first bytes of the header that has begun with this many.
fn beginning_of_header(frames: &WebsocketFrameDecoder, begun: u8) -> Vec<u8> {
    let mut probe = *frames;
    for length in begun + 1..=HEADER_BYTES {
        let Ok(result) = probe.add_data(&mut [0]);
        if let Some(WebsocketFrameEvent::Start { frame_info, .. }) = result.event {
            let mut header = header(&frame_info, length.into());
            header.truncate(begun.into());
            return header;
        }
    }
    Vec::new()
}

/// The header of this frame with this length, which need not be the shortest one.
fn header(frame: &FrameInfo, length: usize) -> Vec<u8> {
    let shortest = WebsocketFrameEncoder::new().start_frame(frame);
    let (mask, masked) = frame.mask.as_ref().map_or((&[][..], 0), |mask| (&mask[..], 0x80));
    let payload_bytes = frame.payload_length.to_be_bytes();
    let (code, extended) = match length - mask.len() {
        2 => (frame.payload_length as u8, &[][..]),
        4 => (126, &payload_bytes[6..]),
        _ => (127, &payload_bytes[..]),
    };
    [&[shortest[0], masked | code], extended, mask].concat()
}

/// A header for the rest of the payload.
fn rest_of_frame(frames: &WebsocketFrameDecoder) -> Vec<u8> {
    let (mut probe, mut rest, mut mask) = (*frames, 0, [0; MASK_BYTES]);
    loop {
        let mut zeros = [0; PIECE_BYTES];
        let Ok(result) = probe.add_data(&mut zeros);
        if let Some(WebsocketFrameEvent::End { frame_info, .. }) = result.event {
            let rest = FrameInfo { payload_length: rest, mask: Some(mask), ..frame_info };
            return WebsocketFrameEncoder::new().start_frame(&rest).to_vec();
        }
        if rest == 0 {
            // Masked zeros are the mask, from the byte on where the payload goes on.
            mask.copy_from_slice(&zeros[..MASK_BYTES]);
        }
        rest += result.consumed_bytes as u64;
    }
}

#[cfg(test)]
impl crate::cbor::any::Any for Decoder {
    fn any(choices: &mut crate::cbor::any::Choices<'_>) -> Self {
        let mut decoder = Self::new(1000);
        let mut bytes: Vec<u8> = crate::cbor::any::Any::any(choices);
        decoder.step(&mut bytes, &mut Vec::new()).ok();
        decoder
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cbor::any::{Any, Choices};
    use crate::cbor::{decode, encode};
    use crate::wire::websocket::samples::{frame, text};

    #[test]
    fn what_no_client_can_have_begun_is_refused() {
        let with = |begun: &[u8], control: &[u8], message: Message| {
            let mut out = Writer::default();
            let (begun, control, most) = (&Bytes(begun.to_vec()), &Bytes(control.to_vec()), &100u32);
            let message = &message;
            write_fields!(out; 0: begun, 1: control, 2: most, 3: most, 4: message);
            decode::<Decoder>(&out.into_bytes()).is_ok()
        };
        let begun = |first, length| frame(first, &[b'x'; 200][..length])[..6].to_vec();
        assert!(with(&begun(0x81, 100), b"", Message::Binary));
        assert!(!with(&begun(0x81, 101), b"", Message::Binary), "longer than a message");
        assert!(!with(&begun(0x81, 100), b"", Message::None), "in no message");
        assert!(!with(&begun(0x81, 100), b"x", Message::Binary), "no control frame");
        assert!(!with(&begun(0xc1, 100), b"", Message::Binary), "reserved bits");
        assert!(!with(&[0x81, 100], b"", Message::Binary), "without a mask");
        assert!(!with(&text(b"x"), b"", Message::Binary), "more than a header");
        assert!(with(&begun(0x89, 100), &[b'x'; 25], Message::None));
        assert!(!with(&begun(0x89, 100), &[b'x'; 26], Message::None), "longer than a control frame");
        assert!(!with(&begun(0x09, 100), b"", Message::None), "in several frames");
        assert!(!with(b"", b"x", Message::None), "no frame");
    }

    proptest! {
        #[test]
        fn damage_is_no_panic(
            input in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), flip in 1..=255u8,
            more in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut bytes = encode(&Decoder::any(&mut Choices(&input)));
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            if let Ok(mut decoder) = decode::<Decoder>(&bytes) {
                decoder.step(&mut more.clone(), &mut Vec::new()).ok();
                encode(&decoder);
            }
        }
    }
}
