//! Decodes frames of a client (RFC 6455 §5), in place and in any pieces.

#[cfg(feature = "upgrade")]
mod handover;

use std::fmt;
use std::ops::Range;

use websocket_sans_io::{
    FrameInfo, Opcode, WebsocketFrameDecoder, WebsocketFrameEncoder, WebsocketFrameEvent,
};

use super::closing::{CloseCode, Fault, peer_code};
use super::frames::{CONTROL_BYTES, pong};
use super::utf8::Utf8;
use crate::message::Framing;

/// Most bytes that the frame decoder gets at once. It adds the low 8 bits of their number to the phase of the mask, 3
/// at most, in 8 bits, and would panic with more.
const PIECE_BYTES: usize = 252;

const TOO_BIG: Fault = Fault { code: CloseCode::TooBig, reason: "this message is too long" };

/// Decodes a stream of frames. It keeps no bytes but those of an incomplete control frame.
#[derive(Clone, Debug)]
pub struct Decoder {
    frames: WebsocketFrameDecoder,
    control: Option<Box<Control>>,
    /// Longest message, and how much more the current one may have, in bytes. 32 bits because there are many decoders.
    most_bytes: u32,
    room_bytes: u32,
    message: Message,
    header_bytes: u8,
    over: bool,
}

/// The data message that has begun.
#[derive(Clone, Copy, Debug)]
enum Message {
    None,
    Text(Utf8),
    Binary,
}

/// The payload of an incomplete control frame.
#[derive(Clone)]
struct Control {
    bytes: [u8; CONTROL_BYTES],
    len: u8,
}

/// What a step came upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// These of the bytes are a part of a message, unmasked now.
    Part(Range<usize>),
    /// The message is complete.
    End(Framing),
    /// The peer closes the connection, for a reason with this code. Later bytes are ignored.
    Close(Option<u16>),
}

/// The result of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// So many bytes are decoded.
    pub taken: usize,
    /// `None` when all bytes are, and nothing more is in them.
    pub event: Option<Event>,
}

impl Decoder {
    /// A decoder for messages of at most `most_bytes`, 4 GiB at most, in any number of frames.
    pub fn new(most_bytes: usize) -> Self {
        let most_bytes = u32::try_from(most_bytes).unwrap_or(u32::MAX);
        Self {
            frames: WebsocketFrameDecoder::new(),
            control: None,
            most_bytes,
            room_bytes: most_bytes,
            message: Message::None,
            header_bytes: 0,
            over: false,
        }
    }

    /// Decodes `bytes` up to the next event, and appends answers to Ping frames to `pongs`, which are not longer than
    /// those frames. After a fault, later bytes are ignored.
    pub fn step(&mut self, bytes: &mut [u8], pongs: &mut Vec<u8>) -> Result<Step, Fault> {
        if self.over {
            return Ok(Step { taken: bytes.len(), event: None });
        }
        let step = self.step_through(bytes, pongs);
        if matches!(step, Err(_) | Ok(Step { event: Some(Event::Close(_)), .. })) {
            self.ignore_rest();
        }
        step
    }

    /// Ignores all later bytes.
    pub fn ignore_rest(&mut self) {
        self.over = true;
        self.control = None;
    }

    fn step_through(&mut self, bytes: &mut [u8], pongs: &mut Vec<u8>) -> Result<Step, Fault> {
        let mut taken = 0;
        loop {
            let end = bytes.len().min(taken + PIECE_BYTES);
            let Ok(result) = self.frames.add_data(&mut bytes[taken..end]);
            let piece = taken..taken + result.consumed_bytes;
            taken = piece.end;
            let event = match result.event {
                None => {
                    self.header_bytes += piece.len() as u8;
                    if taken == bytes.len() {
                        return Ok(Step { taken, event: None });
                    }
                    None
                }
                Some(WebsocketFrameEvent::Start { frame_info, .. }) => {
                    let header_bytes = self.header_bytes + piece.len() as u8;
                    self.header_bytes = 0;
                    self.start(&frame_info, header_bytes)?;
                    None
                }
                Some(WebsocketFrameEvent::PayloadChunk { original_opcode })
                    if original_opcode.is_control() =>
                {
                    self.keep(&bytes[piece]);
                    None
                }
                Some(WebsocketFrameEvent::PayloadChunk { .. }) => {
                    self.check_text(&bytes[piece.clone()])?;
                    Some(Event::Part(piece))
                }
                Some(WebsocketFrameEvent::End { frame_info, .. }) => self.end(&frame_info, pongs)?,
            };
            if event.is_some() {
                return Ok(Step { taken, event });
            }
        }
    }

    /// Memory besides itself, in bytes.
    pub fn kept_bytes(&self) -> usize {
        self.control.as_deref().map_or(0, size_of_val)
    }

    /// True if a message has begun and is not complete.
    pub fn is_mid_message(&self) -> bool {
        !matches!(self.message, Message::None)
    }

    /// Checks a header, which says everything about a frame, before any of its payload is taken.
    fn start(&mut self, frame: &FrameInfo, header_bytes: u8) -> Result<(), Fault> {
        if frame.reserved != 0 {
            return Err(Fault::protocol("reserved bits, and no extension is in use"));
        }
        if frame.mask.is_none() {
            return Err(Fault::protocol("frames of a client must be masked"));
        }
        let shortest = WebsocketFrameEncoder::new().start_frame(frame).len();
        if frame.payload_length > i64::MAX as u64 || usize::from(header_bytes) != shortest {
            return Err(Fault::protocol("a length has as few bytes as possible, and 63 bits at most"));
        }
        match (frame.opcode, self.message) {
            (Opcode::Text, Message::None) => self.message = Message::Text(Utf8::default()),
            (Opcode::Binary, Message::None) => self.message = Message::Binary,
            (Opcode::Continuation, Message::Text(_) | Message::Binary) => {}
            (Opcode::Text | Opcode::Binary, _) => {
                return Err(Fault::protocol("a message within another message"));
            }
            (Opcode::Continuation, _) => return Err(Fault::protocol("a continuation of no message")),
            (Opcode::ConnectionClose | Opcode::Ping | Opcode::Pong, _) => return start_control(frame),
            _ => return Err(Fault::protocol("no known opcode")),
        }
        let length = u32::try_from(frame.payload_length).map_err(|_| TOO_BIG)?;
        self.room_bytes = self.room_bytes.checked_sub(length).ok_or(TOO_BIG)?;
        Ok(())
    }

    /// Keeps a piece of a control frame, whose length is checked.
    fn keep(&mut self, piece: &[u8]) {
        let control =
            self.control.get_or_insert_with(|| Box::new(Control { bytes: [0; CONTROL_BYTES], len: 0 }));
        let start = usize::from(control.len);
        if let Some(place) = control.bytes.get_mut(start..start + piece.len()) {
            place.copy_from_slice(piece);
            control.len += piece.len() as u8;
        }
    }

    fn check_text(&mut self, piece: &[u8]) -> Result<(), Fault> {
        let accepted = match &mut self.message {
            Message::Text(utf8) => utf8.accepts(piece),
            Message::None | Message::Binary => true,
        };
        if accepted { Ok(()) } else { Err(Fault::NOT_UTF8) }
    }

    fn end(&mut self, frame: &FrameInfo, pongs: &mut Vec<u8>) -> Result<Option<Event>, Fault> {
        if frame.opcode.is_data() {
            return if frame.fin { self.end_message() } else { Ok(None) };
        }
        let control = self.control.take();
        let payload = control.as_ref().map_or(&[][..], |control| control.payload());
        match frame.opcode {
            Opcode::ConnectionClose => return peer_code(payload).map(|code| Some(Event::Close(code))),
            Opcode::Ping => pong(payload, pongs),
            _ => {}
        }
        Ok(None)
    }

    fn end_message(&mut self) -> Result<Option<Event>, Fault> {
        let message_type = match self.message {
            Message::None => return Ok(None),
            Message::Text(utf8) if !utf8.is_complete() => return Err(Fault::NOT_UTF8),
            Message::Text(_) => Framing::Text,
            Message::Binary => Framing::Binary,
        };
        self.message = Message::None;
        self.room_bytes = self.most_bytes;
        Ok(Some(Event::End(message_type)))
    }
}

/// Checks the header of a control frame.
fn start_control(frame: &FrameInfo) -> Result<(), Fault> {
    if !frame.fin {
        return Err(Fault::protocol("a control frame in several frames"));
    }
    if frame.payload_length > CONTROL_BYTES as u64 {
        return Err(Fault::protocol("a control frame has at most 125 bytes"));
    }
    Ok(())
}

impl Control {
    fn payload(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.payload().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::websocket::samples::{
        Sample, binary, close, continuation, frame, header, ping, text, unfinished,
    };

    const MOST_BYTES: usize = 1000;

    /// What came of a stream.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Seen {
        messages: Vec<(Framing, Vec<u8>)>,
        pongs: Vec<u8>,
        closed: Option<Option<u16>>,
        fault: Option<CloseCode>,
    }

    fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Seen {
        decode_by(pieces, |decoder| decoder)
    }

    /// Decodes pieces, each with the decoder that `next` makes of the last one.
    fn decode_by<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, next: impl Fn(Decoder) -> Decoder) -> Seen {
        let mut decoder = Decoder::new(MOST_BYTES);
        let (mut seen, mut message) = (Seen::default(), Vec::new());
        for piece in pieces {
            decoder = next(decoder);
            let mut bytes = piece.to_vec();
            let mut rest = &mut bytes[..];
            loop {
                let Step { taken, event } = match decoder.step(rest, &mut seen.pongs) {
                    Ok(step) => step,
                    Err(fault) => {
                        seen.fault = Some(fault.code);
                        break;
                    }
                };
                match event {
                    None => break assert_eq!(taken, rest.len()),
                    Some(Event::Part(part)) => message.extend_from_slice(&rest[part]),
                    Some(Event::End(message_type)) => {
                        seen.messages.push((message_type, std::mem::take(&mut message)))
                    }
                    Some(Event::Close(code)) => seen.closed = Some(code),
                }
                rest = &mut rest[taken..];
            }
        }
        seen
    }

    /// The decoder that another program has of this one.
    #[cfg(feature = "upgrade")]
    fn handed_over(decoder: Decoder) -> Decoder {
        crate::cbor::decode(&crate::cbor::encode(&decoder)).unwrap()
    }

    #[cfg(not(feature = "upgrade"))]
    fn handed_over(decoder: Decoder) -> Decoder {
        decoder
    }

    /// Decodes frames whole, byte by byte and cut once at every byte, and checks that nothing changes, even if another
    /// program goes on after a cut.
    fn decoded(frames: &[Sample]) -> Seen {
        let bytes = frames.concat();
        let seen = decode([&bytes[..]]);
        assert_eq!(decode(bytes.chunks(1)), seen);
        assert_eq!(decode_by(bytes.chunks(1), handed_over), seen);
        for cut in 0..bytes.len() {
            let parts = <[&[u8]; 2]>::from(bytes.split_at(cut));
            assert_eq!(decode(parts), seen, "cut at {cut}");
            assert_eq!(decode_by(parts, handed_over), seen, "handed over at {cut}");
        }
        seen
    }

    fn fault(frames: &[Sample]) -> CloseCode {
        let seen = decoded(frames);
        seen.fault.unwrap_or_else(|| panic!("no fault in {frames:x?}"))
    }

    #[test]
    fn messages_of_every_length_are_unmasked() {
        for length in (0..300).chain([507, 511, 512, 767, 999, 1000]) {
            let payload: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let bytes = binary(&payload);
            let expected = vec![(Framing::Binary, payload)];
            assert_eq!(decode([&bytes[..]]).messages, expected, "{length} bytes");
            assert_eq!(decode(bytes.chunks(257)).messages, expected, "{length} bytes in pieces");
        }
    }

    #[test]
    fn a_piece_of_any_length_at_any_phase_of_the_mask_is_unmasked() {
        let payload = b"x".repeat(MOST_BYTES);
        let bytes = binary(&payload);
        for first in 1..12 {
            for second in 240..270 {
                let (a, rest) = bytes.split_at(first);
                let (b, c) = rest.split_at(second);
                assert_eq!(decode([a, b, c]).messages, [(Framing::Binary, payload.clone())]);
            }
        }
    }

    #[test]
    fn messages_follow_each_other_with_control_frames_among_their_frames() {
        let seen = decoded(&[
            text(b"one"),
            unfinished(text(b"t")),
            ping(b"between"),
            unfinished(continuation(b"w")),
            frame(0x8a, b"a pong that nobody asked for"),
            continuation(b"o"),
            binary(b"\xff"),
            close(b"\x03\xe9bye"),
        ]);
        let expected: [(Framing, &[u8]); 3] =
            [(Framing::Text, b"one"), (Framing::Text, b"two"), (Framing::Binary, b"\xff")];
        assert_eq!(seen.messages, expected.map(|(message_type, payload)| (message_type, payload.to_vec())));
        assert_eq!(seen.pongs, b"\x8a\x07between");
        assert_eq!((seen.closed, seen.fault), (Some(Some(1001)), None));
    }

    #[test]
    fn a_control_frame_has_125_bytes_at_most() {
        let longest = b"x".repeat(CONTROL_BYTES);
        assert_eq!(decoded(&[ping(&longest)]).pongs[2..], longest);
        assert_eq!(fault(&[ping(&b"x".repeat(CONTROL_BYTES + 1))]), CloseCode::ProtocolError);
        assert_eq!(fault(&[unfinished(ping(b"x"))]), CloseCode::ProtocolError);
    }

    #[test]
    fn nothing_is_kept_on_the_heap_between_frames() {
        let mut decoder = Decoder::new(MOST_BYTES);
        for (bytes, keeps) in
            [(&ping(b"hello")[..8], true), (&ping(b"hello")[8..], false), (&text(b"a"), false)]
        {
            let mut bytes = bytes.to_vec();
            while let Step { taken, event: Some(_) } = decoder.step(&mut bytes, &mut Vec::new()).unwrap() {
                bytes.drain(..taken);
            }
            assert_eq!(decoder.kept_bytes() > CONTROL_BYTES, keeps);
        }
    }

    #[test]
    fn reserved_bits_and_opcodes_are_refused() {
        for reserved in [0x40, 0x20, 0x10, 0x70] {
            assert_eq!(fault(&[text(b"a"), frame(0x81 | reserved, b"b")]), CloseCode::ProtocolError);
            assert_eq!(fault(&[frame(0x89 | reserved, b"b")]), CloseCode::ProtocolError);
        }
        for opcode in (3..8).chain(11..16) {
            assert_eq!(fault(&[frame(0x80 | opcode, b"b")]), CloseCode::ProtocolError, "{opcode}");
        }
    }

    #[test]
    fn frames_without_a_mask_are_refused() {
        assert_eq!(fault(&[[header(0x81, 0, 2), b"hi".to_vec()].concat()]), CloseCode::ProtocolError);
        assert_eq!(fault(&[header(0x88, 0, 0)]), CloseCode::ProtocolError);
    }

    #[test]
    fn only_a_message_that_has_begun_is_continued() {
        assert_eq!(fault(&[continuation(b"a")]), CloseCode::ProtocolError);
        assert_eq!(fault(&[text(b"a"), unfinished(continuation(b"b"))]), CloseCode::ProtocolError);
        assert_eq!(fault(&[unfinished(text(b"a")), text(b"b")]), CloseCode::ProtocolError);
        assert_eq!(fault(&[unfinished(binary(b"a")), unfinished(binary(b"b"))]), CloseCode::ProtocolError);
    }

    #[test]
    fn a_message_that_is_too_long_is_refused_by_its_header() {
        for frames in [
            vec![binary(&b"x".repeat(MOST_BYTES + 1))[..8].to_vec()],
            vec![unfinished(text(&b"x".repeat(MOST_BYTES))), continuation(b"x")[..6].to_vec()],
            vec![[&[0x82, 0xff], &[0x7f; 8][..], &[0; 4]].concat()],
        ] {
            assert_eq!(fault(&frames), CloseCode::TooBig);
        }
        let full = text(&b"x".repeat(MOST_BYTES));
        assert_eq!(decoded(&[full.clone(), full]).messages.len(), 2);
    }

    #[test]
    fn lengths_in_too_many_bytes_are_refused() {
        for length in [
            &[0xfe, 0, 125][..],
            &[0xff, 0, 0, 0, 0, 0, 0, 0, 5],
            &[0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
            &[0xff, 0x80, 0, 0, 0, 0, 0, 0, 5],
        ] {
            assert_eq!(
                fault(&[[&[0x82], length, &[0; 4]].concat()]),
                CloseCode::ProtocolError,
                "{length:x?}"
            );
        }
    }

    #[test]
    fn text_that_cannot_become_utf8_is_refused_at_once() {
        assert_eq!(fault(&[unfinished(text(b"\xf4\x90"))]), CloseCode::InvalidData);
        assert_eq!(fault(&[text(b"\xe8\x8c")]), CloseCode::InvalidData);
        assert_eq!(fault(&[unfinished(text(b"\xe8\x8c")), continuation(b"")]), CloseCode::InvalidData);
        assert_eq!(fault(&[text(b"good\xff good")[..12].to_vec()]), CloseCode::InvalidData);
        let seen = decoded(&[unfinished(text(b"\xe8\x8c")), ping(b"\xff"), continuation(b"\xb6")]);
        assert_eq!(seen.messages, [(Framing::Text, "茶".as_bytes().to_vec())]);
    }

    #[test]
    fn a_close_frame_is_checked() {
        assert_eq!(decoded(&[close(b"")]).closed, Some(None));
        assert_eq!(fault(&[close(b"\x03")]), CloseCode::ProtocolError);
        assert_eq!(fault(&[close(b"\x03\xee")]), CloseCode::ProtocolError);
        assert_eq!(fault(&[close(b"\x03\xe8\xff")]), CloseCode::InvalidData);
    }

    /// What to send, and whether it is cut into frames with a ping between them.
    fn messages() -> impl Strategy<Value = Vec<(Framing, Vec<u8>, Vec<usize>)>> {
        let text = "[a茶🍵]{0,100}".prop_map(|text| (Framing::Text, text.into_bytes()));
        let binary = prop::collection::vec(any::<u8>(), 0..400).prop_map(|bytes| (Framing::Binary, bytes));
        let cuts = prop::collection::vec(0..400usize, 0..4);
        let message =
            (prop_oneof![text, binary], cuts).prop_map(|((kind, payload), cuts)| (kind, payload, cuts));
        prop::collection::vec(message, 0..6)
    }

    proptest! {
        #[test]
        fn what_is_sent_in_any_frames_and_pieces_is_received(
            messages in messages(),
            piece_bytes in 1..600usize,
        ) {
            let (mut bytes, mut expected) = (Vec::new(), Seen::default());
            for (message_type, payload, mut cuts) in messages {
                cuts.iter_mut().for_each(|cut| *cut = (*cut).min(payload.len()));
                cuts.extend([0, payload.len()]);
                cuts.sort_unstable();
                let last = cuts.len() - 2;
                for (n, cut) in cuts.windows(2).enumerate() {
                    let opcode = if n > 0 { 0 } else if message_type == Framing::Text { 1 } else { 2 };
                    let fin = if n == last { 0x80 } else { 0 };
                    bytes.extend(frame(fin | opcode, &payload[cut[0]..cut[1]]));
                    bytes.extend(ping(&[n as u8]));
                    expected.pongs.extend([0x8a, 1, n as u8]);
                }
                expected.messages.push((message_type, payload));
            }
            prop_assert_eq!(decode(bytes.chunks(piece_bytes)), expected);
        }

        #[test]
        fn any_bytes_mean_the_same_in_any_pieces(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            piece_bytes in 1..60usize,
        ) {
            prop_assert_eq!(decode(bytes.chunks(piece_bytes)), decode([&bytes[..]]));
        }
    }
}
