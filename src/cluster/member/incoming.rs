//! Messages of other nodes: each is delivered once, and not before the log entries that its node knew.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use log::warn;

use super::MESSAGE_BYTES;
use crate::cluster::request::Stream;
use crate::message::{Epoch, LogIndex, Relayed};

/// How long a message waits for a log entry, which its node has perhaps never appended.
const PATIENCE: Duration = Duration::from_secs(120);

/// Most lives of nodes whose messages are told apart, in all streams. The earliest is forgotten.
const MOST_SENDERS: usize = 4_096;

#[derive(Debug)]
struct Held {
    until: Instant,
    message: Relayed,
    bytes: usize,
}

/// Messages that were read.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// Those that wait, in the order in which they were read.
    held: VecDeque<Held>,
    bytes: usize,
    /// The last number of each life of a node in each stream.
    last: HashMap<(Stream, Epoch), u64>,
    /// The last log entry before there was anybody here for a stream. What was said before is not for them.
    since: HashMap<Stream, LogIndex>,
}

impl Incoming {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.held.front().map(|held| held.until)
    }

    /// Drops messages that have waited for too long.
    pub(super) fn expire(&mut self, now: Instant) {
        let mut dropped = 0;
        while let Some(held) = self.held.pop_front_if(|held| held.until <= now) {
            self.bytes -= held.bytes;
            dropped += 1;
        }
        if dropped > 0 {
            warn!("messages of other nodes dropped, because what they refer to is not known: {dropped}");
        }
    }

    /// Sets the streams that are read.
    pub(super) fn subscribe(&mut self, streams: Vec<Stream>, applied: LogIndex) {
        self.since.retain(|stream, _| streams.contains(stream));
        for stream in streams {
            self.since.entry(stream).or_insert(applied);
        }
    }

    /// Everything that refers to the old log is void.
    pub(super) fn log_changed(&mut self) {
        self.held.clear();
        self.bytes = 0;
        self.since.values_mut().for_each(|since| *since = LogIndex::default());
    }

    /// Takes a message of `bytes` bytes, unless it was taken before or is for nobody here.
    pub(super) fn take(
        &mut self,
        stream: Stream,
        message: Relayed,
        bytes: usize,
        most_bytes: usize,
        now: Instant,
    ) {
        let is_early = match stream {
            Stream::Shard(_) => self.since.get(&stream).is_none_or(|&since| message.after < since),
            Stream::Inbox(_) => false,
        };
        if is_early || !self.is_new(stream, &message) {
            return;
        }
        let bytes = MESSAGE_BYTES + bytes;
        if self.bytes + bytes > most_bytes {
            warn!("a message of another node dropped: {most_bytes} bytes wait already");
            return;
        }
        self.bytes += bytes;
        self.held.push_back(Held { until: now + PATIENCE, message, bytes });
    }

    fn is_new(&mut self, stream: Stream, message: &Relayed) -> bool {
        if self.last.len() >= MOST_SENDERS {
            let earliest = self.last.keys().map(|(_, epoch)| *epoch).min();
            self.last.retain(|(_, epoch), _| Some(*epoch) != earliest);
        }
        let last = self.last.entry((stream, message.epoch)).or_default();
        let is_new = message.number > *last;
        *last = message.number.max(*last);
        is_new
    }

    /// Takes the messages that need no later entry than this one. Those of a life that `is_over` need none: what they
    /// refer to may be an entry of a lost log.
    pub(super) fn ready(&mut self, applied: LogIndex, is_over: impl Fn(Epoch) -> bool) -> Vec<Relayed> {
        let is_ready = |held: &Held| held.message.after <= applied || is_over(held.message.epoch);
        if !self.held.iter().any(is_ready) {
            return Vec::new();
        }
        let (ready, held): (Vec<_>, Vec<_>) = std::mem::take(&mut self.held).into_iter().partition(is_ready);
        self.held = held.into();
        self.bytes -= ready.iter().map(|held| held.bytes).sum::<usize>();
        ready.into_iter().map(|held| held.message).collect()
    }
}
