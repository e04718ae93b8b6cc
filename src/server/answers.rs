//! Handles what a stream does besides passing bytes on. Frames that a stream itself has for its peer, such as answers to pings, take
//! their place in the outbox, because they must not cut another frame in two.

use std::time::Duration;

use super::Server;
use super::connection::Inlet;
use super::stream::Stream;
use crate::message::Now;

/// How long a peer that asks over HTTP may take for its next request, or for the rest of one. A browser fetches
/// all files of the page without a pause.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

impl<S: Stream> Server<S> {
    /// Notes that a peer asks over HTTP, and has to go on in time.
    pub(super) fn heed_requests(&mut self, key: usize, now: Now) {
        let connection = &mut self.connections[key];
        let until = connection.stream.is_asking().then(|| now.instant + REQUEST_TIMEOUT);
        connection.session.asks_until(until);
    }

    /// Queues what the stream of the connection `key` answers to what was just read. All of it counts as one message
    /// against the rate limit.
    pub(super) fn take_answers(&mut self, key: usize, now: Now) {
        let answers = self.connections[key].stream.take_answers();
        if answers.is_empty() {
            return;
        }
        let flood = self.flood_limit(key);
        let connection = &mut self.connections[key];
        if let Some(flood) = flood {
            connection.bucket.take(flood, 1, now.instant);
            if connection.bucket.ready_at(flood) > now.instant && connection.inlet == Inlet::Open {
                connection.inlet = Inlet::Paused;
                self.counts.pauses += 1;
            }
        }
        if connection.is_hearing() {
            connection.outbox.push_bytes(&answers);
            self.queued(key, now);
        }
    }

    /// Reads on from a peer whose stream has ended the conversation. The system may have reported further input, or the
    /// end, together with what was just read.
    pub(super) fn read_the_rest(&mut self, key: usize) {
        let connection = &mut self.connections[key];
        if connection.is_open() && connection.inlet == Inlet::Open {
            connection.inlet = Inlet::More { first: true };
        }
    }
}
