//! One metrics connection: a request, an answer, and an orderly close.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::request::Request;
use crate::message::Frame;
use crate::server::{Outbox, Stream};
use crate::wire::{Split, Splitter};

const REQUEST_BYTES: usize = 4096;

/// Timeout for a whole connection, from accepting it to the peer's close.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Most bytes after a request that are read and discarded in a turn.
const READ_BUDGET: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Scrape<S> {
    stream: S,
    step: Step,
    /// There may be work. The system reports readiness only once.
    pub(super) ready: bool,
    pub(super) until: Instant,
}

#[derive(Debug)]
enum Step {
    /// The head of the request is incomplete.
    Asking { head: Vec<u8>, splitter: Splitter },
    /// The answer is partly written.
    Answering { answer: Outbox, peer_finished: bool },
    /// Our half is shut down. Read until the peer closes too: closing a socket with unread input resets it and loses
    /// the answer.
    Lingering,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Goes,
    /// Continue in the next turn, without waiting for readiness.
    HadItsBudget,
    Waits,
    Over,
}

impl<S: Stream> Scrape<S> {
    pub(super) fn new(stream: S, now: Instant) -> Self {
        let step = Step::Asking { head: Vec::new(), splitter: Splitter::new(REQUEST_BYTES) };
        Self { stream, step, ready: false, until: now + TIMEOUT }
    }

    /// True while no answer has begun.
    pub(super) fn is_asking(&self) -> bool {
        matches!(self.step, Step::Asking { .. })
    }

    /// Advances as far as possible; returns true at the end. `page` makes the answer.
    pub(super) fn is_over(&mut self, now: Instant, page: &mut dyn FnMut() -> Frame) -> bool {
        let mut progress = if self.ready { Progress::Goes } else { Progress::Waits };
        while progress == Progress::Goes {
            progress = match &self.step {
                Step::Asking { .. } => self.ask(page),
                Step::Answering { .. } => self.answer(),
                Step::Lingering => self.linger(),
            };
        }
        self.ready = progress == Progress::HadItsBudget;
        progress == Progress::Over || self.until <= now
    }

    fn ask(&mut self, page: &mut dyn FnMut() -> Frame) -> Progress {
        let Step::Asking { head, splitter } = &mut self.step else { return Progress::Goes };
        let mut buffer = [0; REQUEST_BYTES];
        let (request, peer_finished) = match self.stream.read(&mut buffer[..REQUEST_BYTES - head.len()]) {
            Ok(0) if head.is_empty() => return Progress::Over,
            Ok(0) => (Request::Malformed, true),
            Ok(count) => {
                head.extend_from_slice(&buffer[..count]);
                match splitter.find(head, 0, b"\r\n\r\n") {
                    Split::NeedMore => return Progress::Goes,
                    Split::At(end) => (Request::parse(&head[..end]), false),
                    Split::TooLong => (Request::Malformed, false),
                }
            }
            Err(error) => return blocked(error.kind()),
        };
        let mut answer = Outbox::default();
        let (status, text) = request.status();
        let page = match request {
            Request::Get | Request::Head => page(),
            Request::OtherMethod | Request::OtherPath | Request::Malformed => text.as_bytes().into(),
        };
        let allow = if request == Request::OtherMethod { "Allow: GET, HEAD\r\n" } else { "" };
        let length = page.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
             Content-Length: {length}\r\n{allow}Connection: close\r\n\r\n"
        );
        answer.push_bytes(head.as_bytes());
        if request != Request::Head {
            answer.push(page);
        }
        self.step = Step::Answering { answer, peer_finished };
        Progress::Goes
    }

    fn answer(&mut self) -> Progress {
        let Step::Answering { answer, peer_finished } = &mut self.step else { return Progress::Goes };
        if answer.write_to(&mut self.stream).is_err() {
            return Progress::Over;
        }
        if !answer.is_empty() {
            return Progress::Waits;
        }
        if self.stream.shutdown_write().is_err() || *peer_finished {
            return Progress::Over;
        }
        self.step = Step::Lingering;
        Progress::Goes
    }

    fn linger(&mut self) -> Progress {
        let (mut buffer, mut taken) = ([0; REQUEST_BYTES], 0);
        while taken < READ_BUDGET {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Progress::Over,
                Ok(count) => taken += count,
                Err(error) => return blocked(error.kind()),
            }
        }
        Progress::HadItsBudget
    }
}

fn blocked(kind: ErrorKind) -> Progress {
    match kind {
        ErrorKind::WouldBlock => Progress::Waits,
        ErrorKind::Interrupted => Progress::Goes,
        _ => Progress::Over,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::io::{self, Read, Write};

    use super::*;

    /// Gives its pieces one by one to reads, and takes a few bytes per write unless it blocks.
    #[derive(Default)]
    struct Scripted {
        /// An empty piece is the end of input.
        pieces: VecDeque<Vec<u8>>,
        written: Vec<u8>,
        takes: bool,
        shut: bool,
    }

    impl Read for Scripted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let piece = self.pieces.pop_front().ok_or(ErrorKind::WouldBlock)?;
            buffer[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            assert!(!self.shut, "written behind the end");
            if !std::mem::take(&mut self.takes) {
                return Err(ErrorKind::WouldBlock.into());
            }
            let taken = bytes.len().min(7);
            self.written.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Stream for Scripted {
        fn shutdown_write(&mut self) -> io::Result<()> {
            self.shut = true;
            Ok(())
        }
    }

    fn scrape(pieces: &[&str], now: Instant) -> Scrape<Scripted> {
        let pieces = pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
        let mut scrape = Scrape::new(Scripted { pieces, ..Scripted::default() }, now);
        scrape.ready = true;
        scrape
    }

    #[test]
    fn an_answer_written_in_small_pieces_is_complete_and_then_lingers() {
        let now = Instant::now();
        let mut scrape = scrape(&["GET /metr", "ics HTTP/1.1\r\n\r", "\n"], now);
        let (mut pages, mut turns) = (0, 0);
        while !scrape.stream.shut {
            (scrape.stream.takes, scrape.ready, turns) = (true, true, turns + 1);
            let mut page = || {
                pages += 1;
                Frame::from(*b"parlor_users 1\n")
            };
            assert!(!scrape.is_over(now, &mut page));
            assert!(turns < 100, "it gets somewhere");
        }
        assert_eq!(pages, 1);
        let text = String::from_utf8(std::mem::take(&mut scrape.stream.written)).unwrap();
        assert!(
            text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\nparlor_users 1\n"),
            "{text}"
        );
        let mut no_page = || panic!("it was told already");
        assert!(!scrape.is_over(now, &mut no_page), "the peer may still send");
        scrape.stream.pieces.extend([b"more".to_vec(), Vec::new()]);
        scrape.ready = true;
        assert!(scrape.is_over(now, &mut no_page));
    }

    #[test]
    fn a_scrape_times_out_in_every_state() {
        let now = Instant::now();
        for pieces in [&["GET"][..], &["GET /metrics HTTP/1.1\r\n\r\n"]] {
            let mut scrape = scrape(pieces, now);
            let mut page = || Frame::from(*b"x\n");
            assert!(!scrape.is_over(now, &mut page));
            assert!(!scrape.is_over(now + TIMEOUT - Duration::from_nanos(1), &mut page));
            assert!(scrape.is_over(now + TIMEOUT, &mut page));
        }
    }

    #[test]
    fn an_endless_sender_is_read_within_a_budget() {
        let now = Instant::now();
        let mut scrape = scrape(&["GET / HTTP/1.1\r\n\r\n"], now);
        scrape.step = Step::Lingering;
        scrape.stream.pieces = (0..20).map(|_| vec![b'x'; REQUEST_BYTES]).collect();
        let mut page = || Frame::from(*b"x\n");
        assert!(!scrape.is_over(now, &mut page));
        assert!(scrape.ready, "the next turn goes on");
        assert_eq!(scrape.stream.pieces.len(), 4);
        assert!(!scrape.is_over(now, &mut page) && !scrape.ready);
    }
}
