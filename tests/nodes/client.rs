//! An IRC client on a real socket, to which lines come at any time.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use std::net::Ipv4Addr;

use parlor::address::Address;

use crate::support::DEADLINE;
use crate::support::peer::connect_from;

/// How long to wait before a question is asked again.
const AGAIN: Duration = Duration::from_millis(20);

/// What a client reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Line(String),
    /// The server has closed the connection.
    End,
    /// Nothing within the time.
    Nothing,
}

/// A connected client. It answers each PING of the server when it reads it.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) name: String,
    stream: TcpStream,
    unread: Vec<u8>,
    lines: VecDeque<String>,
    asked: u32,
}

impl Client {
    /// A client that has said nothing.
    pub(crate) fn connect(at: &Address, name: &str) -> Self {
        Self::connect_from(Ipv4Addr::LOCALHOST, at, name)
    }

    /// The same from this address of this machine.
    pub(crate) fn connect_from(source: Ipv4Addr, at: &Address, name: &str) -> Self {
        Self::over(connect_from(at, source), name)
    }

    /// A client that has said nothing, unless the node is dead.
    pub(crate) fn try_connect(at: &Address, name: &str) -> Option<Self> {
        let Address::Tcp { host, port } = at else { panic!("{at} is not over TCP") };
        Some(Self::over(TcpStream::connect((host.as_str(), *port)).ok()?, name))
    }

    fn over(stream: TcpStream, name: &str) -> Self {
        stream.set_nodelay(true).expect("an open socket");
        stream.set_write_timeout(Some(DEADLINE)).expect("not zero");
        Self { name: name.to_owned(), stream, unread: Vec::new(), lines: VecDeque::new(), asked: 0 }
    }

    /// Takes its name, with these capabilities, and reads the welcome. While the nodes cannot agree, it asks again.
    #[track_caller]
    pub(crate) fn register(mut self, capabilities: &str) -> Self {
        let name = self.name.clone();
        self.send(&format!("CAP REQ :{capabilities}\r\nNICK {name}\r\nUSER {name} 0 * :{name}\r\nCAP END"));
        let (by, welcome) = (Instant::now() + DEADLINE, format!(" 001 {name} "));
        loop {
            match self.next(by.saturating_duration_since(Instant::now())) {
                Heard::Line(line) if line.contains(&welcome) => break,
                Heard::Line(line) if line.contains(" 437 ") => self.send(&format!("NICK {name}")),
                Heard::Line(line) => assert!(!line.contains(" 433 "), "{line}"),
                other => panic!("{name} hears {other:?} instead of a welcome"),
            }
        }
        self.lines();
        self
    }

    pub(crate) fn send(&mut self, line: &str) {
        self.try_send(line).expect("the node takes what is sent");
    }

    /// Sends to a node that may be dead.
    pub(crate) fn try_send(&mut self, line: &str) -> std::io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes())
    }

    /// The next line, within a time.
    pub(crate) fn next(&mut self, within: Duration) -> Heard {
        let by = Instant::now() + within;
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Heard::Line(line);
            }
            let left = by.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Heard::Nothing;
            }
            self.stream.set_read_timeout(Some(left)).expect("not zero");
            let mut bytes = [0; 65_536];
            match self.stream.read(&mut bytes) {
                Ok(0) => return Heard::End,
                Ok(count) => self.take(&bytes[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Heard::End,
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        while let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
            let line: Vec<_> = self.unread.drain(..=end).collect();
            let line = String::from_utf8(line).expect("the server sends UTF-8");
            let line = line.strip_suffix("\r\n").expect("lines end in CR LF").to_owned();
            if let Some(token) = bare(&line).strip_prefix("PING ") {
                // Fails if the node has just died.
                self.try_send(&format!("PONG {token}")).ok();
            } else {
                self.lines.push_back(line);
            }
        }
    }

    /// Reads up to the first line that contains `part`, and returns it.
    #[track_caller]
    pub(crate) fn hear(&mut self, part: &str) -> String {
        self.hear_within(DEADLINE, part)
    }

    #[track_caller]
    pub(crate) fn hear_within(&mut self, limit: Duration, part: &str) -> String {
        self.all_up_to(limit, part).pop().expect("it has heard it")
    }

    /// Reads up to the first line that contains `part`, and returns all of them.
    #[track_caller]
    pub(crate) fn all_up_to(&mut self, limit: Duration, part: &str) -> Vec<String> {
        let by = Instant::now() + limit;
        let mut lines = Vec::new();
        loop {
            match self.next(by.saturating_duration_since(Instant::now())) {
                Heard::Line(line) => lines.push(line),
                other => panic!("{} hears {other:?} instead of {part:?}, after {lines:#?}", self.name),
            }
            if lines.last().is_some_and(|line| line.contains(part)) {
                return lines;
            }
        }
    }

    /// Reads what has arrived by the time the node has answered a PING.
    #[track_caller]
    pub(crate) fn lines(&mut self) -> Vec<String> {
        self.asked += 1;
        let token = format!("{}-{}", self.name, self.asked);
        self.send(&format!("PING {token}"));
        let mut lines = self.all_up_to(DEADLINE, &format!(" :{token}"));
        lines.pop();
        lines
    }

    /// Sends a line, and returns what it hears until the node has carried it out.
    #[track_caller]
    pub(crate) fn ask(&mut self, line: &str) -> Vec<String> {
        self.send(line);
        self.lines()
    }

    /// The same, and one line of the answer must contain `part`.
    #[track_caller]
    pub(crate) fn told(&mut self, line: &str, part: &str) -> String {
        let lines = self.ask(line);
        let told = lines.iter().find(|line| line.contains(part));
        told.unwrap_or_else(|| panic!("{} is not told {part:?}: {lines:#?}", self.name)).clone()
    }

    /// Asks again and again until an answer is as wanted, and returns it.
    #[track_caller]
    pub(crate) fn until(&mut self, line: &str, is_wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        let by = Instant::now() + DEADLINE;
        loop {
            let lines = self.ask(line);
            if is_wanted(&lines) {
                return lines;
            }
            assert!(Instant::now() < by, "{} is told, on {line}: {lines:#?}", self.name);
            thread::sleep(AGAIN);
        }
    }

    /// Asks again and again until a line of the answer contains `part`, and returns that.
    #[track_caller]
    pub(crate) fn until_told(&mut self, line: &str, part: &str) -> String {
        let lines = self.until(line, |lines| lines.iter().any(|line| line.contains(part)));
        lines.into_iter().find(|line| line.contains(part)).expect("it is there")
    }

    /// Reads up to the end of the connection, and returns all lines.
    #[track_caller]
    pub(crate) fn end(&mut self) -> Vec<String> {
        let by = Instant::now() + DEADLINE;
        let mut lines = Vec::new();
        loop {
            match self.next(by.saturating_duration_since(Instant::now())) {
                Heard::Line(line) => lines.push(line),
                Heard::End => return lines,
                Heard::Nothing => panic!("the connection of {} does not end: {lines:#?}", self.name),
            }
        }
    }

    /// The answer to a question without what differs between those who ask: replies in the order of the alphabet, without
    /// the name of this client.
    #[track_caller]
    pub(crate) fn sees(&mut self, line: &str) -> Vec<String> {
        let own = format!(" {} ", self.name);
        let replies = self.ask(line).into_iter().filter(|line| line.starts_with(":parlor.local "));
        let mut replies: Vec<_> = replies.map(|line| line.replacen(&own, " ", 1)).collect();
        replies.sort();
        replies
    }
}

/// Asks these clients the same until all get the same answer, and returns it.
#[track_caller]
pub(crate) fn agreed(clients: &mut [&mut Client], line: &str) -> Vec<String> {
    agreed_within(DEADLINE, clients, line)
}

#[track_caller]
pub(crate) fn agreed_within(limit: Duration, clients: &mut [&mut Client], line: &str) -> Vec<String> {
    let by = Instant::now() + limit;
    loop {
        let mut answers: Vec<_> = clients.iter_mut().map(|client| client.sees(line)).collect();
        if answers.windows(2).all(|pair| pair[0] == pair[1]) {
            return answers.pop().unwrap_or_default();
        }
        assert!(Instant::now() < by, "the nodes differ, on {line}: {answers:#?}");
        thread::sleep(AGAIN);
    }
}

/// Waits until each of these knows all others.
#[track_caller]
pub(crate) fn introduce(clients: &mut [&mut Client]) {
    let names: Vec<_> = clients.iter().map(|client| client.name.clone()).collect();
    let question = format!("ISON {}", names.join(" "));
    let answer = format!(" :{}", names.join(" "));
    clients.iter_mut().for_each(|client| drop(client.until_told(&question, &answer)));
}

/// Waits until each of these sees all of them in the room, and drops what they have heard before.
#[track_caller]
pub(crate) fn meet(room: &str, clients: &mut [&mut Client]) {
    let names: Vec<_> = clients.iter().map(|client| client.name.clone()).collect();
    let all_are_there = |lines: &[String]| {
        let is_there = |name: &String| {
            let listed = lines.iter().filter(|line| line.contains(" 353 "));
            listed.flat_map(|line| line.split([' ', ':', '@', '+'])).any(|listed| listed == name)
        };
        names.iter().all(is_there)
    };
    for client in clients.iter_mut() {
        client.until(&format!("NAMES {room}"), all_are_there);
    }
    // What the others see is settled, so nothing of their joins comes later.
    clients.iter_mut().for_each(|client| drop(client.lines()));
}

/// A line without its tags.
pub(crate) fn bare(line: &str) -> &str {
    match line.strip_prefix('@') {
        Some(tagged) => tagged.split_once(' ').map_or("", |(_, bare)| bare),
        None => line,
    }
}

/// The value of a tag.
#[track_caller]
pub(crate) fn tag<'a>(line: &'a str, name: &str) -> &'a str {
    let tags = line.strip_prefix('@').and_then(|tagged| tagged.split_once(' ')).map_or("", |(tags, _)| tags);
    let value = tags.split(';').find_map(|tag| tag.split_once('=').filter(|(key, _)| *key == name));
    value.unwrap_or_else(|| panic!("{line:?} has a tag {name}")).1
}

/// The texts of messages to `to` among these lines, in order.
pub(crate) fn texts<'a>(lines: &'a [String], to: &str) -> Vec<&'a str> {
    let said = format!(" PRIVMSG {to} :");
    lines.iter().filter_map(|line| Some(bare(line).split_once(&said)?.1)).collect()
}
