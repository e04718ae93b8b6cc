//! Well-behaved users: they chat in the lobby, whisper, and read everything.

use std::ops::AddAssign;
use std::thread;
use std::time::{Duration, Instant};

use parlor::address::Address;

use crate::support::{Peer, say, whisper};

/// Pause between two messages.
const PAUSE: Duration = Duration::from_millis(4);

/// Padding for long messages.
const PADDING_BYTES: usize = 400;

/// One message in this many is a whisper to the next chatter.
const WHISPERS: u64 = 5;

/// The last message: it contains the number of messages before it.
const END: &str = "end";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    CrazyIt,
    Irc,
}

/// Messages sent and received.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) sent: u64,
    /// Messages from others to this chatter; on CrazyIt, also its own.
    pub(crate) due: u64,
    pub(crate) delivered: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.due += other.due;
        self.delivered += other.delivered;
    }
}

/// The messages that one chatter has received from another.
#[derive(Clone, Copy, Default)]
struct Heard {
    /// The last number. Numbers ascend, with gaps for whispers to others.
    last: Option<u64>,
    messages: u64,
    /// The number of messages, once the sender has told it.
    due: Option<u64>,
}

pub(crate) struct Chatter {
    peer: Peer,
    n: usize,
    of: usize,
    wire: Wire,
    /// Messages to the lobby, and whispers.
    said: u64,
    whispered: u64,
    heard: Vec<Heard>,
}

impl Chatter {
    /// Connects as the `n`th of `of`.
    pub(crate) fn enter(at: &Address, n: usize, of: usize) -> Self {
        let wire = if n.is_multiple_of(2) { Wire::CrazyIt } else { Wire::Irc };
        let peer = match wire {
            Wire::CrazyIt => Peer::user_amid_chat(at, &name(n)),
            Wire::Irc => Peer::irc_member(at, &name(n)),
        };
        Self { peer, n, of, wire, said: 0, whispered: 0, heard: vec![Heard::default(); of] }
    }

    /// Sends and receives until this time.
    pub(crate) fn chat(&mut self, until: Instant) {
        while Instant::now() < until {
            let number = self.said + self.whispered;
            let text = format!("{number} {}", "~".repeat(PADDING_BYTES));
            if number % WHISPERS == WHISPERS - 1 {
                self.whisper((self.n + 1) % self.of, &text);
                self.whispered += 1;
            } else {
                self.say(&text);
                self.said += 1;
            }
            self.catch_up(number);
            thread::sleep(PAUSE);
        }
    }

    /// Tells everybody how many messages it sent to them.
    pub(crate) fn tell_end(&mut self) {
        let end = format!("{END} {} {}", self.said, self.whispered);
        self.say(&end);
    }

    /// Receives until all ends are known, and disconnects.
    pub(crate) fn leave(mut self) -> Count {
        while (0..self.of).any(|n| self.hears(n) && self.heard[n].due.is_none()) {
            self.listen();
        }
        self.peer.finish();
        self.peer.rest();
        let sum = |of: fn(&Heard) -> u64| self.heard.iter().map(of).sum();
        let sent = self.said + self.whispered;
        Count { sent, due: sum(|heard| heard.due.unwrap_or(0)), delivered: sum(|heard| heard.messages) }
    }

    /// True when this chatter receives the lobby messages of the `n`th.
    fn hears(&self, n: usize) -> bool {
        n != self.n || self.wire == Wire::CrazyIt
    }

    fn say(&mut self, text: &str) {
        self.peer.send(match self.wire {
            Wire::CrazyIt => say(text),
            Wire::Irc => format!("PRIVMSG #lobby :{text}\r\n"),
        });
    }

    fn whisper(&mut self, to: usize, text: &str) {
        self.peer.send(match self.wire {
            Wire::CrazyIt => whisper(&name(to), text),
            Wire::Irc => format!("PRIVMSG {} :{text}\r\n", name(to)),
        });
    }

    /// Reads up to the answer to the last message, so that no chatter is far ahead.
    fn catch_up(&mut self, number: u64) {
        let (question, answer) = match self.wire {
            Wire::CrazyIt => {
                (whisper(&name(self.n), &format!("caught up {number}")), format!("caught up {number}"))
            }
            Wire::Irc => (format!("PING {number}\r\n"), format!(" PONG parlor.local :{number}\r")),
        };
        self.peer.send(question);
        while !self.listen().ends_with(&answer) {}
    }

    /// Handles the next line.
    fn listen(&mut self) -> String {
        let line = self.peer.line();
        if let Some((who, text)) = said(self.wire, &line)
            && let Some(n) = number(who).filter(|&n| n < self.of)
        {
            self.hear(n, text);
        }
        line
    }

    fn hear(&mut self, n: usize, text: &str) {
        let whispers_to_us = (n + 1) % self.of == self.n;
        let heard = &mut self.heard[n];
        let mut words = text.split(' ');
        let first = words.next().expect("split gives one part");
        if first == END {
            let mut count = || words.next().and_then(|word| word.parse::<u64>().ok()).expect("a number");
            let (said, whispered) = (count(), count());
            heard.due = Some(said + if whispers_to_us { whispered } else { 0 });
            return;
        }
        let Ok(number) = first.parse::<u64>() else { return };
        assert!(heard.last.is_none_or(|last| last < number), "{number} of chatter {n} is doubled or late");
        heard.last = Some(number);
        heard.messages += 1;
    }
}

/// The sender and the text of a message, if the line is one.
fn said(wire: Wire, line: &str) -> Option<(&str, &str)> {
    match wire {
        Wire::CrazyIt => {
            let (who, text) = line.split_once("说：")?;
            Some((who.trim_end_matches("悄悄地对你"), text))
        }
        Wire::Irc => {
            let (source, message) = line.strip_prefix(':')?.split_once(" PRIVMSG ")?;
            Some((source.split('!').next()?, message.trim_end().split_once(" :")?.1))
        }
    }
}

fn name(n: usize) -> String {
    format!("chatter{n}")
}

fn number(name: &str) -> Option<usize> {
    name.strip_prefix("chatter")?.parse().ok()
}
