//! Many clients of one server in one event loop: they log in, join rooms and wait for answers, all at once.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use crate::client::{BUFFER_BYTES, Client, Door};
use crate::failure::Failure;
use crate::stop;
use crate::wire::{Wire, second_word};

/// Most events per poll.
const EVENTS: usize = 4096;

pub(crate) struct Crowd {
    pub(crate) wire: Wire,
    pub(crate) clients: Vec<Client>,
    poll: Poll,
    events: Events,
    buffer: Box<[u8]>,
}

impl Crowd {
    pub(crate) fn new(wire: Wire) -> Result<Self, Failure> {
        Ok(Self {
            wire,
            clients: Vec::new(),
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
        })
    }

    /// The name of a client, valid in every protocol.
    pub(crate) fn name(client: usize) -> String {
        format!("u{client}")
    }

    /// Connects and logs in `count` more, all at once. Returns how many succeeded by the deadline.
    pub(crate) fn log_in(&mut self, to: &Door, count: usize, by: Instant) -> Result<usize, Failure> {
        let first = self.clients.len();
        let wire = self.wire;
        for client in first..first + count {
            let hello = wire.hello(&Self::name(client));
            self.clients.push(Client::connect(to, &hello, self.poll.registry(), Token(client))?);
        }
        if wire == Wire::Raw {
            return Ok(count);
        }
        let who: Vec<_> = (first..first + count).collect();
        self.await_answers(&who, |line| wire.is_welcome(line), by)
    }

    /// These clients join their rooms, all at once.
    pub(crate) fn join(
        &mut self,
        who: &[usize],
        room: impl Fn(usize) -> usize,
        by: Instant,
    ) -> Result<(), Failure> {
        let wire = self.wire;
        self.ask(who, |client| wire.join(&wire.room(room(client))), |line| wire.is_joined(line), by)
    }

    /// Waits until everything under way has arrived: on IRC, members are told of each join.
    pub(crate) fn settle(&mut self, by: Instant) -> Result<(), Failure> {
        if !self.wire.is_irc() {
            return Ok(());
        }
        let is_pong = |line: &[u8]| second_word(line) == Some(b"PONG");
        let everybody: Vec<_> = (0..self.clients.len()).collect();
        self.ask(&everybody, |_| "PING settled\r\n".into(), is_pong, by)
    }

    /// Sends each of these clients' request, and waits until each has its answer.
    pub(crate) fn ask(
        &mut self,
        who: &[usize],
        request: impl Fn(usize) -> String,
        is_answer: impl Fn(&[u8]) -> bool,
        by: Instant,
    ) -> Result<(), Failure> {
        for &client in who {
            self.clients[client].send(request(client).as_bytes())?;
        }
        if self.await_answers(who, is_answer, by)? < who.len() { Err(Failure::Late) } else { Ok(()) }
    }

    /// How many of these have their answer by the deadline.
    fn await_answers(
        &mut self,
        who: &[usize],
        is_answer: impl Fn(&[u8]) -> bool,
        by: Instant,
    ) -> Result<usize, Failure> {
        let mut waits = vec![false; self.clients.len()];
        who.iter().for_each(|&client| waits[client] = true);
        let mut answers = 0;
        let all = self.hear_lines(by, |client, line| {
            if waits[client] && is_answer(line) {
                waits[client] = false;
                answers += 1;
            }
            answers == who.len()
        });
        match all {
            Ok(()) | Err(Failure::Late) => Ok(answers),
            Err(wrong) => Err(wrong),
        }
    }

    /// Passes every line that a client receives, without tags and line end, to `heed`, until that returns true.
    pub(crate) fn hear_lines(
        &mut self,
        by: Instant,
        mut heed: impl FnMut(usize, &[u8]) -> bool,
    ) -> Result<(), Failure> {
        let wire = self.wire;
        loop {
            let mut is_enough = false;
            self.turn(by, |number, clients, buffer| {
                let client = &mut clients[number];
                let mut answers = Vec::new();
                client.read(buffer, |bytes| {
                    let mut taken = 0;
                    while let Some(end) = bytes[taken..].iter().position(|&byte| byte == b'\n') {
                        let line = bytes[taken..taken + end].trim_ascii_end();
                        taken += end + 1;
                        let line = wire.split_tags(line).map_or(line, |(_, line)| line);
                        if wire.is_refusal(line) {
                            return Err(Failure::Wrong(String::from_utf8_lossy(line).into_owned()));
                        }
                        answers.extend(wire.answer(line).into_iter().flatten());
                        is_enough |= heed(number, line);
                    }
                    Ok(taken)
                })?;
                client.send(&answers)
            })?;
            if is_enough {
                return Ok(());
            }
        }
    }

    /// Waits for events for at most 0.1 s, and calls `read` for each readable client, with all clients and a buffer.
    pub(crate) fn turn(
        &mut self,
        by: Instant,
        mut read: impl FnMut(usize, &mut [Client], &mut [u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        stop::check()?;
        let left = by.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::Late);
        }
        match self.poll.poll(&mut self.events, Some(left.min(Duration::from_millis(100)))) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &self.events {
            let number = event.token().0;
            if event.is_writable() {
                self.clients[number].flush()?;
            }
            if event.is_readable() {
                read(number, &mut self.clients, &mut self.buffer)?;
            }
        }
        Ok(())
    }
}
