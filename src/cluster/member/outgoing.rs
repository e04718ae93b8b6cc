//! Messages to other nodes: they wait until the broker has them.

use std::collections::VecDeque;
use std::mem;

use super::{MESSAGE_BYTES, Member};
use crate::cluster::codec;
use crate::cluster::request::{Request, Stream};
use crate::message::{Event, LogIndex, Node, Relay, Relayed};

/// Most messages under way at the same time.
const AT_ONCE: usize = 256;

/// Most bytes under way at the same time, besides those of the first message.
const BYTES_AT_ONCE: usize = 1024 * 1024;

/// A message for a stream.
#[derive(Debug)]
struct Letter {
    stream: Stream,
    message: Relayed,
}

/// Messages that the broker does not have yet, or may not have.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// Said while the node was not a member, oldest first.
    kept: VecDeque<(Relay, u16)>,
    waiting: VecDeque<Letter>,
    under_way: VecDeque<Letter>,
    /// The bytes of the messages under way.
    under_way_bytes: usize,
    /// The last number given to a message.
    number: u64,
    bytes: usize,
    lost: u64,
    /// Nothing is sent until it is known what the broker has.
    is_held: bool,
}

fn message_bytes(event: &Event) -> usize {
    MESSAGE_BYTES + event.kind.written_bytes()
}

impl Letter {
    fn bytes(&self) -> usize {
        message_bytes(&self.message.event)
    }
}

impl Outgoing {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes the number of messages that did not fit.
    pub(super) fn take_lost(&mut self) -> u64 {
        mem::take(&mut self.lost)
    }

    /// Keeps a message until the node is a member.
    pub(super) fn keep(&mut self, relay: Relay, shard: u16, most_bytes: usize) {
        let more = message_bytes(&relay.event);
        if self.has_room(more, most_bytes) {
            self.bytes += more;
            self.kept.push_back((relay, shard));
        }
    }

    fn has_room(&mut self, more: usize, most_bytes: usize) -> bool {
        let fits = self.bytes + more <= most_bytes;
        self.lost += u64::from(!fits);
        fits
    }

    /// Queues a message of `node` for each of `streams`.
    pub(super) fn push(
        &mut self,
        node: &Node,
        after: LogIndex,
        relay: Relay,
        streams: &[Stream],
        most_bytes: usize,
    ) {
        let Relay { event, from, to, .. } = relay;
        let mut relayed = Relayed { node: node.id, epoch: node.epoch, number: 0, after, event, from, to };
        for stream in streams {
            self.number += 1;
            relayed.number = self.number;
            let letter = Letter { stream: stream.clone(), message: relayed.clone() };
            if self.has_room(letter.bytes(), most_bytes) {
                self.bytes += letter.bytes();
                self.waiting.push_back(letter);
            }
        }
    }

    /// The next message for the broker.
    pub(super) fn next(&mut self) -> Option<Request> {
        let next = self.waiting.front()?;
        let more = self.under_way_bytes + next.bytes();
        let is_full = self.under_way.len() >= AT_ONCE || more > BYTES_AT_ONCE && !self.under_way.is_empty();
        if self.is_held || is_full {
            return None;
        }
        let letter = self.waiting.pop_front()?;
        let Letter { stream, message } = &letter;
        let (stream, number) = (stream.clone(), message.number);
        let request = Request::Send { stream, number, message: codec::encode_message(message) };
        self.under_way_bytes = more;
        self.under_way.push_back(letter);
        Some(request)
    }

    /// The broker has the message with this number.
    pub(super) fn sent(&mut self, number: u64) {
        if let Some(letter) = self.under_way.pop_front_if(|letter| letter.message.number == number) {
            self.under_way_bytes -= letter.bytes();
            self.bytes -= letter.bytes();
        }
    }

    /// What is under way may not have arrived: it is sent again, and whoever has it drops it.
    pub(super) fn link_lost(&mut self) {
        while let Some(letter) = self.under_way.pop_back() {
            self.waiting.push_front(letter);
        }
        (self.under_way_bytes, self.is_held) = (0, true);
    }

    /// What waits refers to a log that is lost: it waits for nothing of the new one.
    pub(super) fn log_changed(&mut self) {
        self.waiting.iter_mut().for_each(|letter| letter.message.after = LogIndex::default());
    }

    pub(super) fn link_back(&mut self) {
        self.is_held = false;
    }
}

impl Member {
    /// Sends what was said while the node was not a member.
    pub(super) fn send_kept(&mut self) {
        self.outgoing.link_back();
        for (relay, shard) in mem::take(&mut self.outgoing.kept) {
            self.outgoing.bytes -= message_bytes(&relay.event);
            self.relay(relay, shard);
        }
    }
}
