//! One entry of the slab: a socket, its two buffers, its session, and how far closing it has come.

use std::io::{self, ErrorKind};

use super::deadlines::{Deadlines, Due};
use super::inbox::Inbox;
use super::outbox::{Link, Outbox};
use super::quiet::Quiet;
use super::stream::Stream;
use crate::bucket::Bucket;
use crate::config::Flood;
use crate::message::{CloseReason, Dialect, Frame, Peer, UserId};
use crate::session::Session;
#[cfg(feature = "web")]
use crate::wire::websocket;

/// Memory of a connection with a plain stream: its slab entry, session, user with the longest names, first room and
/// index entries, including the spare capacity of lists.
const OWN_BYTES: usize = 1_280;

#[derive(Debug)]
pub(super) struct Connection<S> {
    pub(super) stream: S,
    pub(super) peer: Peer,
    pub(super) session: Session,
    pub(super) inbox: Inbox,
    pub(super) inlet: Inlet,
    /// How many messages the peer may send before it has to wait.
    pub(super) bucket: Bucket,
    pub(super) outbox: Outbox,
    /// How events are encoded for the peer.
    pub(super) dialect: Dialect,
    pub(super) kept_bytes: u32,
    pub(super) life: Life,
    /// The connection's entry in `Deadlines`.
    pub(super) deadline: Option<Due>,
    /// `Server::unread` or `unread_behind` contains the connection.
    pub(super) is_unread: bool,
    /// Time of arrival, in seconds since the server started.
    pub(super) came_s: u32,
    pub(super) received_bytes: u64,
    /// Bytes that the system accepted for the peer.
    pub(super) sent_bytes: u64,
    /// `Admission` counts it. Otherwise it exists only to tell the peer why it is refused.
    pub(super) is_admitted: bool,
}

/// Whether the server reads from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inlet {
    /// Read when the system reports readiness.
    Open,
    /// Read in the next turn, because this turn's budget is spent. `first`: before those that were read in this turn.
    More { first: bool },
    /// Handling the inbox's whole frames exceeded the budget of this turn. Read nothing until they are handled.
    Backlog,
    /// The peer exceeded its rate. The inbox and the system's buffers keep its input until the bucket has a token.
    Paused,
    /// The peer speaks faster than the store can record. The inbox and the system's buffers keep its input until the
    /// store has caught up.
    Held,
    /// The next frame, or the rest of a command, changes what nodes share, and this node does not have the lock. The inbox
    /// and the system's buffers keep the input until it has.
    #[cfg(feature = "cluster")]
    Locked,
    /// The session is on an errand. The inbox and the system's buffers keep the input until the session has its answer.
    /// `peer_finished`: the peer will send nothing more.
    Waiting { peer_finished: bool },
}

/// How far closing a connection has come.
#[derive(Debug)]
pub(super) enum Life {
    /// Not begun. During the quiet time, events are held back.
    Open(Option<Box<Quiet>>),
    /// Closes in this turn or a later one, for this reason. Until then the peer gets nothing, and its input is ignored.
    Doomed(Box<CloseReason>),
    /// The session has ended, and the user has left the hub or is about to. Only the last bytes remain to be queued.
    Leaving { peer_finished: bool },
    /// All bytes are queued; they are written until this time.
    Flushing { peer_finished: bool, until: Due },
    /// Our half is shut down. Read until the peer closes too, or until this time: closing a socket with unread input
    /// resets it and loses the last bytes.
    Lingering { until: Due },
    /// Removed from the slab at the end of the turn.
    Closed,
}

#[derive(Debug)]
pub(super) struct Needs {
    pub(super) read: Option<ReadNext>,
    /// Flush it at the end of the turn.
    pub(super) flush: bool,
    pub(super) wake: Option<Due>,
    /// Memory besides the connection itself, in bytes.
    pub(super) memory: usize,
}

/// The order in which the next turn reads connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadNext {
    First,
    Behind,
}

impl<S: Stream> Connection<S> {
    /// Derives what the connection needs from its state; `flood` is the rate limit of its peer.
    pub(super) fn needs(&self, flood: Option<Flood>, deadlines: &Deadlines) -> Needs {
        let read = match self.inlet {
            Inlet::Backlog | Inlet::More { first: true } => Some(ReadNext::First),
            Inlet::More { first: false } => Some(ReadNext::Behind),
            // Read at once: nobody waits for the result.
            Inlet::Paused | Inlet::Held | Inlet::Waiting { .. } if self.is_known_gone() => {
                Some(ReadNext::First)
            }
            #[cfg(feature = "cluster")]
            Inlet::Locked => self.is_known_gone().then_some(ReadNext::First),
            Inlet::Open | Inlet::Paused | Inlet::Held | Inlet::Waiting { .. } => None,
        };
        let resumed = match (self.inlet, flood) {
            (Inlet::Paused, Some(flood)) => Some(self.bucket.ready_at(flood)),
            _ => None,
        };
        let (is_flushed, wake) = match &self.life {
            Life::Open(quiet) => {
                let quiet = quiet.as_ref().and_then(|quiet| quiet.until);
                let session = self.session.deadline().filter(|_| !self.is_excused());
                let next = session.into_iter().chain(quiet).chain(resumed).min();
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

    /// Writes until nothing is unsent, the stream would block, or it has a rest for the next turn. True if it would
    /// block.
    pub(super) fn write(&mut self) -> io::Result<bool> {
        self.outbox.write_to(&mut self.stream)?;
        match self.stream.flush() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(true),
            other => other.map(|()| !self.outbox.is_empty()),
        }
    }

    pub(super) fn has_unsent(&self) -> bool {
        !self.outbox.is_empty() || self.stream.has_unsent()
    }

    /// Memory kept for the peer, without the connection itself.
    pub(super) fn kept_bytes_now(&self) -> usize {
        let held = self.quiet().map_or(0, Quiet::kept_bytes);
        let unsent = self.outbox.kept_bytes() + held + self.session.kept_bytes();
        unsent + self.inbox.capacity() + self.stream.kept_bytes()
    }

    /// Queues bytes for this connection only, even during the quiet time.
    pub(super) fn send_bytes(&mut self, bytes: &[u8]) {
        #[cfg(feature = "web")]
        if let Some(framing) = self.stream.framing() {
            let mut framed = Vec::new();
            websocket::frame_lines(framing, bytes, &mut framed);
            return self.outbox.push_bytes(&framed);
        }
        self.note_end(bytes);
        self.outbox.push_bytes(bytes);
    }

    /// Encodes further events in this dialect, in frames if the stream has them.
    pub(super) fn hear(&mut self, dialect: Dialect) {
        #[cfg(feature = "web")]
        let dialect = self.stream.framing().map_or(dialect, |framing| dialect.framed(framing));
        self.dialect = dialect;
    }

    /// Memory of a connection with this stream, constant for its lifetime.
    pub(super) fn own_bytes(stream: &S) -> usize {
        OWN_BYTES + stream.own_bytes()
    }
}

impl<S> Connection<S> {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.life, Life::Open(_))
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet().is_some()
    }

    pub(super) fn quiet(&self) -> Option<&Quiet> {
        match &self.life {
            Life::Open(quiet) => quiet.as_deref(),
            Life::Doomed(_)
            | Life::Leaving { .. }
            | Life::Flushing { .. }
            | Life::Lingering { .. }
            | Life::Closed => None,
        }
    }

    /// True when events can still reach the peer. A peer that is about to leave has had its last bytes.
    pub(super) fn is_hearing(&self) -> bool {
        self.is_open() && self.outbox.link != Link::Mute
    }

    /// True while bytes for this connection only can still reach the peer: until its last bytes are queued.
    pub(super) fn may_be_told(&self) -> bool {
        self.outbox.link != Link::Mute && matches!(self.life, Life::Open(_) | Life::Leaving { .. })
    }

    /// True when the server reads nothing from the peer until another event has happened.
    pub(super) fn is_kept_waiting(&self) -> bool {
        match self.inlet {
            Inlet::Open | Inlet::More { .. } | Inlet::Backlog => false,
            #[cfg(feature = "cluster")]
            Inlet::Locked => true,
            Inlet::Paused | Inlet::Held | Inlet::Waiting { .. } => true,
        }
    }

    /// True while a user need not answer a `PING`, because the server reads nothing from it.
    fn is_excused(&self) -> bool {
        match self.inlet {
            Inlet::Open | Inlet::More { .. } | Inlet::Backlog | Inlet::Paused => false,
            #[cfg(feature = "cluster")]
            Inlet::Locked => self.session.user() != UserId::NOBODY,
            Inlet::Held | Inlet::Waiting { .. } => self.session.user() != UserId::NOBODY,
        }
    }

    pub(super) fn is_known_gone(&self) -> bool {
        self.outbox.link != Link::Sound
    }

    /// Queues the frame of an event, or holds it back during the quiet time.
    pub(super) fn deliver(&mut self, frame: Frame) {
        match &mut self.life {
            Life::Open(Some(quiet)) => quiet.hold(frame),
            _ => self.send(frame),
        }
    }

    /// Ends the quiet time and queues what was held back.
    pub(super) fn end_quiet(&mut self) {
        if let Life::Open(quiet) = &mut self.life {
            let held = quiet.take().map(|quiet| quiet.into_held());
            held.into_iter().flatten().for_each(|frame| self.send(frame));
        }
    }

    /// Forgets what is held back from a device that was not told yet what it missed. It is told when it comes back.
    #[cfg(feature = "store")]
    pub(super) fn forget_held(&mut self) {
        if let Life::Open(quiet) = &mut self.life
            && quiet.as_ref().is_some_and(|quiet| quiet.until.is_none())
        {
            *quiet = None;
        }
    }

    /// Queues what is held back without a limit in time if it is more than `most` bytes.
    #[cfg(feature = "store")]
    pub(super) fn limit_held(&mut self, most: usize) {
        if self.quiet().is_some_and(|quiet| quiet.until.is_none() && quiet.held_bytes() > most) {
            self.end_quiet();
        }
    }

    fn send(&mut self, frame: Frame) {
        self.note_end(&frame);
        self.outbox.push(frame);
    }

    fn note_end(&mut self, bytes: &[u8]) {
        self.outbox.is_mid_line = bytes.last().map_or(self.outbox.is_mid_line, |&last| last != b'\n');
    }

    /// Queued and held-back bytes.
    pub(super) fn unsent_bytes(&self) -> usize {
        self.outbox.queued_bytes() + self.quiet().map_or(0, Quiet::held_bytes)
    }
}
