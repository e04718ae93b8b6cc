//! A peer that speaks IRC over WebSocket, like a page in a browser.

use parlor::address::Address;

use super::Peer;
use super::frames::{BINARY, CLOSE, Frame, PING, PONG, TEXT, first_frame, masked};

/// The key of RFC 6455 §1.3, and the answer to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A connection after its handshake, and bytes that are not read yet.
pub struct Browser {
    peer: Peer,
    unread: Vec<u8>,
    /// The first byte of messages in both directions.
    message: u8,
}

impl Browser {
    /// Connects with the subprotocol of text.
    pub fn connect(address: &Address) -> Self {
        Self::over(Peer::connect(address), Some("text.ircv3.net"))
    }

    /// Makes the handshake with this subprotocol, which the server must choose.
    pub fn over(peer: Peer, protocol: Option<&str>) -> Self {
        let message = if protocol == Some("binary.ircv3.net") { BINARY } else { TEXT };
        let mut browser = Self { peer, unread: Vec::new(), message };
        let line = |protocol| format!("Sec-WebSocket-Protocol: {protocol}\r\n");
        let wanted = protocol.map(line).unwrap_or_default();
        browser.peer.send(request(&wanted));
        let head = browser.head();
        assert!(head.starts_with("HTTP/1.1 101 ") && head.contains(ACCEPT), "{head}");
        let chosen = head.split_inclusive('\n').find(|line| line.starts_with("Sec-WebSocket-Protocol"));
        assert_eq!(chosen.unwrap_or_default(), wanted);
        browser
    }

    /// Connects and registers.
    pub fn user(address: &Address, name: &str) -> Self {
        Self::connect(address).register(name)
    }

    pub fn register(mut self, name: &str) -> Self {
        self.say(&format!("NICK {name}"));
        self.say(&format!("USER {name} 0 * :{name}"));
        self.settle();
        self
    }

    /// Reads the head of a response.
    fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = self.unread.drain(..end + 4).collect();
                return String::from_utf8(head).expect("the head is text");
            }
            assert!(self.read_more(), "the server ended in a head: {}", self.unread.escape_ascii());
        }
    }

    /// Sends a line as a message.
    pub fn say(&mut self, line: &str) {
        self.send(masked(self.message, line.as_bytes()));
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.peer.send(bytes);
    }

    /// The same to a server that may have closed.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.peer.try_send(bytes)
    }

    /// The next frame; `None` at an orderly end.
    #[track_caller]
    pub fn try_frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, length)) = first_frame(&self.unread) {
                self.unread.drain(..length);
                return Some(frame);
            }
            if !self.read_more() {
                assert!(self.unread.is_empty(), "half a frame at the end: {}", self.unread.escape_ascii());
                return None;
            }
        }
    }

    #[track_caller]
    pub fn frame(&mut self) -> Frame {
        self.try_frame().expect("the conversation goes on")
    }

    /// The next message, which is a line.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let frame = self.frame();
        assert_eq!(frame.first, self.message, "{frame:?}");
        assert!(!frame.text().contains(['\r', '\n']), "{frame:?}");
        frame.text().to_owned()
    }

    /// Reads up to a line with this in it.
    #[track_caller]
    pub fn expect(&mut self, part: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(part) {
                return line;
            }
            assert!(!line.starts_with("ERROR "), "{line}");
        }
    }

    /// Sends PING and reads up to the PONG. Returns the lines before it.
    #[track_caller]
    pub fn settle(&mut self) -> Vec<String> {
        self.say("PING settled");
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            assert!(!line.starts_with("ERROR "), "{line}");
            if line == ":parlor.local PONG parlor.local :settled" {
                return lines;
            }
            lines.push(line);
        }
    }

    /// Sends a Ping frame, and expects the answer next.
    #[track_caller]
    pub fn ping(&mut self, payload: &[u8]) {
        self.send(masked(PING, payload));
        assert_eq!(self.frame(), Frame::new(PONG, payload));
    }

    /// Expects to be told in a line why the connection ends.
    #[track_caller]
    pub fn expect_error(&mut self) -> String {
        let line = self.line();
        let reason = line.strip_prefix("ERROR :Closing link: ");
        reason.unwrap_or_else(|| panic!("{line} ends nothing")).to_owned()
    }

    /// Expects to be told why the connection ends, in a line and in a Close frame with this code, and the end.
    #[track_caller]
    pub fn expect_farewell(&mut self, code: u16, reason: &str) {
        assert_eq!(self.expect_error(), reason);
        self.expect_close(code, reason);
    }

    /// Expects a Close frame with this, answers it, and expects the end.
    #[track_caller]
    pub fn expect_close(&mut self, code: u16, reason: &str) {
        let frame = self.frame();
        assert_eq!((frame.close_code(), frame.text()), (Some(code), reason), "{frame:?}");
        // The server may have gone already.
        self.peer.try_send(masked(CLOSE, &frame.payload)).ok();
        assert_eq!(self.try_frame(), None);
    }

    #[track_caller]
    fn read_more(&mut self) -> bool {
        let bytes = self.peer.receive_once();
        self.unread.extend_from_slice(&bytes);
        !bytes.is_empty()
    }

    /// Ends what it sends without a Close frame.
    pub fn finish(&mut self) {
        self.peer.finish();
    }
}

/// A request for WebSocket with these further headers.
pub fn request(headers: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{headers}\r\n"
    )
}
