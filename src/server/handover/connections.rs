//! A connection without its stream.

use std::time::Instant;

use crate::bucket::Bucket;
use crate::cbor::{Bytes, FromCbor, Invalid, Reader, ToCbor, Writer, read_fields, write_fields};
use crate::message::{Dialect, Frame, Peer};
use crate::server::connection::{Connection, Inlet, Life};
use crate::server::deadlines::Deadlines;
use crate::server::inbox::Inbox;
use crate::server::outbox::{Link, Outbox};
use crate::server::quiet::Quiet;
use crate::server::stream::Stream;
use crate::session::Session;

/// Keys of connections are less than this, as many descriptors as a process may have: space is needed for all smaller
/// ones.
const MOST_KEYS: u32 = 1 << 20;

/// A connection and its key, to be written.
pub(super) struct Handed<'a, S>(pub(super) u32, pub(super) &'a Connection<S>, pub(super) &'a Deadlines);

/// A connection that was read.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) key: u32,
    pub(super) peer: Peer,
    pub(super) session: Session,
    inbox: Bytes,
    pub(super) inlet: Inlet,
    bucket: Bucket,
    outbox: Outbox,
    dialect: Dialect,
    life: TakenLife,
    came_s: u32,
    received_bytes: u64,
    sent_bytes: u64,
    pub(super) is_admitted: bool,
}

/// How far closing has come.
#[derive(Debug)]
enum TakenLife {
    Open(Option<Box<Quiet>>),
    Flushing { peer_finished: bool, until: Instant },
    Lingering { until: Instant },
}

impl<S> Handed<'_, S> {
    /// True for what another process can go on with, between turns.
    pub(super) fn is_whole(life: &Life) -> bool {
        match life {
            Life::Open(_) | Life::Flushing { .. } | Life::Lingering { .. } => true,
            Life::Doomed(_) | Life::Leaving { .. } | Life::Closed => false,
        }
    }
}

impl<S: Stream> ToCbor for Handed<'_, S> {
    fn write(&self, out: &mut Writer) {
        let Self(key, connection, deadlines) = self;
        let Connection { peer, session, inbox, inlet, bucket, outbox, dialect, .. } = connection;
        let Connection { life, came_s, received_bytes, sent_bytes, is_admitted, .. } = connection;
        let inbox = &Bytes(inbox.bytes().to_vec());
        let (frames, head_sent) = &outbox.frames();
        let Outbox { is_mid_line, link, .. } = outbox;
        let quiet = connection.quiet();
        let quiet = &quiet.map(|quiet| (quiet.until, quiet.held().iter().collect::<Vec<_>>()));
        let (flushed_by, lingers_by, is_finished) = &match life {
            Life::Flushing { peer_finished, until } => (Some(deadlines.time(*until)), None, *peer_finished),
            Life::Lingering { until } => (None, Some(deadlines.time(*until)), false),
            Life::Open(_) | Life::Doomed(_) | Life::Leaving { .. } | Life::Closed => (None, None, false),
        };
        write_fields!(
            out;
            0: key,
            1: peer,
            2: session,
            3: inbox,
            4: inlet,
            5: bucket,
            6: frames,
            7: head_sent,
            8: dialect,
            9: is_mid_line,
            10: quiet,
            11: flushed_by,
            12: lingers_by,
            13: is_finished,
            14: link,
            15: came_s,
            16: received_bytes,
            17: sent_bytes,
            18: is_admitted,
        );
    }
}

impl FromCbor for Taken {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(
            input;
            0: key,
            1: peer,
            2: session,
            3: inbox,
            4: inlet,
            5: bucket,
            6: frames,
            7: head_sent,
            8: dialect,
            9: is_mid_line,
            10: quiet,
            11: flushed_by,
            12: lingers_by,
            13: is_finished,
            14: link,
            15: came_s,
            16: received_bytes,
            17: sent_bytes,
            18: is_admitted,
        );
        let (key, frames, session): (u32, Vec<Frame>, Session) = (key, frames, session);
        if key >= MOST_KEYS || session.connection().0 != key {
            return Err(input.invalid(format_args!("the connection {key} is another, or too many")));
        }
        let quiet: Option<(Option<Instant>, Vec<Frame>)> = quiet;
        let bytes = frames.iter().chain(quiet.iter().flat_map(|(_, held)| held)).map(Frame::kept_bytes);
        let is_large = u32::try_from(bytes.sum::<usize>()).is_err();
        let outbox = Outbox::with(frames, head_sent).filter(|_| !is_large);
        let mut outbox =
            outbox.ok_or_else(|| input.invalid(format_args!("the outbox of {key} is impossible")))?;
        (outbox.is_mid_line, outbox.link) = (is_mid_line, link);
        let life = match (flushed_by, lingers_by) {
            (Some(until), _) => TakenLife::Flushing { peer_finished: is_finished, until },
            (None, Some(until)) => TakenLife::Lingering { until },
            (None, None) => TakenLife::Open(quiet.map(|(until, held)| {
                let mut quiet = Box::new(Quiet::new(until));
                held.into_iter().for_each(|frame| quiet.hold(frame));
                quiet
            })),
        };
        Ok(Self {
            key,
            peer,
            session,
            inbox,
            inlet,
            bucket,
            outbox,
            dialect,
            life,
            came_s,
            received_bytes,
            sent_bytes,
            is_admitted,
        })
    }
}

impl Taken {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.life, TakenLife::Open(_))
    }

    /// The connection with its stream, at `seconds` after the start of the server.
    pub(super) fn with<S: Stream>(self, stream: S, deadlines: &Deadlines, seconds: u32) -> Connection<S> {
        let mut inbox = Inbox::default();
        inbox.set(self.inbox.0);
        Connection {
            stream,
            peer: self.peer,
            session: self.session,
            inbox,
            inlet: self.inlet,
            bucket: self.bucket,
            outbox: self.outbox,
            dialect: self.dialect,
            kept_bytes: 0,
            life: match self.life {
                TakenLife::Open(quiet) => Life::Open(quiet),
                TakenLife::Flushing { peer_finished, until } => {
                    Life::Flushing { peer_finished, until: deadlines.due(until) }
                }
                TakenLife::Lingering { until } => Life::Lingering { until: deadlines.due(until) },
            },
            deadline: None,
            is_unread: false,
            came_s: self.came_s.min(seconds),
            received_bytes: self.received_bytes,
            sent_bytes: self.sent_bytes,
            is_admitted: self.is_admitted,
        }
    }
}

impl ToCbor for Inlet {
    fn write(&self, out: &mut Writer) {
        out.number(match self {
            Self::Open => 0,
            Self::More { first: true } => 1,
            Self::More { first: false } => 2,
            Self::Backlog => 3,
            #[cfg(feature = "cluster")]
            Self::Locked => 3,
            Self::Paused => 4,
            Self::Held => 5,
            Self::Waiting { peer_finished: false } => 6,
            Self::Waiting { peer_finished: true } => 7,
        });
    }
}

impl FromCbor for Inlet {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        match input.number()? {
            0 => Ok(Self::Open),
            1 => Ok(Self::More { first: true }),
            2 => Ok(Self::More { first: false }),
            3 => Ok(Self::Backlog),
            4 => Ok(Self::Paused),
            5 => Ok(Self::Held),
            6 => Ok(Self::Waiting { peer_finished: false }),
            7 => Ok(Self::Waiting { peer_finished: true }),
            number => Err(input.unknown("inlet", number)),
        }
    }
}

crate::cbor::numbered!(Link, "link" { 0 => Sound, 1 => HungUp, 2 => Mute });

impl ToCbor for Frame {
    fn write(&self, out: &mut Writer) {
        out.bytes(self);
    }
}

impl FromCbor for Frame {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        input.bytes().map(Into::into)
    }
}
