//! WebSocket frames: however the bytes are cut, the decoders find the same messages and lines, and what goes in as lines
//! comes out as lines.

use parlor::wire::websocket::{CloseCode, Decoded, Decoder, Event, Fault, LineDecoder, Outcome, SPARE_BYTES};

use crate::choices::Choices;
use crate::support::frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, masked};

/// What came of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    messages: Vec<Vec<u8>>,
    pongs: Vec<u8>,
    closed: Option<Option<u16>>,
    fault: Option<Fault>,
}

pub(crate) fn run(choices: &mut Choices<'_>) {
    let most_bytes = choices.pick(&[0, 20, 300, 70_000]);
    let stream = stream(choices);
    let pieces = choices.cut(&stream);
    let whole = messages(most_bytes, &[&stream]);
    assert_eq!(messages(most_bytes, &pieces), whole, "{stream:?}");
    assert!(whole.messages.iter().all(|message| message.len() <= most_bytes));
    let lines = lines(most_bytes, &[&stream]);
    let cut = self::lines(most_bytes, &pieces);
    assert_eq!((&cut.0, &cut.1), (&lines.0, &lines.1), "{stream:?}");
    assert!(alike(cut.2, lines.2), "{:?} {:?}, {stream:?}", cut.2, lines.2);
    agree(&whole, &lines);
}

/// True for the same end. Where a message is no UTF-8 and has two lines, the cuts decide which is noticed first.
fn alike(one: Outcome, other: Outcome) -> bool {
    let either = |outcome| match outcome {
        Outcome::Failed(fault) => matches!(fault.code, CloseCode::InvalidData | CloseCode::PolicyViolation),
        _ => false,
    };
    one == other || either(one) && either(other)
}

/// Frames, most of them good.
fn stream(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut stream = Vec::new();
    for _ in 0..choices.below(12) {
        let first = choices.pick(&[
            TEXT,
            TEXT - FIN,
            BINARY - FIN,
            CONTINUATION,
            CONTINUATION - FIN,
            BINARY,
            PING,
            PONG,
        ]);
        let payload = match choices.below(4) {
            0 => choices.bytes(150).to_vec(),
            1 => "茶".as_bytes()[..choices.below(4)].to_vec(),
            2 => b"x".repeat(choices.below(600)),
            _ => choices
                .pick(&[&b"PING a\r\n"[..], b"NICK ana", b"\r", b"\n", b"\r\nQUIT", b"\x03\xe8"])
                .to_vec(),
        };
        let frame = masked(if choices.once_in(16) { CLOSE } else { first }, &payload);
        match choices.below(16) {
            0 => stream.extend_from_slice(&frame[..choices.below(frame.len())]),
            1 => stream.extend_from_slice(choices.bytes(20)),
            _ => stream.extend(frame),
        }
    }
    stream
}

fn messages(most_bytes: usize, pieces: &[&[u8]]) -> Seen {
    let mut decoder = Decoder::new(most_bytes);
    let (mut seen, mut message) = (Seen::default(), Vec::new());
    for piece in pieces {
        let mut bytes = piece.to_vec();
        let mut rest = &mut bytes[..];
        while let Some(step) = step(&mut decoder, rest, &mut seen) {
            match step.1 {
                Event::Part(part) => message.extend_from_slice(&rest[part]),
                Event::End(_) => seen.messages.push(std::mem::take(&mut message)),
                Event::Close(code) => assert_eq!(seen.closed.replace(code), None, "the end is told once"),
            }
            rest = &mut rest[step.0..];
        }
    }
    seen
}

/// The next event in `bytes`, and the bytes up to it.
fn step(decoder: &mut Decoder, bytes: &mut [u8], seen: &mut Seen) -> Option<(usize, Event)> {
    match decoder.step(bytes, &mut seen.pongs) {
        Ok(step) => {
            assert!(step.event.is_some() || step.taken == bytes.len(), "everything is decoded");
            Some((step.taken, step.event?))
        }
        Err(fault) => {
            assert_eq!(seen.fault.replace(fault), None, "a fault is told once");
            None
        }
    }
}

/// Complete lines, pongs, and how it ended.
fn lines(most_bytes: usize, pieces: &[&[u8]]) -> (Vec<u8>, Vec<u8>, Outcome) {
    let mut decoder = LineDecoder::new(most_bytes);
    let (mut lines, mut pongs, mut end) = (Vec::new(), Vec::new(), Outcome::Open);
    for piece in pieces {
        let mut buffer = [&[0; SPARE_BYTES], *piece].concat();
        let Decoded { line_bytes, outcome } = decoder.decode(&mut buffer, &mut pongs);
        lines.extend_from_slice(&buffer[..line_bytes]);
        assert!(
            end == Outcome::Open || (line_bytes, outcome) == (0, Outcome::Open),
            "nothing comes after the end"
        );
        if end == Outcome::Open {
            end = outcome;
        }
    }
    let in_all: usize = pieces.iter().map(|piece| piece.len()).sum();
    assert!(lines.len() <= in_all && pongs.len() <= in_all, "nothing grows");
    if decoder.is_mid_message() {
        let complete = lines.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        lines.truncate(complete);
    }
    (lines, pongs, end)
}

/// The lines are those of the messages, up to the first message with two.
fn agree(seen: &Seen, (lines, pongs, end): &(Vec<u8>, Vec<u8>, Outcome)) {
    let mut expected = Vec::new();
    for message in &seen.messages {
        let line = message.strip_suffix(b"\n").unwrap_or(message);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
            assert!(matches!(end, Outcome::Failed(_)), "a message has two lines");
            assert_eq!(*lines, expected);
            return;
        }
        if !line.is_empty() {
            expected.extend([line, b"\r\n"].concat());
        }
    }
    assert_eq!(*lines, expected);
    match end {
        Outcome::Open => assert_eq!((seen.closed, seen.fault), (None, None)),
        Outcome::Closed => assert!(seen.closed.is_some()),
        // Or there are two lines in a message whose end is not there.
        Outcome::Failed(fault) => {
            assert!(seen.fault == Some(*fault) || seen.fault.is_none() || seen.closed.is_none())
        }
    }
    if !matches!(end, Outcome::Failed(_)) {
        assert_eq!(*pongs, seen.pongs);
    }
}
