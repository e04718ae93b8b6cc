//! A guest who does anything.

use std::io::ErrorKind;

use parlor::message::Peer;

use crate::choices::Choices;
#[cfg(feature = "web")]
use crate::support::browser::request;
#[cfg(feature = "web")]
use crate::support::frames::{CLOSE, PING, PONG, TEXT, first_frame, masked};
use crate::support::irc::check_line;
use crate::support::scene::{Guest, Scene};
use crate::support::stream::Fault;
use crate::tokens;

const FAULTS: [Fault; 8] = [
    Fault::Short,
    Fault::Block,
    Fault::Fail(ErrorKind::Interrupted),
    Fault::Fail(ErrorKind::ConnectionReset),
    Fault::Fail(ErrorKind::BrokenPipe),
    Fault::Fail(ErrorKind::TimedOut),
    Fault::Fail(ErrorKind::Other),
    Fault::End,
];

/// More than is read of one connection in a turn.
const LOAD_BYTES: usize = 100_000;

/// Somebody's connection, one after the other.
#[derive(Default)]
pub(crate) struct Wild {
    guest: Option<Guest>,
    /// What has been heard of a line that has no end yet.
    unfinished: Vec<u8>,
    /// `None` as long as too little has been heard.
    heard: Option<Heard>,
    /// Most of what it sends are frames.
    #[cfg(feature = "web")]
    is_browser: bool,
}

/// What the server sends somebody.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    CrazyIt,
    Irc,
    /// Responses. The first says whether frames follow.
    #[cfg(feature = "web")]
    Http,
    #[cfg(feature = "web")]
    Frames,
    /// After a Close frame, or further responses.
    #[cfg(feature = "web")]
    Rest,
}

impl Wild {
    pub(crate) fn step(&mut self, n: usize, choices: &mut Choices<'_>, scene: &mut Scene) {
        let Some(guest) = self.guest.clone().filter(|guest| !guest.is_closed()) else {
            return self.connect(n, choices, scene);
        };
        match choices.below(16) {
            #[cfg(feature = "web")]
            0..9 if self.is_browser && !choices.once_in(8) => {
                let bytes = tokens::irc_line(choices);
                let line = bytes.trim_ascii_end();
                let first =
                    choices.pick(&[TEXT, TEXT, TEXT, TEXT, PING, PONG, CLOSE, TEXT - 0x80, 0x80, 0x00]);
                guest.push(masked(first, line));
            }
            0..5 => guest.push(tokens::irc_line(choices)),
            5 => guest.push(tokens::irc_login(choices)),
            6..9 => guest.push(tokens::crazyit_frame(choices)),
            9 => guest.push(choices.bytes(60)),
            10 if choices.below(4) == 0 => {
                let text = "x".repeat(400);
                let unit = choices.pick(&["§γ", "PRIVMSG #tea,#x :"]).to_owned() + &text + "§γ\r\n";
                guest.push(unit.repeat(LOAD_BYTES / unit.len()));
            }
            10 => guest.push_room(choices.pick(&[0, 1, 50, usize::MAX])),
            11 => {
                let sizes = [usize::MAX, 1, 7, 100];
                let mut wire = guest.wire.borrow_mut();
                (wire.read_size, wire.write_size) = (choices.pick(&sizes), choices.pick(&sizes));
            }
            12 => guest.wire.borrow_mut().reads.plan(choices.below(4), choices.pick(&FAULTS)),
            13 => guest.wire.borrow_mut().writes.plan(choices.below(4), choices.pick(&FAULTS)),
            14 => guest.push_end(),
            _ => guest.push_reset(),
        }
    }

    /// Comes, mostly as a user.
    fn connect(&mut self, n: usize, choices: &mut Choices<'_>, scene: &mut Scene) {
        let peer = match choices.below(3) {
            0 => Peer::Unix,
            n => Peer::Tcp([198, 51, 100, n as u8].into(), 1000),
        };
        *self = Self { guest: scene.try_connect(peer), ..Self::default() };
        let Some(guest) = &self.guest else { return };
        let kinds = if cfg!(feature = "web") { 8 } else { 6 };
        match choices.below(kinds) {
            0 => {}
            #[cfg(feature = "web")]
            6 => {
                guest.push(request(""));
                scene.settle();
                let login = [&format!("NICK w{n}")[..], "USER u 0 * :u", "JOIN #tea"];
                guest.push(login.map(|line| masked(TEXT, line.as_bytes())).concat());
                self.is_browser = true;
            }
            #[cfg(feature = "web")]
            7 => {
                let path = choices.pick(&["/", "/none", "/ws"]);
                let request = format!("GET {path} HTTP/1.1\r\nHost: box\r\nAccept-Encoding: gzip\r\n\r\n");
                let length = choices.pick(&[request.len(), 1, 5, request.len() - 1]);
                guest.push(&request[..length]);
            }
            1 | 2 => guest.push(format!("∏∑w{n}∏∑")),
            3 => guest.push(format!("NICK w{n}\r\nUSER u 0 * :u\r\nJOIN #tea,#x\r\n")),
            4 => guest.push(format!("NICK w{n}\r\nUSER u 0 * :u\r\nOPER root secret\r\nMODE #lobby +m\r\n")),
            _ => {
                let capabilities = tokens::CAPABILITIES;
                guest.push(format!(
                    "CAP REQ :{capabilities}\r\nNICK w{n}\r\nUSER u 0 * :u\r\nCAP END\r\nJOIN #tea\r\n"
                ));
            }
        }
    }

    /// Checks what the server has written, and that nothing is left which it should have read; unless `may_wait`.
    pub(crate) fn listen(&mut self, may_wait: bool) {
        let Some(guest) = &self.guest else { return };
        let mut wire = guest.wire.borrow_mut();
        let is_read = wire.arrived.is_empty() || may_wait;
        assert!(!wire.is_held || is_read, "{} bytes lie unread", wire.arrived.len());
        self.unfinished.append(&mut wire.written);
        drop(wire);
        self.heard = self.heard.or_else(|| heard(&self.unfinished));
        #[cfg(feature = "web")]
        self.listen_to_web();
        let is_irc = match self.heard {
            Some(Heard::Irc) => true,
            Some(Heard::CrazyIt) => false,
            _ => return,
        };
        while let Some(end) = self.unfinished.iter().position(|&byte| byte == b'\n') {
            let line: Vec<_> = self.unfinished.drain(..=end).collect();
            let line = std::str::from_utf8(&line).expect("everything sent is UTF-8");
            if is_irc {
                check_line(line);
            } else {
                let is_clean = line.trim_end_matches('\n').chars().all(|c| c == '\t' || !c.is_control());
                assert!(is_clean, "{line:?}");
            }
        }
    }

    #[cfg(feature = "web")]
    fn listen_to_web(&mut self) {
        if self.heard == Some(Heard::Http) {
            let Some(end) = self.unfinished.windows(4).position(|four| four == b"\r\n\r\n") else { return };
            let head: Vec<_> = self.unfinished.drain(..end + 4).collect();
            let is_upgraded = head.starts_with(b"HTTP/1.1 101 ");
            self.heard = Some(if is_upgraded { Heard::Frames } else { Heard::Rest });
        }
        while self.heard == Some(Heard::Frames)
            && let Some((frame, length)) = first_frame(&self.unfinished)
        {
            self.unfinished.drain(..length);
            match frame.first {
                TEXT => check_line(&format!("{}\r\n", frame.text())),
                PONG => assert!(frame.payload.len() <= 125, "{frame:?}"),
                CLOSE => {
                    assert!(frame.close_code().is_some() && !frame.text().is_empty(), "{frame:?}");
                    self.heard = Some(Heard::Rest);
                }
                _ => panic!("{frame:?}"),
            }
        }
        if self.heard == Some(Heard::Rest) {
            self.unfinished.clear();
        }
    }

    pub(crate) fn leave(&self) {
        if let Some(guest) = &self.guest {
            guest.push_end();
        }
    }
}

/// What somebody hears, by the first bytes.
fn heard(bytes: &[u8]) -> Option<Heard> {
    #[cfg(feature = "web")]
    {
        const HTTP: &[u8] = b"HTTP/1.1 ";
        if bytes.starts_with(HTTP) {
            return Some(Heard::Http);
        }
        if HTTP.starts_with(bytes) {
            return None;
        }
    }
    Some(if matches!(bytes.first()?, b':' | b'@' | b'E') { Heard::Irc } else { Heard::CrazyIt })
}
