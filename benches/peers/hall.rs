//! Clients in their rooms.

use std::fmt::{self, Display, Formatter};
use std::time::Instant;

use crate::SPEAKERS;
use crate::client::Door;
use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::wire::second_word;

/// How many log in at once when that is not measured.
const LOG_IN_AT_ONCE: usize = 1_000;

/// How many join at once when that is not measured.
const JOIN_AT_ONCE: usize = 250;

/// The room of speakers who are in none of the receivers' rooms.
const OUTSIDE: usize = 999_999;

/// The clients: speakers, receivers in rooms, and idle users in no room, in this order.
///
/// There are `rooms / rooms_each` groups of receivers. The members of a group are in the same consecutive rooms, and
/// nobody else is. With `rooms_each` = 10, a receiver of group 2 is in rooms 20 to 29.
///
/// With one room, IRC speakers are in it as well, as people are, and hear each other. With several, they are in none
/// and speak to all.
#[derive(Clone, Copy)]
pub(crate) struct Seats {
    pub(crate) receivers: usize,
    pub(crate) rooms: usize,
    pub(crate) rooms_each: usize,
    pub(crate) idle: usize,
}

impl Seats {
    pub(crate) fn one_room(receivers: usize) -> Self {
        Self { receivers, rooms: 1, rooms_each: 1, idle: 0 }
    }

    /// Number of clients, including the speakers.
    pub(crate) fn clients(&self) -> usize {
        SPEAKERS + self.receivers + self.idle
    }

    pub(crate) fn groups(&self) -> usize {
        self.rooms / self.rooms_each
    }

    /// Receivers per room.
    pub(crate) fn members(&self) -> usize {
        self.receivers / self.groups()
    }

    fn first_room(&self, receiver: usize) -> usize {
        receiver / self.members() * self.rooms_each
    }
}

impl Display for Seats {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} receivers", self.receivers)?;
        if self.rooms > 1 {
            write!(f, ", each in {} of {} rooms of {}", self.rooms_each, self.rooms, self.members())?;
        }
        if self.idle > 0 {
            write!(f, ", beside {} idle users", self.idle)?;
        }
        Ok(())
    }
}

pub(crate) struct Hall {
    pub(crate) crowd: Crowd,
    pub(crate) seats: Seats,
    /// The prefix of each speaker's messages on IRC: `:NICK!USER@HOST`.
    pub(crate) sources: Vec<String>,
}

impl Hall {
    /// All clients, logged in and in their rooms.
    pub(crate) fn filled(door: &Door, seats: Seats, by: Instant) -> Result<Self, Failure> {
        let mut hall = Self::logged_in(door, seats, by)?;
        hall.take_seats(by)?;
        Ok(hall)
    }

    /// All clients, logged in and in no room.
    pub(crate) fn logged_in(door: &Door, seats: Seats, by: Instant) -> Result<Self, Failure> {
        let mut crowd = Crowd::new(door.wire)?;
        for start in (0..seats.clients()).step_by(LOG_IN_AT_ONCE) {
            let count = LOG_IN_AT_ONCE.min(seats.clients() - start);
            if crowd.log_in(door, count, by)? < count {
                return Err(Failure::Late);
            }
        }
        Ok(Self { crowd, seats, sources: vec![String::new(); SPEAKERS] })
    }

    pub(crate) fn take_seats(&mut self, by: Instant) -> Result<(), Failure> {
        self.seat_speakers(by)?;
        self.seat_receivers(by)?;
        self.open_rooms()?;
        self.crowd.settle(by)
    }

    /// True when speakers hear each other.
    pub(crate) fn speakers_hear(&self) -> bool {
        self.crowd.wire.is_irc() && self.seats.rooms == 1
    }

    /// The first room that a client hears, `None` if it hears none.
    pub(crate) fn first_room(&self, client: usize) -> Option<usize> {
        if client < SPEAKERS {
            return self.speakers_hear().then_some(0);
        }
        let receiver = client - SPEAKERS;
        (receiver < self.seats.receivers).then(|| self.seats.first_room(receiver))
    }

    /// On IRC, the speakers join a room; the answer contains their sources.
    fn seat_speakers(&mut self, by: Instant) -> Result<(), Failure> {
        let wire = self.crowd.wire;
        if !wire.is_irc() {
            return Ok(());
        }
        let room = wire.room(if self.speakers_hear() { 0 } else { OUTSIDE });
        for speaker in 0..SPEAKERS {
            self.crowd.clients[speaker].send(wire.join(&room).as_bytes())?;
        }
        let sources = &mut self.sources;
        self.crowd.hear_lines(by, |client, line| {
            let own = format!(":{}!", Crowd::name(client));
            if second_word(line) == Some(b"JOIN") && line.starts_with(own.as_bytes()) {
                let line = String::from_utf8_lossy(line);
                sources[client] = line.split(' ').next().unwrap_or_default().to_owned();
            }
            sources.iter().all(|source| !source.is_empty())
        })
    }

    fn seat_receivers(&mut self, by: Instant) -> Result<(), Failure> {
        let seats = self.seats;
        // On IRC, the first in a room becomes its operator.
        let (first, others): (Vec<_>, Vec<_>) = (SPEAKERS..SPEAKERS + seats.receivers)
            .partition(|client| (client - SPEAKERS).is_multiple_of(seats.members()));
        for step in 0..seats.rooms_each {
            let room = |client: usize| seats.first_room(client - SPEAKERS) + step;
            for who in first.chunks(JOIN_AT_ONCE).chain(others.chunks(JOIN_AT_ONCE)) {
                self.crowd.join(who, room, by)?;
            }
        }
        Ok(())
    }

    /// The operators permit messages from outside.
    fn open_rooms(&mut self) -> Result<(), Failure> {
        let wire = self.crowd.wire;
        if !wire.is_irc() || self.speakers_hear() {
            return Ok(());
        }
        for receiver in (0..self.seats.receivers).step_by(self.seats.members()) {
            let first = self.seats.first_room(receiver);
            for room in first..first + self.seats.rooms_each {
                let mode = format!("MODE {} -n\r\n", wire.room(room));
                self.crowd.clients[SPEAKERS + receiver].send(mode.as_bytes())?;
            }
        }
        Ok(())
    }
}
