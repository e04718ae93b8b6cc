//! The IRC lines in a client's messages (IRCv3 `websocket`): a message is a line, and needs no line end.

use super::closing::{CloseCode, Fault};
use super::decoder::{Decoder, Event, Step};
#[cfg(feature = "upgrade")]
use crate::cbor::{map, numbered};

/// So much longer than frames their lines may be, in bytes: a line end for a message whose header came earlier. Every
/// other message has a header that is longer than a line end.
pub const SPARE_BYTES: usize = LINE_END.len();

const LINE_END: &[u8] = b"\r\n";

const SEVERAL_LINES: Fault =
    Fault { code: CloseCode::PolicyViolation, reason: "one line per message: send each line as a message" };

/// Decodes frames into lines, each with CR LF.
#[derive(Clone, Debug)]
pub struct LineDecoder {
    decoder: Decoder,
    line: Line,
}

#[cfg(feature = "upgrade")]
map!(LineDecoder { 0: decoder, 1: line });

/// The current message so far. A line end at its end is tolerated, and dropped.
#[derive(Clone, Copy, Debug)]
struct Line {
    is_empty: bool,
    ending: Ending,
}

/// The line end so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    None,
    Cr,
    Lf,
}

#[cfg(feature = "upgrade")]
map!(Line { 0: is_empty, 1: ending });
#[cfg(feature = "upgrade")]
numbered!(Ending, "line end" { 0 => None, 1 => Cr, 2 => Lf });

/// What was in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decoded {
    /// So many bytes at the start of the buffer are now lines, the last perhaps incomplete.
    pub line_bytes: usize,
    /// What comes after them.
    pub outcome: Outcome,
}

/// Whether the conversation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It does.
    Open,
    /// The peer has closed it.
    Closed,
    /// The peer must be told that it is over.
    Failed(Fault),
}

impl LineDecoder {
    /// A decoder for messages of at most `most_bytes`, 4 GiB at most, in any number of frames.
    pub fn new(most_bytes: usize) -> Self {
        Self { decoder: Decoder::new(most_bytes), line: Line::NEW }
    }

    /// Decodes in place the frames in `buffer`, which begin after `SPARE_BYTES`, into lines, which begin at its start.
    /// Appends answers to Ping frames to `pongs`, which are not longer than those frames.
    ///
    /// After an outcome that is not `Open`, later bytes are ignored.
    pub fn decode(&mut self, buffer: &mut [u8], pongs: &mut Vec<u8>) -> Decoded {
        let mut decoded = Decoded { line_bytes: 0, outcome: Outcome::Open };
        // What is written never passes what is read.
        let mut at = SPARE_BYTES;
        while decoded.outcome == Outcome::Open {
            match self.decoder.step(buffer.get_mut(at..).unwrap_or_default(), pongs) {
                Err(fault) => decoded.outcome = Outcome::Failed(fault),
                Ok(Step { event: None, .. }) => break,
                Ok(Step { event: Some(event), taken }) => {
                    self.handle(event, at, buffer, &mut decoded);
                    at += taken;
                }
            }
        }
        decoded
    }

    /// Handles an event in `buffer`, whose ranges count from `at`.
    fn handle(&mut self, event: Event, at: usize, buffer: &mut [u8], decoded: &mut Decoded) {
        match event {
            Event::Part(part) => {
                let part = at + part.start..at + part.end;
                match self.line.add(&buffer[part.clone()]) {
                    Some(kept) => {
                        buffer.copy_within(part.start..part.start + kept, decoded.line_bytes);
                        decoded.line_bytes += kept;
                    }
                    None => {
                        self.decoder.ignore_rest();
                        decoded.outcome = Outcome::Failed(SEVERAL_LINES);
                    }
                }
            }
            Event::End(_) => {
                if !self.line.is_empty {
                    buffer[decoded.line_bytes..][..LINE_END.len()].copy_from_slice(LINE_END);
                    decoded.line_bytes += LINE_END.len();
                }
                self.line = Line::NEW;
            }
            Event::Close(_) => decoded.outcome = Outcome::Closed,
        }
    }

    /// Memory besides itself, in bytes.
    pub fn kept_bytes(&self) -> usize {
        self.decoder.kept_bytes()
    }

    /// True if a message has begun and is not complete. If the stream ends now, its last line must be ignored.
    pub fn is_mid_message(&self) -> bool {
        self.decoder.is_mid_message()
    }
}

impl Line {
    const NEW: Self = Self { is_empty: true, ending: Ending::None };

    /// Adds a part of the message. How many of its bytes belong to the line; `None` if a second line begins.
    fn add(&mut self, part: &[u8]) -> Option<usize> {
        let kept = match self.ending {
            Ending::None => part.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(part.len()),
            _ => 0,
        };
        self.is_empty &= kept == 0;
        for byte in &part[kept..] {
            self.ending = match (self.ending, byte) {
                (Ending::None, b'\r') => Ending::Cr,
                (Ending::None | Ending::Cr, b'\n') => Ending::Lf,
                _ => return None,
            };
        }
        Some(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::websocket::samples::{Sample, binary, close, continuation, ping, text, unfinished};

    const MOST_BYTES: usize = 64;

    /// What all pieces are together.
    #[derive(Debug, PartialEq, Eq)]
    struct Whole {
        lines: Vec<u8>,
        pongs: Vec<u8>,
        outcome: Outcome,
    }

    fn decode(pieces: &[&[u8]]) -> Whole {
        let mut decoder = LineDecoder::new(MOST_BYTES);
        let mut whole = Whole { lines: Vec::new(), pongs: Vec::new(), outcome: Outcome::Open };
        for piece in pieces {
            #[cfg(feature = "upgrade")]
            {
                // As if another program went on.
                decoder = crate::cbor::decode(&crate::cbor::encode(&decoder)).unwrap();
            }
            let mut buffer = [&[0; SPARE_BYTES], *piece].concat();
            let decoded = decoder.decode(&mut buffer, &mut whole.pongs);
            whole.lines.extend_from_slice(&buffer[..decoded.line_bytes]);
            if whole.outcome == Outcome::Open {
                whole.outcome = decoded.outcome;
            }
        }
        if decoder.is_mid_message() {
            let complete = whole.lines.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            whole.lines.truncate(complete);
        }
        whole
    }

    /// Decodes frames whole, byte by byte and cut once at every byte, and checks that nothing changes.
    fn decoded(frames: &[Sample]) -> Whole {
        let bytes = frames.concat();
        let whole = decode(&[&bytes]);
        assert_eq!(decode(&bytes.chunks(1).collect::<Vec<_>>()), whole);
        for cut in 0..bytes.len() {
            let (before, after) = bytes.split_at(cut);
            assert_eq!(decode(&[before, after]), whole, "cut at {cut}");
        }
        whole
    }

    fn lines(frames: &[Sample]) -> String {
        let whole = decoded(frames);
        assert_eq!(whole.outcome, Outcome::Open);
        String::from_utf8(whole.lines).unwrap()
    }

    fn fault(frames: &[Sample]) -> CloseCode {
        match decoded(frames).outcome {
            Outcome::Failed(fault) => fault.code,
            outcome => panic!("{outcome:?}"),
        }
    }

    #[test]
    fn it_is_small() {
        assert!(size_of::<LineDecoder>() <= 64, "{}", size_of::<LineDecoder>());
    }

    #[test]
    fn each_message_is_a_line() {
        assert_eq!(lines(&[text(b"NICK ana"), binary(b"USER a 0 * :a")]), "NICK ana\r\nUSER a 0 * :a\r\n");
    }

    #[test]
    fn a_message_in_several_frames_is_a_line() {
        assert_eq!(
            lines(&[unfinished(text(b"PI")), unfinished(continuation(b"")), continuation(b"NG a")]),
            "PING a\r\n"
        );
    }

    #[test]
    fn a_line_end_at_the_end_is_tolerated() {
        for ended in ["PING a\r\n", "PING a\n", "PING a\r"] {
            assert_eq!(lines(&[text(ended.as_bytes()), text(b"PING b")]), "PING a\r\nPING b\r\n");
        }
        assert_eq!(
            lines(&[unfinished(text(b"PING a\r")), continuation(b"\n"), text(b"b")]),
            "PING a\r\nb\r\n"
        );
    }

    #[test]
    fn an_empty_message_is_no_line() {
        for empty in ["", "\r\n", "\n"] {
            assert_eq!(lines(&[text(empty.as_bytes()), text(b"a")]), "a\r\n");
        }
        assert_eq!(lines(&[unfinished(text(b"")), continuation(b""), text(b"a")]), "a\r\n");
    }

    #[test]
    fn a_second_line_in_a_message_is_a_fault() {
        for two in ["PING a\r\nPING b", "a\n\n", "a\n\r", "a\r\r\n", "\r\na", "a\rb"] {
            assert_eq!(fault(&[text(two.as_bytes())]), CloseCode::PolicyViolation, "{two:?}");
        }
        assert_eq!(fault(&[unfinished(text(b"a\r\n")), continuation(b"b")]), CloseCode::PolicyViolation);
    }

    #[test]
    fn what_came_before_the_end_is_not_lost_and_what_follows_is_ignored() {
        let whole = decoded(&[text(b"a"), text(b"b\nc"), text(b"d"), ping(b"late")]);
        assert_eq!((whole.lines.as_slice(), whole.pongs.as_slice()), (&b"a\r\n"[..], &b""[..]));
        let whole = decoded(&[text(b"QUIT"), ping(b"x"), close(b"\x03\xe8bye"), text(b"d"), ping(b"late")]);
        assert_eq!(whole.outcome, Outcome::Closed);
        assert_eq!((whole.lines.as_slice(), whole.pongs.as_slice()), (&b"QUIT\r\n"[..], &b"\x8a\x01x"[..]));
    }

    #[test]
    fn an_incomplete_message_is_told_from_a_complete_one() {
        let mut decoder = LineDecoder::new(MOST_BYTES);
        for (frame, mid_message) in
            [(unfinished(text(b"PI")), true), (ping(b""), true), (continuation(b"NG"), false)]
        {
            let mut buffer = [&[0; SPARE_BYTES], frame.as_slice()].concat();
            let _ = decoder.decode(&mut buffer, &mut Vec::new());
            assert_eq!(decoder.is_mid_message(), mid_message);
        }
    }
}
