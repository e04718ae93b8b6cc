//! Many users on one thread, who speak and count what they hear.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// Newcomers who connect at the same time, fewer than wait in the backlog.
const AT_ONCE: usize = 200;

/// The deadline for everything.
const PATIENCE: Duration = Duration::from_secs(120);

/// Who a user is to be.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// A textbook client.
    Textbook,
    /// An IRC client in these rooms.
    Irc(Vec<String>),
}

/// Users who speak and count what they hear.
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    stream: TcpStream,
    part: Part,
    unsent: Vec<u8>,
    /// Input without its line's end.
    input: Vec<u8>,
    is_in: bool,
    /// The number that is due from each speaker.
    due: HashMap<u32, u32>,
}

impl Crowd {
    /// Connects a user for each part, called `u` and its number, and waits until all are in their rooms.
    pub(crate) fn gather(at: SocketAddr, parts: &[Part]) -> Self {
        let mut crowd = Self {
            poll: Poll::new().expect("there is a poll"),
            events: Events::with_capacity(1024),
            members: Vec::new(),
        };
        for some in parts.chunks(AT_ONCE) {
            some.iter().for_each(|part| crowd.admit(at, part));
            crowd.turn_until(|member| member.is_in);
        }
        crowd
    }

    fn admit(&mut self, at: SocketAddr, part: &Part) {
        let mut stream = TcpStream::connect(at).expect("the server listens");
        let number = self.members.len();
        let interests = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(number), interests).expect("it can be polled");
        let hello = match part {
            Part::Textbook => format!("∏∑u{number}∏∑"),
            Part::Irc(rooms) => {
                format!("NICK u{number}\r\nUSER u 0 * :u\r\nJOIN {}\r\nPING in\r\n", rooms.join(","))
            }
        };
        let (input, due) = (Vec::new(), HashMap::new());
        let part = part.clone();
        self.members.push(Member { stream, part, unsent: hello.into_bytes(), input, is_in: false, due });
    }

    /// Lets the user `number` say its message `count` in its first room.
    pub(crate) fn say(&mut self, number: usize, count: u32) {
        let member = &mut self.members[number];
        let line = match &member.part {
            Part::Textbook => format!("§γm {number} {count}§γ"),
            Part::Irc(rooms) => format!("PRIVMSG {} :m {number} {count}\r\n", rooms[0]),
        };
        member.unsent.extend_from_slice(line.as_bytes());
        member.write();
    }

    /// Everybody reads and writes for so long.
    pub(crate) fn turn_for(&mut self, span: Duration) {
        let end = Instant::now() + span;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.turn(left);
        }
    }

    fn turn_until(&mut self, is_done: impl Fn(&Member) -> bool) {
        let end = Instant::now() + PATIENCE;
        while let Some(member) = self.members.iter().find(|member| !is_done(member)) {
            assert!(Instant::now() < end, "one is not done: {member:?}");
            self.turn(Duration::from_millis(100));
        }
    }

    /// Waits until everybody has heard so many messages of each user that `hears` says.
    pub(crate) fn expect(&mut self, messages: u32, hears: impl Fn(usize) -> Vec<usize>) {
        let end = Instant::now() + PATIENCE;
        for number in 0..self.members.len() {
            for from in hears(number) {
                while self.members[number].due.get(&(from as u32)).copied().unwrap_or(0) < messages {
                    let member = &self.members[number];
                    assert!(Instant::now() < end, "user {number} misses messages of {from}: {member:?}");
                    self.turn(Duration::from_millis(100));
                }
            }
        }
    }

    fn turn(&mut self, wait: Duration) {
        self.poll.poll(&mut self.events, Some(wait)).expect("the poll works");
        for event in &self.events {
            let Token(number) = event.token();
            if event.is_writable() {
                self.members[number].write();
            }
            if event.is_readable() || event.is_read_closed() {
                self.members[number].read(number);
            }
        }
    }
}

impl Member {
    fn write(&mut self) {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return;
                }
                Err(error) => panic!("a user cannot write: {error}"),
            }
        }
    }

    fn read(&mut self, number: usize) {
        let mut bytes = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => panic!("user {number} was disconnected after {:?}", self.input),
                Ok(count) => self.input.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("user {number} was disconnected: {error}"),
            }
        }
        if matches!(self.part, Part::Textbook) && !self.is_in && self.input.first() == Some(&b'1') {
            self.is_in = true;
            self.input.remove(0);
        }
        while let Some(end) = self.input.iter().position(|&byte| byte == b'\n') {
            let line: Vec<_> = self.input.drain(..=end).collect();
            let line = String::from_utf8(line).expect("the server writes UTF-8");
            self.hear(line.trim_end(), number);
        }
    }

    fn hear(&mut self, line: &str, number: usize) {
        if let Some(asked) = line.strip_prefix("PING ") {
            self.unsent.extend_from_slice(format!("PONG {asked}\r\n").as_bytes());
            return self.write();
        }
        self.is_in |= line.contains(" PONG ") && line.ends_with("in");
        let text = line.rsplit_once(":m ").or_else(|| line.rsplit_once("：m "));
        let Some((_, text)) = text else { return };
        let (from, count) = text.split_once(' ').expect("a speaker and a number");
        let due = self.due.entry(from.parse().expect("a number")).or_default();
        assert_eq!(count.parse(), Ok(*due), "user {number} hears {line}");
        *due += 1;
    }
}
