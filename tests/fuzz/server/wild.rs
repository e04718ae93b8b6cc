//! A guest who does anything.

use std::io::ErrorKind;

use parlor::message::Peer;

use crate::choices::Choices;
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
    /// Lines are those of IRC; unknown as long as nothing has been heard.
    is_irc: Option<bool>,
}

impl Wild {
    pub(crate) fn step(&mut self, n: usize, choices: &mut Choices<'_>, scene: &mut Scene) {
        let Some(guest) = self.guest.clone().filter(|guest| !guest.is_closed()) else {
            return self.connect(n, choices, scene);
        };
        match choices.below(16) {
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
        match choices.below(6) {
            0 => {}
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
        if let (None, Some(first)) = (self.is_irc, self.unfinished.first()) {
            self.is_irc = Some(matches!(first, b':' | b'@' | b'E'));
        }
        while let Some(end) = self.unfinished.iter().position(|&byte| byte == b'\n') {
            let line: Vec<_> = self.unfinished.drain(..=end).collect();
            let line = std::str::from_utf8(&line).expect("everything sent is UTF-8");
            match self.is_irc {
                Some(true) => check_line(line),
                _ => assert!(
                    line.trim_end_matches('\n').chars().all(|c| c == '\t' || !c.is_control()),
                    "{line:?}"
                ),
            }
        }
    }

    pub(crate) fn leave(&self) {
        if let Some(guest) = &self.guest {
            guest.push_end();
        }
    }
}
