//! Users who do nothing wrong: they chat in the lobby and whisper, and read what is said.

use std::ops::AddAssign;
use std::thread;
use std::time::{Duration, Instant};

use parlor::address::Address;

use crate::support::{Peer, say, whisper};

/// How long a chatter waits between two messages.
const PAUSE: Duration = Duration::from_millis(4);

/// What makes a message long.
const PADDING_BYTES: usize = 400;

/// Every so many messages one is a whisper to the next chatter.
const WHISPERS: u64 = 5;

/// Says that nothing follows, and how much came before.
const END: &str = "end";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    CrazyIt,
    Irc,
}

/// What chatters have said and heard.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) sent: u64,
    /// What the others, and on the one wire also this one, have said to it.
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

/// What one chatter hears of another.
#[derive(Clone, Copy, Default)]
struct Heard {
    /// Numbers come in order, and those of whispers to others are left out.
    last: Option<u64>,
    messages: u64,
    /// How many there were, once that has been told.
    due: Option<u64>,
}

/// One of those who chat.
pub(crate) struct Chatter {
    peer: Peer,
    n: usize,
    of: usize,
    wire: Wire,
    /// Said in the lobby, and whispered.
    said: u64,
    whispered: u64,
    heard: Vec<Heard>,
}

impl Chatter {
    /// Comes as the `n`th of so many.
    pub(crate) fn enter(at: &Address, n: usize, of: usize) -> Self {
        let wire = if n.is_multiple_of(2) { Wire::CrazyIt } else { Wire::Irc };
        let peer = match wire {
            Wire::CrazyIt => Peer::user_amid_chat(at, &name(n)),
            Wire::Irc => Peer::irc_member(at, &name(n)),
        };
        Self { peer, n, of, wire, said: 0, whispered: 0, heard: vec![Heard::default(); of] }
    }

    /// Speaks and listens until then.
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

    /// Tells everybody how much was said to them.
    pub(crate) fn tell_end(&mut self) {
        let end = format!("{END} {} {}", self.said, self.whispered);
        self.say(&end);
    }

    /// Listens until everybody has told its end, and leaves.
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

    /// Whether this one hears what the `n`th says in the lobby.
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

    /// Listens up to what comes back after the message that was just sent, so that nobody is too far ahead.
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

    /// Takes in the next line.
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

/// Who said what, where the line is about that.
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
