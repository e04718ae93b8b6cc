//! The load for every server: few speak, many hear it, and all messages are checked.
//!
//! The speakers together keep W messages in flight, and take turns: the next is sent as soon as fewer than W have not
//! reached their last receiver. Latency counts from before a message is written to after it is read, so it includes the
//! loader's own work, equally for every server.
//!
//! No message may be lost, duplicated, reordered or changed: each receiver knows the bytes of the next message of each
//! speaker, and others fail the run. Tags are free except for the label: it must be on a speaker's own message, and on
//! no other.

use std::time::{Duration, Instant};

use crate::SPEAKERS;
use crate::client::Client;
use crate::failure::Failure;
use crate::hall::Hall;
use crate::latency::Latency;
use crate::wire::{self, Wire};

/// Consecutive messages of a speaker to one room.
const RUN: usize = 4;

/// Missing messages count as lost after this time without input.
const SILENCE: Duration = Duration::from_secs(5);

/// How long to wait for surplus messages at the end.
const AFTERMATH: Duration = Duration::from_millis(20);

#[derive(Clone, Copy)]
pub(crate) struct Work {
    /// Most messages in flight, of all speakers together.
    pub(crate) window: usize,
    pub(crate) text_bytes: usize,
    /// How long the speakers send.
    pub(crate) time: Duration,
}

/// The result of a run.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) deliveries: u64,
    pub(crate) messages: u64,
    pub(crate) latency: Latency,
}

/// Runs the load until all messages have arrived.
pub(crate) fn run(hall: &mut Hall, work: Work, by: Instant) -> Result<Heard, Failure> {
    let mut talk = Talk::new(hall, work);
    let start = Instant::now();
    talk.speak(&mut hall.crowd.clients)?;
    let mut last_heard = (0, start);
    while !(talk.is_over && talk.in_flight == 0) {
        hall.crowd.turn(by, |number, clients, buffer| talk.read(number, clients, buffer))?;
        let now = Instant::now();
        talk.is_over = now >= start + work.time;
        if talk.heard.deliveries > last_heard.0 {
            last_heard = (talk.heard.deliveries, now);
        } else if now > last_heard.1 + SILENCE {
            return Err(Failure::Wrong(talk.missing()));
        }
    }
    let until = Instant::now() + AFTERMATH;
    loop {
        match hall.crowd.turn(until, |number, clients, buffer| talk.read(number, clients, buffer)) {
            Err(Failure::Late) => return Ok(talk.heard),
            other => other?,
        }
    }
}

/// A run under way.
struct Talk {
    wire: Wire,
    window: usize,
    rooms: Vec<String>,
    rooms_each: usize,
    hearers: usize,
    filling: String,
    speakers: Vec<Speaker>,
    /// The speaker whose turn it is.
    turn: usize,
    /// Messages that have not reached all receivers.
    in_flight: usize,
    ears: Vec<Ears>,
    is_over: bool,
    heard: Heard,
}

/// A speaker. Its messages are numbered from 0.
struct Speaker {
    source: String,
    sent: usize,
    /// How many of the first messages have reached all receivers.
    acknowledged: usize,
    /// Messages in flight, by number modulo the window.
    in_flight: Vec<InFlight>,
}

#[derive(Clone)]
struct InFlight {
    /// The bytes that receivers get.
    bytes: Vec<u8>,
    sent_at: Instant,
    /// Receivers that do not have it yet.
    left: usize,
}

/// The state of a receiver.
struct Ears {
    /// The number of the next message from each speaker; `None` if it hears none.
    next: [Option<usize>; SPEAKERS],
    /// The last speaker, which is probably the next one.
    last: usize,
}

impl Talk {
    fn new(hall: &Hall, work: Work) -> Self {
        let wire = hall.crowd.wire;
        let hears = |client, speaker| client != speaker || wire.has_echo();
        let speakers_who_hear = if wire.has_echo() { SPEAKERS } else { SPEAKERS - 1 };
        let nothing = InFlight { bytes: Vec::new(), sent_at: Instant::now(), left: 0 };
        let speakers = hall.sources.iter().map(|source| Speaker {
            source: source.clone(),
            sent: 0,
            acknowledged: 0,
            in_flight: vec![nothing.clone(); work.window],
        });
        let ears = (0..hall.crowd.clients.len()).map(|client| {
            let first = hall.first_room(client).map(|room| room * RUN);
            Ears { next: std::array::from_fn(|speaker| first.filter(|_| hears(client, speaker))), last: 0 }
        });
        let (speakers, ears) = (speakers.collect(), ears.collect());
        Self {
            wire,
            window: work.window,
            rooms: (0..hall.seats.rooms).map(|room| wire.room(room)).collect(),
            rooms_each: hall.seats.rooms_each,
            hearers: hall.seats.members() + if hall.speakers_hear() { speakers_who_hear } else { 0 },
            filling: "x".repeat(work.text_bytes - number_text(0, 0).len()),
            speakers,
            turn: 0,
            in_flight: 0,
            ears,
            is_over: false,
            heard: Heard::default(),
        }
    }

    /// Sends messages until the window is full: a few to each room in turn.
    fn speak(&mut self, clients: &mut [Client]) -> Result<(), Failure> {
        let sent_at = Instant::now();
        let mut out: [Vec<u8>; SPEAKERS] = Default::default();
        while self.in_flight < self.window {
            let speaker = &mut self.speakers[self.turn];
            let room = &self.rooms[speaker.sent / RUN % self.rooms.len()];
            let text = number_text(self.turn, speaker.sent) + &self.filling;
            self.wire.say(speaker.sent, room, &text, &mut out[self.turn]);
            let bytes = self.wire.heard(&speaker.source, room, &text).into_bytes();
            speaker.in_flight[speaker.sent % self.window] = InFlight { bytes, sent_at, left: self.hearers };
            speaker.sent += 1;
            self.in_flight += 1;
            self.turn = (self.turn + 1) % SPEAKERS;
        }
        for (client, bytes) in clients.iter_mut().zip(out) {
            client.send(&bytes)?;
        }
        Ok(())
    }

    /// Reads what a client received, and lets speakers continue.
    fn read(&mut self, number: usize, clients: &mut [Client], buffer: &mut [u8]) -> Result<(), Failure> {
        let mut answers = Vec::new();
        clients[number].read(buffer, |bytes| self.take(number, bytes, &mut answers))?;
        if !answers.is_empty() {
            clients[number].send(&answers)?;
        }
        if self.in_flight < self.window && !self.is_over { self.speak(clients) } else { Ok(()) }
    }

    /// Handles the whole messages in `bytes`, and returns their length.
    fn take(&mut self, client: usize, bytes: &[u8], answers: &mut Vec<u8>) -> Result<usize, Failure> {
        let now = Instant::now();
        let mut taken = 0;
        while taken < bytes.len() {
            let Some((tags, rest)) = self.wire.split_tags(&bytes[taken..]) else { break };
            let start = bytes.len() - rest.len();
            if let Some(count) = self.take_message(client, tags, rest, now) {
                taken = start + count;
                continue;
            }
            if self.is_begun(client, rest) {
                break;
            }
            let Some(end) = rest.iter().position(|&byte| byte == b'\n') else { break };
            let line = rest[..end].trim_ascii_end();
            if !self.wire.is_idle_talk(line) {
                let tagged = bytes[taken..start + end].trim_ascii_end();
                return Err(Failure::Wrong(self.surprise(client, tagged)));
            }
            answers.extend(self.wire.answer(line).into_iter().flatten());
            taken = start + end + 1;
        }
        Ok(taken)
    }

    /// The length of the message at the start of `bytes`, if it is complete and due.
    fn take_message(&mut self, client: usize, tags: &[u8], bytes: &[u8], now: Instant) -> Option<usize> {
        let label = wire::label(tags);
        let ears = &mut self.ears[client];
        for turn in 0..SPEAKERS {
            let number = (ears.last + turn) % SPEAKERS;
            let speaker = &mut self.speakers[number];
            let Some(next) = ears.next[number].filter(|&next| next < speaker.sent) else { continue };
            let message = &mut speaker.in_flight[next % self.window];
            let due_label = (client == number).then_some(next);
            if !bytes.starts_with(&message.bytes) || label != due_label {
                continue;
            }
            let count = message.bytes.len();
            self.heard.deliveries += 1;
            self.heard.latency.add(now - message.sent_at);
            message.left -= 1;
            ears.last = number;
            ears.next[number] = Some(following(next, self.rooms.len(), self.rooms_each));
            while speaker.acknowledged < speaker.sent
                && speaker.in_flight[speaker.acknowledged % self.window].left == 0
            {
                speaker.acknowledged += 1;
                self.heard.messages += 1;
                self.in_flight -= 1;
            }
            return Some(count);
        }
        None
    }

    /// True when these bytes may be the beginning of a message that is due.
    fn is_begun(&self, client: usize, bytes: &[u8]) -> bool {
        self.due(client).any(|message| message.bytes.starts_with(bytes))
    }

    /// The next message from each speaker for a client, if already sent.
    fn due(&self, client: usize) -> impl Iterator<Item = &InFlight> {
        self.speakers.iter().zip(self.ears[client].next).filter_map(|(speaker, next)| {
            let next = next.filter(|&next| next < speaker.sent)?;
            Some(&speaker.in_flight[next % self.window])
        })
    }

    fn surprise(&self, client: usize, line: &[u8]) -> String {
        let due: Vec<_> = self.due(client).map(|message| String::from_utf8_lossy(&message.bytes)).collect();
        format!(
            "lost, doubled or reordered: client {client} heard {:?}, due was one of {due:?}",
            String::from_utf8_lossy(line)
        )
    }

    fn missing(&self) -> String {
        let left: usize =
            self.speakers.iter().flat_map(|speaker| &speaker.in_flight).map(|message| message.left).sum();
        format!("lost: {left} deliveries are missing")
    }
}

/// The next message after `number` to a room of the same receiver.
fn following(number: usize, rooms: usize, rooms_each: usize) -> usize {
    let next = number + 1;
    if next.is_multiple_of(rooms_each * RUN) { next + (rooms - rooms_each) * RUN } else { next }
}

/// The start of each text: speaker and number, at a fixed length.
fn number_text(speaker: usize, number: usize) -> String {
    format!("{speaker} {number:010} ")
}
