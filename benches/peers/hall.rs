//! Who is in which room.

use std::ops::Range;
use std::time::Instant;

use crate::SPEAKERS;
use crate::contender::Running;
use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::wire::{Wire, second_word};

/// How many join at the same time, where nobody measures joining.
const JOIN_AT_ONCE: usize = 250;

/// The room of speakers who speak to the others from outside.
const OUTSIDE: usize = 999_999;

/// Speakers, receivers in rooms, and idle users beside them, all logged in, in this order.
///
/// There are as many groups of receivers as `rooms / rooms_each`. The members of a group are in the same rooms, which
/// follow each other, and nobody else is in those. So a receiver of group 2 where `rooms_each` is 10 is in rooms 20 to
/// 29.
pub(crate) struct Hall {
    pub(crate) crowd: Crowd,
    pub(crate) receivers: usize,
    pub(crate) rooms: usize,
    pub(crate) rooms_each: usize,
    /// What IRC says before a message of each speaker: `:NICK!USER@HOST`.
    pub(crate) sources: Vec<String>,
}

impl Hall {
    /// One room for all. On IRC the speakers are in it as well, as people are, and hear each other.
    pub(crate) fn one_room(server: &Running, receivers: usize, by: Instant) -> Result<Self, Failure> {
        Self::with(server, receivers, 1, 1, by)
    }

    /// Several rooms; the speakers are in none of them.
    pub(crate) fn with(
        server: &Running,
        receivers: usize,
        rooms: usize,
        rooms_each: usize,
        by: Instant,
    ) -> Result<Self, Failure> {
        let mut crowd = Crowd::new(server.kind.wire())?;
        let count = SPEAKERS + receivers;
        if crowd.log_in(server.address, count, by)? < count {
            return Err(Failure::Late);
        }
        let mut hall = Self { crowd, receivers, rooms, rooms_each, sources: vec![String::new(); SPEAKERS] };
        hall.seat_speakers(by)?;
        hall.seat_receivers(by)?;
        hall.crowd.settle(by)?;
        Ok(hall)
    }

    /// Whether the speakers hear each other.
    pub(crate) fn speakers_hear(&self) -> bool {
        self.crowd.wire == Wire::Irc && self.rooms == 1
    }

    /// How many clients are members of a room, without speakers.
    pub(crate) fn members(&self) -> usize {
        self.receivers / self.groups()
    }

    pub(crate) fn groups(&self) -> usize {
        self.rooms / self.rooms_each
    }

    /// The first of the rooms that a client hears, `None` where it hears none.
    pub(crate) fn first_room(&self, client: usize) -> Option<usize> {
        if client < SPEAKERS {
            return self.speakers_hear().then_some(0);
        }
        let receiver = client - SPEAKERS;
        (receiver < self.receivers).then(|| receiver / self.members() * self.rooms_each)
    }

    /// On IRC the speakers join a room, whose answer tells their sources.
    fn seat_speakers(&mut self, by: Instant) -> Result<(), Failure> {
        let wire = self.crowd.wire;
        if wire != Wire::Irc {
            return Ok(());
        }
        let room = wire.room(if self.rooms == 1 { 0 } else { OUTSIDE });
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
        let groups: Vec<_> =
            (SPEAKERS..SPEAKERS + self.receivers).map(|client| self.first_room(client)).collect();
        for step in 0..self.rooms_each {
            let room = |client: usize| groups[client - SPEAKERS].map_or(OUTSIDE, |first| first + step);
            for start in (0..self.receivers).step_by(JOIN_AT_ONCE) {
                let end = (start + JOIN_AT_ONCE).min(self.receivers);
                self.crowd.join(start + SPEAKERS..end + SPEAKERS, room, by)?;
            }
        }
        self.open_rooms()
    }

    /// Lets speakers speak from outside: the first member of each room is its operator.
    fn open_rooms(&mut self) -> Result<(), Failure> {
        let wire = self.crowd.wire;
        if wire != Wire::Irc || self.rooms == 1 {
            return Ok(());
        }
        for group in 0..self.groups() {
            let operator = SPEAKERS + group * self.members();
            let rooms: Range<usize> = group * self.rooms_each..(group + 1) * self.rooms_each;
            for room in rooms {
                let mode = format!("MODE {} -n\r\n", wire.room(room));
                self.crowd.clients[operator].send(mode.as_bytes())?;
            }
        }
        Ok(())
    }
}
