//! A case: what a client sends, and what it must get.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;

use crate::support::DEADLINE;
use crate::support::frames::{CLOSE, Frame, frames, masked};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The answer to that key, which is the one in RFC 6455 §1.3.
const ACCEPTED: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The code of a conversation that is simply over.
const NORMAL: u16 = 1000;

#[derive(Debug)]
pub(crate) struct Case {
    /// Its number in Autobahn|Testsuite, and what it is about.
    name: String,
    sent: Vec<Vec<u8>>,
    replies: Vec<Frame>,
    /// The code that the server must close with. Before the normal one, the client closes.
    code: u16,
}

pub(crate) fn case(name: impl Into<String>) -> Case {
    Case { name: name.into(), sent: Vec::new(), replies: Vec::new(), code: NORMAL }
}

impl Case {
    /// The client sends this frame.
    pub(crate) fn send(self, first: u8, payload: &[u8]) -> Self {
        self.send_bytes(masked(first, payload))
    }

    /// The client sends these bytes.
    pub(crate) fn send_bytes(mut self, bytes: Vec<u8>) -> Self {
        self.sent.push(bytes);
        self
    }

    /// The client sends everything so far in pieces of this many bytes.
    pub(crate) fn in_pieces_of(mut self, bytes: usize) -> Self {
        self.sent = self.sent.concat().chunks(bytes).map(<[u8]>::to_vec).collect();
        self
    }

    /// The client sends everything so far in one piece.
    pub(crate) fn in_one_piece(mut self) -> Self {
        self.sent = vec![self.sent.concat()];
        self
    }

    /// The server sends this frame.
    pub(crate) fn reply(mut self, first: u8, payload: &[u8]) -> Self {
        self.replies.push(Frame::new(first, payload));
        self
    }

    /// The server closes, with this code.
    pub(crate) fn fails(mut self, code: u16) -> Self {
        self.code = code;
        self
    }

    /// The client closes with this payload, and the server with this code.
    pub(crate) fn closes(self, payload: &[u8], answered: u16) -> Self {
        self.send(CLOSE, payload).fails(answered)
    }

    /// Plays it against a server at this port.
    pub(crate) fn play(mut self, port: u16) {
        if self.code == NORMAL {
            self.sent.push(masked(CLOSE, &NORMAL.to_be_bytes()));
        }
        let received = talk(port, &self.sent);
        let mut received = frames(&received);
        let last = received.pop().unwrap_or_else(|| panic!("{}: no Close frame", self.name));
        assert_eq!(last.close_code(), Some(self.code), "{}: {last:?}", self.name);
        assert_eq!(received, self.replies, "{}", self.name);
    }
}

/// Sends these pieces, and reads until the server closes.
fn talk(port: u16, pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the server listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("the deadline is not zero");
    stream.set_nodelay(true).expect("the socket has that option");
    stream.write_all(REQUEST).expect("the server takes a request");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the server answers the request");
        head.push(byte[0]);
    }
    assert!(head.ends_with(ACCEPTED.as_bytes()), "{}", head.escape_ascii());
    let mut received = Vec::new();
    thread::scope(|scope| {
        let mut writer = stream.try_clone().expect("there are descriptors left");
        // The server may close before it has everything.
        scope.spawn(move || pieces.iter().try_for_each(|piece| writer.write_all(piece)).ok());
        stream.read_to_end(&mut received).expect("the server closes in an orderly way");
    });
    received
}
