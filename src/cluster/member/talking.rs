//! Messages to other nodes and from them.

use std::mem;

use log::warn;

use super::{Member, News, Phase};
use crate::cluster::codec;
use crate::cluster::request::{Request, Stream};
use crate::message::{LogIndex, Now, Relay, Route};

impl Member {
    /// Sends a message to other nodes. `shard` is that of its room.
    pub fn relay(&mut self, relay: Relay, shard: u16) {
        let Phase::Joined(node) = &self.phase else {
            // It is sent when the node has returned.
            return self.outgoing.keep(relay, shard, self.config.buffer_bytes);
        };
        let streams: Vec<_> = match &relay.route {
            Route::Shard => vec![Stream::Shard(shard)],
            Route::Inboxes(nodes) => {
                let named = nodes.iter().filter_map(|id| self.nodes.iter().find(|node| node.id == *id));
                named.map(|node| Stream::Inbox(node.name.clone())).collect()
            }
        };
        self.outgoing.push(node, self.applied, relay, &streams, self.config.buffer_bytes);
    }

    /// Tells how many messages did not fit, when all others are sent.
    pub(super) fn tell_lost(&mut self) {
        if self.outgoing.bytes() == 0 {
            let lost = self.outgoing.take_lost();
            self.news.extend((lost > 0).then_some(News::Lost(lost)));
        }
    }

    pub(super) fn message_read(&mut self, stream: Stream, bytes: &[u8], now: Now) {
        match codec::decode_message(bytes) {
            Ok(message) => {
                if !self.own_epochs.contains(&message.epoch) {
                    self.incoming.take(stream, message, bytes.len(), self.config.buffer_bytes, now.instant);
                    self.deliver_held();
                }
            }
            Err(error) => warn!("a message of another node cannot be read: {error}"),
        }
    }

    /// Delivers messages whose log entry is applied, unless own users are about to come back.
    pub(super) fn deliver_held(&mut self) {
        if let Phase::Joined(own) = &self.phase {
            let is_up = |epoch| self.nodes.iter().any(|node| node.epoch == epoch);
            let is_over = |epoch| epoch < own.epoch && !is_up(epoch);
            let ready = self.incoming.ready(self.applied, is_over);
            self.news.extend(ready.into_iter().map(|message| News::Relayed(Box::new(message))));
        }
    }

    /// Sets the shards that are read: those of rooms with members here, ascending.
    pub fn read_shards(&mut self, shards: &[u16]) {
        let looked = mem::replace(&mut self.looked, self.applied);
        if self.shards != shards {
            self.shards = shards.to_vec();
            self.incoming.subscribe(self.streams(), looked);
            if self.is_joined() && self.reaches_broker() {
                self.read();
            }
        }
    }

    pub(super) fn streams(&self) -> Vec<Stream> {
        let inbox = Stream::Inbox(self.config.name.clone());
        self.shards.iter().map(|&shard| Stream::Shard(shard)).chain([inbox]).collect()
    }

    pub(super) fn read(&mut self) {
        // An own entry is read again unless the broker is known to have it: there may be another in its place.
        let after = self.lock.pending().map_or(self.applied, LogIndex::preceding);
        self.requests.push_back(Request::Read { after, streams: self.streams() });
    }
}
