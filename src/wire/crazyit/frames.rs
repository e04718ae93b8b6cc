//! Frames of a client, between marks. They may arrive in any pieces, split inside a mark, or several at once. A line
//! end may follow a frame; it only shows that the client reads lines.

use std::fmt;

use super::{SAY_MARK, SPLIT_SIGN, USER_MARK, WHISPER_MARK};
use crate::wire::{Split, Splitter};

/// A request in a client's frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Log in under this name, or change to it.
    LogIn(&'a str),
    /// Send this text to everybody.
    Say(&'a str),
    /// Send this text to one user.
    Whisper {
        /// The addressee, unchecked.
        to: &'a str,
        /// The text.
        text: &'a str,
    },
}

/// How a peer violated the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// A byte between frames that is not a line end. The start of the next frame is unknown.
    OutsideFrame,
    /// A frame longer than this many bytes. The start of the next frame is unknown.
    TooLong(usize),
    /// The peer's last frame is incomplete.
    Unfinished,
    /// A message is not UTF-8. The next frame can be decoded.
    NotUtf8,
    /// A name is not UTF-8. The next frame can be decoded, and the peer waits for an answer.
    NameNotUtf8,
    /// A private message without `※`. The next frame can be decoded.
    NoSplitSign,
}

/// The result of decoding the start of a buffer, with the number of bytes consumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// Incomplete.
    NeedMore,
    /// A newline or carriage return between two frames, 1 byte.
    LineEnd,
    /// A complete frame.
    Frame(Result<Request<'a>, ParseError>, usize),
    /// An error after which the stream cannot be decoded.
    Broken(ParseError),
}

/// Decodes frames one at a time.
#[derive(Clone, Debug)]
pub struct Decoder {
    splitter: Splitter,
}

#[derive(Clone, Copy)]
enum Mark {
    User,
    Say,
    Whisper,
}

impl Mark {
    const ALL: [Self; 3] = [Self::User, Self::Say, Self::Whisper];

    fn text(self) -> &'static str {
        match self {
            Self::User => USER_MARK,
            Self::Say => SAY_MARK,
            Self::Whisper => WHISPER_MARK,
        }
    }

    fn opening(buffer: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| buffer.starts_with(mark.text().as_bytes()))
    }

    fn could_begin_with(buffer: &[u8]) -> bool {
        Self::ALL.into_iter().any(|mark| mark.text().as_bytes().starts_with(buffer))
    }
}

impl Decoder {
    /// A decoder for frames of at most `cap` bytes, marks included.
    pub fn new(cap: usize) -> Self {
        Self { splitter: Splitter::new(cap) }
    }

    /// Changes the cap, also for the current frame.
    pub fn set_cap(&mut self, cap: usize) {
        self.splitter.set_cap(cap);
    }

    /// Longest frame, in bytes, marks included.
    #[cfg(feature = "upgrade")]
    pub(crate) fn cap(&self) -> usize {
        self.splitter.cap()
    }

    /// Decodes the start of `buffer`. The caller removes the consumed bytes before the next call; after `NeedMore`,
    /// it passes the same bytes followed by more.
    pub fn next<'a>(&mut self, buffer: &'a [u8]) -> Decoded<'a> {
        if let Some(b'\n' | b'\r') = buffer.first() {
            return Decoded::LineEnd;
        }
        let Some(mark) = Mark::opening(buffer) else {
            return if Mark::could_begin_with(buffer) {
                Decoded::NeedMore
            } else {
                Decoded::Broken(ParseError::OutsideFrame)
            };
        };
        let delimiter = mark.text().as_bytes();
        match self.splitter.find(buffer, delimiter.len(), delimiter) {
            Split::NeedMore => Decoded::NeedMore,
            Split::TooLong => Decoded::Broken(ParseError::TooLong(self.splitter.cap())),
            Split::At(end) => {
                Decoded::Frame(meaning(mark, &buffer[delimiter.len()..end]), end + delimiter.len())
            }
        }
    }
}

fn meaning(mark: Mark, content: &[u8]) -> Result<Request<'_>, ParseError> {
    let text = std::str::from_utf8(content);
    match mark {
        Mark::User => text.map(Request::LogIn).map_err(|_| ParseError::NameNotUtf8),
        Mark::Say => text.map(Request::Say).map_err(|_| ParseError::NotUtf8),
        Mark::Whisper => {
            let text = text.map_err(|_| ParseError::NotUtf8)?;
            let (to, text) = text.split_once(SPLIT_SIGN).ok_or(ParseError::NoSplitSign)?;
            Ok(Request::Whisper { to, text })
        }
    }
}

/// A text contains this mark of the protocol and so cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkInside(pub &'static str);

impl Request<'_> {
    /// Encodes the frame, without a newline, which the CrazyIt book's Python server would include in the text.
    ///
    /// Fails when the text contains a mark that would end this frame, or another kind of frame that repeats the text.
    pub fn encode(&self) -> Result<Vec<u8>, MarkInside> {
        let (mark, parts) = match *self {
            Self::LogIn(name) => (USER_MARK, vec![name]),
            Self::Say(text) => (SAY_MARK, vec![text]),
            Self::Whisper { to, text } => (WHISPER_MARK, vec![to, text]),
        };
        let marks = [USER_MARK, SAY_MARK, WHISPER_MARK, SPLIT_SIGN];
        if let Some(inside) = marks.into_iter().find(|&mark| parts.iter().any(|part| part.contains(mark))) {
            return Err(MarkInside(inside));
        }
        Ok([mark, &parts.join(SPLIT_SIGN), mark].concat().into_bytes())
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutsideFrame => write!(
                f,
                "bytes outside a frame: begin with {USER_MARK}name{USER_MARK}, {SAY_MARK}text{SAY_MARK} or \
                 {WHISPER_MARK}name{SPLIT_SIGN}text{WHISPER_MARK}"
            ),
            Self::TooLong(cap) => write!(f, "a frame has at most {cap} bytes, its marks included"),
            Self::Unfinished => f.write_str("the last frame has no closing mark, it was not delivered"),
            Self::NotUtf8 => f.write_str("the message is not UTF-8, it was not delivered"),
            Self::NameNotUtf8 => f.write_str("the name is not UTF-8"),
            Self::NoSplitSign => write!(
                f,
                "a private message needs {SPLIT_SIGN} between addressee and text, it was not delivered"
            ),
        }
    }
}

impl fmt::Display for MarkInside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text contains {}, a mark of the protocol", self.0)
    }
}

impl std::error::Error for ParseError {}
impl std::error::Error for MarkInside {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All results for `bytes`, fed in pieces that end at `cuts`.
    fn decode(bytes: &[u8], cuts: impl IntoIterator<Item = usize>) -> Vec<String> {
        let mut decoder = Decoder::new(64);
        let (mut found, mut start) = (Vec::new(), 0);
        for end in cuts.into_iter().chain([bytes.len()]) {
            while start < end {
                match decoder.next(&bytes[start..end]) {
                    Decoded::NeedMore => break,
                    Decoded::LineEnd => start += 1,
                    Decoded::Frame(frame, used) => {
                        found.push(format!("{frame:?}"));
                        start += used;
                    }
                    Decoded::Broken(why) => {
                        found.push(format!("{why:?}"));
                        return found;
                    }
                }
            }
        }
        if start < bytes.len() {
            found.push("unfinished".into());
        }
        found
    }

    /// Feeds the bytes whole, cut at each byte, byte by byte, and followed by another frame.
    fn every_way(bytes: &[u8], expected: &[&str]) {
        assert_eq!(decode(bytes, []), expected, "whole");
        for cut in 0..bytes.len() {
            assert_eq!(decode(bytes, [cut]), expected, "cut at {cut}");
        }
        assert_eq!(decode(bytes, 0..bytes.len()), expected, "byte by byte");
        let glued = [bytes, "§γglued§γ".as_bytes()].concat();
        let with_glued: Vec<_> = expected.iter().copied().chain([r#"Ok(Say("glued"))"#]).collect();
        assert_eq!(decode(&glued, []), with_glued, "glued");
    }

    #[test]
    fn every_frame_is_found_however_it_is_cut() {
        every_way("∏∑alice∏∑".as_bytes(), &[r#"Ok(LogIn("alice"))"#]);
        every_way("§γ大家好§γ".as_bytes(), &[r#"Ok(Say("大家好"))"#]);
        every_way("★【bob※hi★【".as_bytes(), &[r#"Ok(Whisper { to: "bob", text: "hi" })"#]);
        every_way("∏∑a∏∑\r\n§γb§γ\n".as_bytes(), &[r#"Ok(LogIn("a"))"#, r#"Ok(Say("b"))"#]);
        every_way("§γ§γ§γ§γ".as_bytes(), &[r#"Ok(Say(""))"#, r#"Ok(Say(""))"#]);
    }

    #[test]
    fn marks_of_another_kind_are_text_and_only_the_first_split_sign_splits() {
        every_way("§γa∏∑b★【c※§γ".as_bytes(), &[r#"Ok(Say("a∏∑b★【c※"))"#]);
        every_way("★【a※b※c★【".as_bytes(), &[r#"Ok(Whisper { to: "a", text: "b※c" })"#]);
    }

    #[test]
    fn a_bad_frame_with_an_end_is_reported_and_the_next_one_is_decoded() {
        every_way(b"\xc2\xa7\xce\xb3\xff\xc2\xa7\xce\xb3", &["Err(NotUtf8)"]);
        every_way("★【bob hi★【".as_bytes(), &["Err(NoSplitSign)"]);
        every_way(&["∏∑".as_bytes(), b"\xff", "∏∑".as_bytes()].concat(), &["Err(NameNotUtf8)"]);
    }

    #[test]
    fn a_frame_without_an_end_breaks_the_stream() {
        assert_eq!(decode(b"hello", []), ["OutsideFrame"]);
        assert_eq!(decode("§γhi§γ x".as_bytes(), []), [r#"Ok(Say("hi"))"#, "OutsideFrame"]);
        assert_eq!(decode("★x".as_bytes(), 0..4), ["OutsideFrame"], "half a mark");
        assert_eq!(decode("§γhi".as_bytes(), []), ["unfinished"]);
        let long = ["§γ", &"x".repeat(64), "§γ"].concat();
        for cuts in [vec![], (0..long.len()).collect()] {
            assert_eq!(decode(long.as_bytes(), cuts), ["TooLong(64)"]);
        }
    }

    #[test]
    fn a_text_containing_a_mark_is_not_encoded() {
        assert_eq!(Request::Say("a§γb").encode(), Err(MarkInside(SAY_MARK)));
        assert_eq!(Request::Whisper { to: "a", text: "b※" }.encode(), Err(MarkInside(SPLIT_SIGN)));
    }

    proptest! {
        #[test]
        fn encoded_requests_decode_to_the_same(to in "[a-z]{1,9}", text in "[^∏∑§γ★【※]{0,20}") {
            for request in
                [Request::LogIn(&to), Request::Say(&text), Request::Whisper { to: &to, text: &text }]
            {
                let bytes = request.encode().unwrap();
                let decoded = Decoder::new(8192).next(&bytes);
                prop_assert_eq!(decoded, Decoded::Frame(Ok(request), bytes.len()));
            }
        }

        #[test]
        fn random_bytes_decode_to_the_same_however_they_are_cut(
            pieces in prop::collection::vec(
                prop::sample::select(vec!["∏", "∑", "§", "γ", "★", "【", "※", "\n", "a", "∏∑", "§γ", "★【"]),
                0..30,
            ),
            noise in prop::collection::vec(any::<u8>(), 0..3),
            cut in 0..100usize,
        ) {
            let mut bytes = pieces.concat().into_bytes();
            bytes.splice(cut.min(bytes.len()).., noise);
            prop_assert_eq!(decode(&bytes, []), decode(&bytes, 0..bytes.len()));
        }
    }
}
