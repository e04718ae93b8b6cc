//! One entry of the slab: a socket, its two buffers, the conversation on it, and how far its end has come.

use std::io::{self, ErrorKind};

use super::deadlines::{Deadlines, Due};
use super::inbox::Inbox;
use super::outbox::Outbox;
use super::quiet::Quiet;
use super::stream::Stream;
use crate::bucket::Bucket;
use crate::config::Flood;
use crate::message::{CloseReason, Dialect, Frame, Peer};
use crate::session::Session;

/// How much memory a connection takes whose stream is plain: its place in the slab, its session, its user with the
/// longest names, the user's first room, and entries in the indexes, all with the room that lists have to grow.
const OWN_BYTES: usize = 1_280;

/// A connection.
#[derive(Debug)]
pub(super) struct Connection<S> {
    pub(super) stream: S,
    pub(super) peer: Peer,
    pub(super) session: Session,
    pub(super) inbox: Inbox,
    pub(super) inlet: Inlet,
    /// How many messages it may send before it has to wait.
    pub(super) bucket: Bucket,
    pub(super) outbox: Outbox,
    /// How it hears of events.
    pub(super) dialect: Dialect,
    /// The last byte that it was sent is no newline.
    pub(super) is_mid_line: bool,
    /// How much of `Server::kept_bytes` is this connection's.
    pub(super) kept_bytes: u32,
    pub(super) life: Life,
    pub(super) link: Link,
    /// What `Deadlines` has for this connection.
    pub(super) deadline: Option<Due>,
    /// Is in the list of those to be flushed at the end of the turn.
    pub(super) is_dirty: bool,
    /// Is in a list of those to be read on in the next turn.
    pub(super) is_unread: bool,
    /// When it came, in seconds since the server started.
    pub(super) came_s: u32,
    /// Bytes that came from the peer.
    pub(super) received_bytes: u64,
    /// Bytes that the system took for the peer.
    pub(super) sent_bytes: u64,
    /// `Admission` counts it. Otherwise it is there only to be told why it cannot come in.
    pub(super) is_admitted: bool,
}

/// Whether more is taken from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inlet {
    /// It is, when the system tells that there is something.
    Open,
    /// It is in the next turn: there may be more than this turn had time for. `first`: before those who had some of it.
    More { first: bool },
    /// There are whole frames in the inbox, because handling them was too much for one turn. Nothing more is read
    /// until they are done with.
    Backlog,
    /// The peer has sent more than it may in a while. What came is in the inbox, and what comes is in the system's
    /// buffers, until there is a token in the bucket.
    Paused,
    /// The session is on an errand. What came is in the inbox, and what comes is in the system's buffers, until it has
    /// its answer; `peer_finished` when nothing will come.
    Waiting { peer_finished: bool },
}

/// What is known of the way to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Nothing is wrong with it.
    Sound,
    /// The system has told that it is broken. What came before is still read.
    HungUp,
    /// A write has failed, or a line that was begun had to be forgotten. Nothing more is written, but what the peer sent
    /// before it left is still read.
    Mute,
}

/// How far a connection's end has come.
#[derive(Debug)]
pub(super) enum Life {
    /// It has not begun. Where it is quiet, events wait until that is over.
    Open(Option<Box<Quiet>>),
    /// It will begin in this turn or one of the next, for this reason. The peer hears nothing until then, and nothing is
    /// taken from it.
    Doomed(Box<CloseReason>),
    /// The session has ended, and the user has left the hub or is about to. Only the last words are still to be said.
    Leaving { peer_finished: bool },
    /// Everything is said; what waits for the peer is written until this time.
    Flushing { peer_finished: bool, until: Due },
    /// Our half is shut down. Read on until the peer closes too, or until this time: a socket that is closed with unread
    /// input is reset, and the last words are lost.
    Lingering { until: Due },
    /// To be taken out of the slab at the end of the turn.
    Closed,
}

/// What a connection needs, as its state has it.
#[derive(Debug)]
pub(super) struct Needs {
    /// To be read in the next turn; before those who were read in this one, where it says so.
    pub(super) read: Option<ReadNext>,
    /// To be flushed at the end of the turn.
    pub(super) flush: bool,
    /// To be looked at, at this time.
    pub(super) wake: Option<Due>,
    /// Memory, besides the connection itself, in bytes.
    pub(super) memory: usize,
}

/// Which of those who are to be read in the next turn come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadNext {
    First,
    Behind,
}

impl<S: Stream> Connection<S> {
    /// Derives from its state all that it needs of others; `flood` is what its peer is held to.
    pub(super) fn needs(&self, flood: Option<Flood>, deadlines: &Deadlines) -> Needs {
        let read = match self.inlet {
            Inlet::Backlog | Inlet::More { first: true } => Some(ReadNext::First),
            Inlet::More { first: false } => Some(ReadNext::Behind),
            // Nobody waits for what else comes of it.
            Inlet::Paused | Inlet::Waiting { .. } if self.is_known_gone() => Some(ReadNext::First),
            Inlet::Open | Inlet::Paused | Inlet::Waiting { .. } => None,
        };
        let resumed = match (self.inlet, flood) {
            (Inlet::Paused, Some(flood)) => Some(self.bucket.ready_at(flood)),
            _ => None,
        };
        let (is_flushed, wake) = match &self.life {
            Life::Open(quiet) => {
                let quiet = quiet.as_ref().map(|quiet| quiet.until);
                let next = self.session.deadline().into_iter().chain(quiet).chain(resumed).min();
                (false, next.map(|time| deadlines.due(time)))
            }
            Life::Doomed(_) | Life::Leaving { .. } | Life::Closed => (false, None),
            Life::Flushing { until, .. } => (!self.has_unsent(), Some(*until)),
            Life::Lingering { until } => (false, Some(*until)),
        };
        Needs {
            read: read.filter(|_| !matches!(self.life, Life::Closed)),
            flush: is_flushed || self.has_unsent() && !self.outbox.is_blocked(),
            wake,
            memory: self.kept_bytes_now(),
        }
    }

    /// Writes what waits, until nothing does or it would block; which, `has_unsent` tells.
    pub(super) fn write(&mut self) -> io::Result<()> {
        self.outbox.write_to(&mut self.stream)?;
        match self.stream.flush() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            other => other,
        }
    }

    /// True when something is to be written as soon as that is possible.
    pub(super) fn has_unsent(&self) -> bool {
        !self.outbox.is_empty() || self.stream.has_unsent()
    }

    /// How much memory is kept for the peer, apart from the connection itself.
    pub(super) fn kept_bytes_now(&self) -> usize {
        let held = self.quiet().map_or(0, Quiet::kept_bytes);
        let unsent = self.outbox.kept_bytes() + held + self.session.kept_bytes();
        unsent + self.inbox.capacity() + self.stream.kept_bytes()
    }

    /// How much memory the connection takes that has the stream `stream`, as long as it is there.
    pub(super) fn own_bytes(stream: &S) -> usize {
        OWN_BYTES + stream.own_bytes()
    }
}

impl<S> Connection<S> {
    /// True as long as the peer takes part: it is heard, and hears.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.life, Life::Open(_))
    }

    /// True when events wait.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet().is_some()
    }

    fn quiet(&self) -> Option<&Quiet> {
        match &self.life {
            Life::Open(quiet) => quiet.as_deref(),
            Life::Doomed(_)
            | Life::Leaving { .. }
            | Life::Flushing { .. }
            | Life::Lingering { .. }
            | Life::Closed => None,
        }
    }

    /// True when events have a chance to arrive. Whoever is about to leave has had its last words.
    pub(super) fn is_hearing(&self) -> bool {
        self.is_open() && self.link != Link::Mute
    }

    /// True when nothing is taken from the peer until something else has happened.
    pub(super) fn is_kept_waiting(&self) -> bool {
        match self.inlet {
            Inlet::Open | Inlet::More { .. } | Inlet::Backlog => false,
            Inlet::Paused | Inlet::Waiting { .. } => true,
        }
    }

    /// True when it is known to be broken.
    pub(super) fn is_known_gone(&self) -> bool {
        self.link != Link::Sound
    }

    /// Queues the frame of an event, which waits as long as it is quiet.
    pub(super) fn deliver(&mut self, frame: Frame) {
        match &mut self.life {
            Life::Open(Some(quiet)) => quiet.hold(frame),
            _ => self.send(frame),
        }
    }

    /// Queues bytes for this connection alone. They do not wait.
    pub(super) fn send_bytes(&mut self, bytes: &[u8]) {
        self.note_end(bytes);
        self.outbox.push_bytes(bytes);
    }

    /// Ends the quiet time, and queues what waited.
    pub(super) fn end_quiet(&mut self) {
        if let Life::Open(quiet) = &mut self.life {
            let held = quiet.take().map(|quiet| quiet.into_held());
            held.into_iter().flatten().for_each(|frame| self.send(frame));
        }
    }

    fn send(&mut self, frame: Frame) {
        self.note_end(&frame);
        self.outbox.push(frame);
    }

    fn note_end(&mut self, bytes: &[u8]) {
        self.is_mid_line = bytes.last().map_or(self.is_mid_line, |&last| last != b'\n');
    }

    /// Bytes that wait for the peer, held back or not.
    pub(super) fn unsent_bytes(&self) -> usize {
        self.outbox.queued_bytes() + self.quiet().map_or(0, Quiet::held_bytes)
    }
}
