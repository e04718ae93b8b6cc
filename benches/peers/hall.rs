//! Who is in which room.

use std::fmt::{self, Display, Formatter};
use std::time::Instant;

use crate::SPEAKERS;
use crate::contender::Running;
use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::wire::second_word;

/// How many log in at the same time, where nobody measures that.
const LOG_IN_AT_ONCE: usize = 1_000;

/// How many join at the same time, where nobody measures that.
const JOIN_AT_ONCE: usize = 250;

/// The room of speakers who are in no room of the others.
const OUTSIDE: usize = 999_999;

/// Who there is: speakers, receivers in rooms, and idle users who are in none, in this order.
///
/// There are as many groups of receivers as `rooms / rooms_each`. The members of a group are in the same rooms, which
/// follow each other, and nobody else is in those. So a receiver of group 2 where `rooms_each` is 10 is in rooms 20 to
/// 29.
///
/// Where there is one room, speakers on IRC are in it as well, as people are, and hear each other. Where there are
/// several they are in none, and speak to all.
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

    /// How many there are, with the speakers.
    pub(crate) fn clients(&self) -> usize {
        SPEAKERS + self.receivers + self.idle
    }

    pub(crate) fn groups(&self) -> usize {
        self.rooms / self.rooms_each
    }

    /// How many receivers are in each room.
    pub(crate) fn members(&self) -> usize {
        self.receivers / self.groups()
    }

    /// The first room of a receiver.
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

/// All clients of one server.
pub(crate) struct Hall {
    pub(crate) crowd: Crowd,
    pub(crate) seats: Seats,
    /// What IRC says before a message of each speaker: `:NICK!USER@HOST`.
    pub(crate) sources: Vec<String>,
}

impl Hall {
    /// Everybody is logged in, and in their rooms.
    pub(crate) fn filled(server: &Running, seats: Seats, by: Instant) -> Result<Self, Failure> {
        let mut hall = Self::logged_in(server, seats, by)?;
        hall.take_seats(by)?;
        Ok(hall)
    }

    /// Everybody is logged in, and in no room yet.
    pub(crate) fn logged_in(server: &Running, seats: Seats, by: Instant) -> Result<Self, Failure> {
        let mut crowd = Crowd::new(server.door.wire)?;
        for start in (0..seats.clients()).step_by(LOG_IN_AT_ONCE) {
            let count = LOG_IN_AT_ONCE.min(seats.clients() - start);
            if crowd.log_in(&server.door, count, by)? < count {
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

    /// Whether the speakers hear each other.
    pub(crate) fn speakers_hear(&self) -> bool {
        self.crowd.wire.is_irc() && self.seats.rooms == 1
    }

    /// The first of the rooms that a client hears, `None` where it hears none.
    pub(crate) fn first_room(&self, client: usize) -> Option<usize> {
        if client < SPEAKERS {
            return self.speakers_hear().then_some(0);
        }
        let receiver = client - SPEAKERS;
        (receiver < self.seats.receivers).then(|| self.seats.first_room(receiver))
    }

    /// On IRC the speakers join a room, whose answer tells their sources.
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
        // Who is first in a room is its operator on IRC.
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

    /// The operators let speakers speak from outside.
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
