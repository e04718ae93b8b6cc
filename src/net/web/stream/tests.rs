#[cfg(feature = "upgrade")]
mod handover;

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;
use crate::config::ServerConfig;
use crate::net::test_wire::Wire;
use crate::wire::websocket::samples::{self, close, continuation, ping, unfinished};

const GET: &str = "GET / HTTP/1.1\r\nHost: box\r\nAccept-Encoding: gzip\r\n\r\n";

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: box\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn newcomer() -> WebStream<Wire> {
    stream(false)
}

fn stream(is_shared: bool) -> WebStream<Wire> {
    let site = Site::new(&ServerConfig::default(), Rc::new(Cell::new(SystemTime::UNIX_EPOCH)))
        .expect("there is a page by default");
    WebStream::new(Wire::default(), Rc::new(site), is_shared)
}

fn wire(stream: &mut WebStream<Wire>) -> &mut Wire {
    stream.inner_mut().expect("the layer is in use")
}

/// Reads until the stream would block, ends or fails.
fn read_all(stream: &mut WebStream<Wire>, size: usize, read: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = vec![0; size];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => read.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Feeds `bytes` in pieces; what was read, and how reading ended.
fn feed(stream: &mut WebStream<Wire>, bytes: &[u8], size: usize) -> (Vec<u8>, io::Result<()>) {
    let (mut read, mut ended) = (Vec::new(), Ok(()));
    for piece in bytes.chunks(size) {
        wire(stream).arrived.extend(piece);
        ended = read_all(stream, 4096, &mut read);
    }
    (read, ended)
}

/// Feeds `bytes` to a stream that does not end yet.
fn ask(stream: &mut WebStream<Wire>, bytes: &[u8]) {
    let (read, ended) = feed(stream, bytes, usize::MAX);
    assert!(read.is_empty() && ended.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
}

fn written(stream: &mut WebStream<Wire>) -> String {
    String::from_utf8_lossy(&mem::take(&mut wire(stream).written)).into_owned()
}

fn text(payload: &str) -> Vec<u8> {
    samples::text(payload.as_bytes())
}

/// A stream whose peer speaks WebSocket.
fn open() -> WebStream<Wire> {
    let mut stream = newcomer();
    ask(&mut stream, UPGRADE.as_bytes());
    assert!(written(&mut stream).starts_with("HTTP/1.1 101 "));
    assert_eq!(stream.framing(), Some(Framing::Text));
    stream
}

fn reason(ended: io::Result<()>) -> Option<CloseReason> {
    Ending::of(&ended.err()?).cloned()
}

#[test]
fn the_layer_gives_every_byte_of_other_protocols_and_leaves() {
    for bytes in
        ["NICK ana\r\nUSER a a a a\r\n", "∏∑ana∏∑", "TRACE ana\r\n", "\r\nNICK a\r\n", "\0\u{16}\u{3}"]
    {
        for size in [1, 2, 5, 1000] {
            let mut stream = newcomer();
            let mut read = Vec::new();
            let mut left = None;
            for piece in bytes.as_bytes().chunks(size) {
                match &mut left {
                    None => {
                        wire(&mut stream).arrived.extend(piece);
                        read_all(&mut stream, 3, &mut read).unwrap_err();
                        left = stream.leave();
                    }
                    Some(wire) => read.extend(piece.iter().inspect(|_| wire.most = 1)),
                }
            }
            assert!(left.is_some(), "{bytes:?} by {size}");
            assert_eq!(String::from_utf8_lossy(&read), bytes, "by {size}");
        }
    }
}

#[test]
fn a_request_cut_anywhere_gets_the_same_response() {
    let mut whole = newcomer();
    ask(&mut whole, GET.as_bytes());
    let expected = mem::take(&mut wire(&mut whole).written);
    assert!(expected.starts_with(b"HTTP/1.1 200 OK\r\n"));
    for cut in 1..GET.len() {
        let mut stream = newcomer();
        ask(&mut stream, &GET.as_bytes()[..cut]);
        assert_eq!(written(&mut stream), "", "{cut}");
        ask(&mut stream, &GET.as_bytes()[cut..]);
        assert!(wire(&mut stream).written == expected, "{cut}");
    }
}

#[test]
fn every_response_has_a_date() {
    for request in
        [GET, "GET /x HTTP/1.1\r\nHost: box\r\n\r\n", "POST / HTTP/1.1\r\nHost: box\r\n\r\n", "GET /\r\n\r\n"]
    {
        let mut stream = newcomer();
        feed(&mut stream, request.as_bytes(), usize::MAX).1.unwrap_err();
        let head = written(&mut stream);
        assert_eq!(head.lines().nth(1), Some("Date: Thu, 01 Jan 1970 00:00:00 GMT"), "{head}");
    }
}

#[test]
fn a_connection_takes_requests_one_after_the_other_and_the_last_ends_it() {
    let mut stream = newcomer();
    for n in 1..=MOST_REQUESTS {
        let (_, ended) = feed(&mut stream, GET.as_bytes(), usize::MAX);
        let head = written(&mut stream);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!(head.contains("Connection: close"), n == MOST_REQUESTS);
        assert_eq!(reason(ended).is_some(), n == MOST_REQUESTS, "{n}");
    }
}

#[test]
fn what_follows_a_request_at_once_is_not_answered() {
    let mut stream = newcomer();
    let (_, ended) = feed(&mut stream, [GET, GET].concat().as_bytes(), usize::MAX);
    assert_eq!(reason(ended), Some(CloseReason::Answered));
    assert_eq!(written(&mut stream).matches("HTTP/1.1").count(), 1);
    let (_, ended) = feed(&mut stream, GET.as_bytes(), usize::MAX);
    assert_eq!((reason(ended), written(&mut stream).as_str()), (None, ""));
}

#[test]
fn a_request_during_a_response_ends_the_connection_after_it() {
    let mut stream = newcomer();
    wire(&mut stream).room = 10;
    ask(&mut stream, GET.as_bytes());
    assert!(stream.has_unsent());
    let (_, ended) = feed(&mut stream, GET.as_bytes(), usize::MAX);
    assert_eq!(reason(ended), Some(CloseReason::Answered));
    wire(&mut stream).room = usize::MAX;
    stream.flush().unwrap();
    assert_eq!(written(&mut stream).matches("HTTP/1.1").count(), 1);
}

#[test]
fn a_connection_of_a_proxy_ends_after_one_request() {
    let mut stream = stream(true);
    let (_, ended) = feed(&mut stream, GET.as_bytes(), usize::MAX);
    assert_eq!(reason(ended), Some(CloseReason::Answered));
    assert!(written(&mut stream).contains("Connection: close\r\n"));
}

#[test]
fn sessions_say_nothing_to_those_who_ask_over_http() {
    let mut stream = newcomer();
    ask(&mut stream, &GET.as_bytes()[..20]);
    assert_eq!(stream.write(b"ERROR :no login\r\n").unwrap(), 17);
    assert_eq!(written(&mut stream), "");
}

#[test]
fn a_request_that_is_not_complete_in_time_is_told() {
    let mut stream = newcomer();
    ask(&mut stream, &GET.as_bytes()[..20]);
    assert_eq!(stream.ending(CloseReason::Answered), CloseReason::Answered);
    stream.flush().unwrap();
    assert!(written(&mut stream).starts_with("HTTP/1.1 408 "));
}

#[test]
fn a_request_that_ends_within_its_head_is_the_peers_fault() {
    let mut stream = newcomer();
    ask(&mut stream, &GET.as_bytes()[..20]);
    assert_eq!(stream.ending(CloseReason::PeerFinished), CloseReason::Answered);
    stream.flush().unwrap();
    assert!(written(&mut stream).starts_with("HTTP/1.1 400 "));
}

#[test]
fn a_connection_without_a_further_request_ends_in_silence() {
    let mut stream = newcomer();
    ask(&mut stream, GET.as_bytes());
    written(&mut stream);
    stream.ending(CloseReason::Answered);
    stream.flush().unwrap();
    assert_eq!(written(&mut stream), "");
}

#[test]
fn a_refused_peer_that_has_asked_over_http_is_told_in_http() {
    let mut stream = newcomer();
    wire(&mut stream).arrived.extend(GET.as_bytes());
    stream.ending(CloseReason::ServerFull(7));
    stream.write_all(b"ERROR :full\r\n").unwrap();
    stream.flush().unwrap();
    let told = written(&mut stream);
    assert!(
        told.starts_with("HTTP/1.1 503 ") && told.contains("7 connections") && !told.contains("ERROR"),
        "{told}"
    );
}

#[test]
fn another_refused_peer_is_told_by_the_session() {
    for arrived in ["", "NICK ana\r\n"] {
        let mut stream = newcomer();
        wire(&mut stream).arrived.extend(arrived.as_bytes());
        assert_eq!(stream.ending(CloseReason::ServerFull(7)), CloseReason::ServerFull(7));
        stream.write_all(b"ERROR :full\r\n").unwrap();
        assert_eq!(written(&mut stream), "ERROR :full\r\n");
    }
}

#[test]
fn frames_before_the_response_to_an_upgrade_are_refused() {
    let mut stream = newcomer();
    let early = [UPGRADE.as_bytes(), &text("NICK ana")].concat();
    let (read, ended) = feed(&mut stream, &early, usize::MAX);
    assert_eq!((read.len(), reason(ended)), (0, Some(CloseReason::Answered)));
    assert!(written(&mut stream).starts_with("HTTP/1.1 400 "));
}

#[test]
fn messages_become_lines() {
    let frames = [
        text("NICK ana"),
        ping(b"x"),
        unfinished(text("USER a ")),
        samples::frame(0x8a, b""),
        continuation("a a :é".as_bytes()),
    ]
    .concat();
    for size in [1, 2, 3, 7, 1000] {
        for buffer in [3, 4, 17, 4096] {
            let (mut stream, mut read) = (open(), Vec::new());
            for piece in frames.chunks(size) {
                wire(&mut stream).arrived.extend(piece);
                read_all(&mut stream, buffer, &mut read).unwrap_err();
            }
            assert_eq!(String::from_utf8_lossy(&read), "NICK ana\r\nUSER a a a :é\r\n", "{size} {buffer}");
            assert_eq!(stream.take_answers(), b"\x8a\x01x");
        }
    }
}

#[test]
fn the_end_in_the_midst_of_a_message_is_no_end_of_a_line() {
    let mut stream = open();
    wire(&mut stream).ended = true;
    let (_, ended) = feed(&mut stream, &unfinished(text("QUIT")), usize::MAX);
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_close_frame_ends_the_input_after_the_lines_before_it() {
    let mut stream = open();
    let frames = [text("PING x"), close(b"\x03\xe8"), text("PING y")].concat();
    let (read, ended) = feed(&mut stream, &frames, usize::MAX);
    assert_eq!(read, b"PING x\r\n");
    ended.expect("the peer has closed");
    stream.ending(CloseReason::PeerFinished);
    stream.shutdown_write().unwrap();
    assert!(wire(&mut stream).is_shut);
    assert!(wire(&mut stream).written.starts_with(b"\x88"), "a Close frame");
}

#[test]
fn a_close_frame_within_a_message_is_no_end_of_a_line() {
    let mut stream = open();
    let frames = [text("PING x"), unfinished(text("QUIT")), close(b"")];
    let (read, ended) = feed(&mut stream, &frames.concat(), usize::MAX);
    assert_eq!(read, b"PING x\r\nQUIT");
    assert_eq!(reason(ended), Some(CloseReason::PeerFinished));
}

#[test]
fn a_violation_ends_the_connection_after_the_lines_before_it_and_is_told() {
    let mut stream = open();
    let unmasked = b"\x81\x02hi";
    let (read, ended) = feed(&mut stream, &[&text("PING x"), &unmasked[..]].concat(), usize::MAX);
    assert_eq!(read, b"PING x\r\n");
    let reason = reason(ended).expect("it is orderly");
    assert!(matches!(&reason, CloseReason::Malformed(_)), "{reason:?}");
    stream.ending(reason);
    stream.forget_unread();
    stream.shutdown_write().unwrap();
    assert_eq!(wire(&mut stream).written[2..4], 1002u16.to_be_bytes());
    let (read, _) = feed(&mut stream, &text("PING z"), usize::MAX);
    assert_eq!(read, b"");
}

#[test]
fn the_close_frame_says_why_the_server_ends_the_connection() {
    for (reason, code) in [
        (CloseReason::Quit("bye".into()), 1000u16),
        (CloseReason::ShuttingDown, 1001),
        (CloseReason::OutboxFull(9), 1008),
        (CloseReason::PingTimeout(Duration::from_secs(9)), 1008),
        (CloseReason::LoginTimeout(Duration::from_secs(9)), 1008),
        (CloseReason::ServerFull(9), 1013),
    ] {
        let mut stream = open();
        let words = reason.to_string();
        stream.ending(reason);
        stream.shutdown_write().unwrap();
        let told = &wire(&mut stream).written[2..];
        assert_eq!(told, [&code.to_be_bytes()[..], words.as_bytes()].concat());
    }
}

#[test]
fn after_the_farewell_the_peers_close_frame_is_the_end() {
    let mut stream = open();
    stream.forget_unread();
    let (read, ended) = feed(&mut stream, &text("PING x"), usize::MAX);
    assert_eq!((read.len(), ended.unwrap_err().kind()), (0, ErrorKind::WouldBlock));
    let (_, ended) = feed(&mut stream, &close(b""), usize::MAX);
    ended.expect("the peer has closed");
}

proptest! {
    #[test]
    fn what_is_written_follows_the_response_whole_and_in_order(rooms in prop::collection::vec(1..40usize, 1..60)) {
        let mut stream = newcomer();
        wire(&mut stream).room = 0;
        ask(&mut stream, UPGRADE.as_bytes());
        let mut unsent: &[u8] = b"\x81\x05hello\x81\x05world";
        for room in rooms.into_iter().chain([usize::MAX]) {
            wire(&mut stream).room = room;
            if let Ok(count) = stream.write(unsent) {
                unsent = &unsent[count..];
            }
        }
        wire(&mut stream).room = usize::MAX;
        stream.write_all(unsent).unwrap();
        stream.shutdown_write().unwrap();
        let written = &wire(&mut stream).written;
        let end = written.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a whole head") + 4;
        prop_assert_eq!(&written[end..], b"\x81\x05hello\x81\x05world\x88\x02\x03\xe8");
    }
}
