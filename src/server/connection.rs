//! One entry of the slab: a socket, its two buffers, the conversation on it, and how far its end has come.

use std::io::{self, ErrorKind};

use super::deadlines::Due;
use super::outbox::Outbox;
use super::stream::Stream;
use crate::bucket::Bucket;
use crate::message::{Frame, Peer};
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
    /// The beginning of a frame that has not ended; empty, and without memory, between frames.
    pub(super) inbox: Vec<u8>,
    pub(super) inlet: Inlet,
    /// How many messages it may send before it has to wait.
    pub(super) bucket: Bucket,
    pub(super) outbox: Outbox,
    /// How much of `Server::kept_bytes` is this connection's.
    pub(super) kept_bytes: u32,
    pub(super) life: Life,
    /// What `Deadlines` has for this connection: as long as it is open, when its session is to be woken, then when its
    /// end is over.
    pub(super) deadline: Option<Due>,
    /// Is in the list of those to be flushed at the end of the turn.
    pub(super) dirty: bool,
    /// Is in the list of those to be read on in the next turn.
    pub(super) unread: bool,
    pub(super) hearing: Hearing,
    /// The system has told that it is broken. What came before is still read.
    pub(super) is_broken: bool,
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
    /// It is.
    Open,
    /// There are whole frames in the inbox, because handling them was too much for one turn. Nothing more is read
    /// until they are done with.
    Backlog,
    /// The peer has sent more than it may in a while. What came is in the inbox, and what comes is in the system's
    /// buffers, until there is a token in the bucket.
    Paused,
    /// Whether a guess of the peer's is right is not known yet. What came is in the inbox, and what comes is in the
    /// system's buffers, until it is; `peer_finished` when nothing will come.
    Checking { peer_finished: bool },
}

/// Whether what is queued for a peer has a chance to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hearing {
    /// It has.
    Fine,
    /// Too much waits for it already; it will be told so and closed at the end of the turn.
    TooSlow,
    /// Too much waits for all together, and most of that for it; it will be told so and closed at the end of the turn.
    Shed,
    /// It is banned; it will be told so and closed in one of the next turns, and nothing else until then.
    Banned,
    /// A write has failed, or a line that was begun had to be forgotten. Nothing more is written, but what the peer sent
    /// before it left is still read.
    Gone,
}

/// How far a connection's end has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Life {
    /// It has not begun.
    Open,
    /// The peer has left the hub. Nothing is taken from it any more; what waits for it is still written.
    Flushing { peer_finished: bool },
    /// Our half is shut down. Read on until the peer closes too: a socket that is closed with unread input is
    /// reset, and the last words are lost.
    Lingering,
    /// To be taken out of the slab at the end of the turn.
    Closed,
}

impl<S> Connection<S> {
    /// True when what is queued for it has a chance to arrive. Whoever is about to leave has had its last words.
    pub(super) fn is_hearing(&self) -> bool {
        self.hearing == Hearing::Fine && matches!(self.life, Life::Open)
    }

    /// True when nothing is taken from the peer until something else has happened.
    pub(super) fn is_kept_waiting(&self) -> bool {
        match self.inlet {
            Inlet::Open | Inlet::Backlog => false,
            Inlet::Paused | Inlet::Checking { .. } => true,
        }
    }

    /// True when it is known to be broken, so that nobody waits for what else comes of it.
    pub(super) fn is_known_gone(&self) -> bool {
        self.is_broken || self.hearing == Hearing::Gone
    }

    /// Queues the frame of an event, unless the session holds it back.
    pub(super) fn deliver(&mut self, frame: Frame) {
        if let Some(frame) = self.session.hold(frame) {
            self.outbox.push(frame);
        }
    }

    /// Queues what the session holds back.
    pub(super) fn release(&mut self) {
        for frame in self.session.release() {
            self.outbox.push(frame);
        }
    }

    /// Writes what waits, until nothing does or it would block; which, `has_unsent` tells.
    pub(super) fn write(&mut self) -> io::Result<()>
    where
        S: Stream,
    {
        self.outbox.write_to(&mut self.stream)?;
        match self.stream.flush() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            other => other,
        }
    }

    /// True when something is to be written as soon as that is possible.
    pub(super) fn has_unsent(&self) -> bool
    where
        S: Stream,
    {
        !self.outbox.is_empty() || self.stream.has_unsent()
    }

    /// How much memory the connection takes that has the stream `stream`, as long as it is there.
    pub(super) fn own_bytes(stream: &S) -> usize
    where
        S: Stream,
    {
        OWN_BYTES + stream.own_bytes()
    }

    /// How much memory is kept for the peer, apart from the connection itself.
    pub(super) fn kept_bytes_now(&self) -> usize
    where
        S: Stream,
    {
        let unsent = self.outbox.kept_bytes() + self.session.kept_bytes();
        unsent + self.inbox.capacity() + self.stream.kept_bytes()
    }

    /// Bytes that wait for the peer, held back or not.
    pub(super) fn unsent_bytes(&self) -> usize {
        self.outbox.queued_bytes() + self.session.held_bytes()
    }
}
