//! Another program goes on with the layer.

use super::*;
use crate::cbor;

/// The stream as another program has it.
fn handed_over(mut stream: WebStream<Wire>) -> WebStream<Wire> {
    let handed = cbor::decode(&cbor::encode(&stream.hand_over())).unwrap();
    let inner = stream.inner.take().unwrap();
    WebStream::take_over(inner, handed, stream.site).expect("the page has not changed")
}

/// What a peer hears and the server reads.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    read: Vec<u8>,
    ends: Vec<String>,
    pongs: Vec<u8>,
    written: Vec<u8>,
    framing: Option<Framing>,
}

impl Heard {
    /// Reads until the stream would block, with a handover after each read if `handing`.
    fn hear(&mut self, mut stream: WebStream<Wire>, handing: bool) -> WebStream<Wire> {
        let mut buffer = [0; 40];
        while self.ends.last().is_none_or(|end| end != "end") {
            let read = stream.read(&mut buffer);
            self.pongs.extend(stream.take_answers());
            if handing {
                stream = handed_over(stream);
            }
            match read {
                Ok(0) => self.ends.push("end".into()),
                Ok(count) => self.read.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.ends.push(error.to_string()),
            }
        }
        stream
    }

    fn end(mut self, mut stream: WebStream<Wire>) -> Self {
        self.framing = stream.framing();
        stream.ending(CloseReason::PingTimeout(Duration::from_secs(30)));
        stream.shutdown_write().unwrap();
        self.written = mem::take(&mut wire(&mut stream).written);
        self
    }
}

/// The conversation with a peer that sends these pieces, with a handover after each read if `handing`.
fn conversation<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, handing: bool) -> Heard {
    let (mut stream, mut heard) = (newcomer(), Heard::default());
    for piece in pieces {
        wire(&mut stream).arrived.extend(piece);
        stream = heard.hear(stream, handing);
    }
    heard.end(stream)
}

#[test]
fn it_goes_on_wherever_the_input_is_cut() {
    let upgrade = || UPGRADE.as_bytes().to_vec();
    for pieces in [
        vec![b"\r\nNICK ana\r\nUSER a a a a\r\n".to_vec()],
        vec!["∏∑ana∏∑".into()],
        vec![GET.into(), GET.into()],
        vec![b"GET /nothing HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n".to_vec(), GET.into()],
        vec![b"GET / HTTP/1.1\r\nno header\r\n\r\n".to_vec()],
        vec![upgrade(), [text("NICK ana"), ping(b"hello"), text("USER ana 0 * :茶")].concat()],
        vec![
            upgrade(),
            [unfinished(text("PRIVMSG a :")), ping(b"x"), unfinished(continuation("茶".as_bytes()))].concat(),
            [ping(b""), continuation(b"\r\n"), text(&"x".repeat(300)), close(b"\x03\xe8bye")].concat(),
        ],
        vec![upgrade(), [unfinished(text("QUIT")), close(b""), text("late")].concat()],
        vec![upgrade(), [text("two\nlines"), text("late")].concat()],
        vec![upgrade(), [&text("a")[..], &samples::header(0x81, 0, 3), b"abc"].concat()],
    ] {
        for (n, piece) in pieces.iter().enumerate() {
            for at in 0..=piece.len() {
                let (begin, rest) = piece.split_at(at);
                let parts = || {
                    let (before, after) = (pieces[..n].iter(), pieces[n + 1..].iter());
                    before.map(Vec::as_slice).chain([begin, rest]).chain(after.map(Vec::as_slice))
                };
                let (stays, moves) = (conversation(parts(), false), conversation(parts(), true));
                assert!(stays == moves, "piece {n} is cut at {at}: {moves:?} instead of {stays:?}");
            }
        }
    }
}

#[test]
fn a_response_that_is_half_sent_is_completed() {
    let whole = conversation([GET.as_bytes()], false).written;
    for room in (0..whole.len()).step_by(997).chain(0..500) {
        let mut stream = newcomer();
        wire(&mut stream).room = room;
        ask(&mut stream, GET.as_bytes());
        let state = cbor::encode(&stream.hand_over());
        assert!(state.len() < 1000, "a file is not handed over, but named");
        stream = handed_over(stream);
        wire(&mut stream).room = usize::MAX;
        while stream.has_unsent() {
            stream.flush().unwrap();
        }
        assert!(wire(&mut stream).written == whole, "{room}");
    }
}

#[test]
fn a_file_that_the_page_no_longer_has_ends_the_connection() {
    let mut stream = newcomer();
    wire(&mut stream).room = 1000;
    ask(&mut stream, GET.as_bytes());
    let handed = stream.hand_over();
    let files = crate::config::WebRoot { files: [].into() };
    let mut config = ServerConfig::default();
    config.web.root = Some(files);
    let other = Site::new(&config, Rc::new(Cell::new(SystemTime::UNIX_EPOCH))).unwrap();
    assert!(WebStream::take_over(Wire::default(), handed, Rc::new(other)).is_none());
}
