//! Memory limits over all connections, and whom to close when they are exceeded.

use super::Server;
use crate::message::{CloseReason, Now};
use crate::server::Stream;
use crate::server::connection::{Connection, Life};
use crate::server::outbox::Link;

/// Bytes of connections, rooms and watch lists that do not count: even a small server needs as much.
const FREE_BYTES: usize = 1024 * 1024;

/// Least memory for connections, in bytes, even if the limit is lower.
const LEAST_OF_CONNECTIONS: usize = 512 * 1024;

impl<S: Stream> Server<S> {
    /// Most bytes for all connections, without unsent and unparsed bytes. Rooms may take a quarter of the memory, so an
    /// eighth remains for those.
    fn most_own_bytes(&self) -> usize {
        (self.house.config.limits.memory_bytes / 8 * 5).max(LEAST_OF_CONNECTIONS)
    }

    /// Why a newcomer with this stream is refused, if connections have used up their memory.
    pub(super) fn lacks_memory_for(&self, stream: &S) -> Option<CloseReason> {
        let most = self.most_own_bytes();
        let lacks = self.own_bytes + Connection::own_bytes(stream) > most;
        lacks.then_some(CloseReason::NoMemory(most))
    }

    /// Most unsent and unparsed bytes: what connections, rooms, watch lists and the queues to the store
    /// and to other nodes leave.
    pub(super) fn most_kept_bytes(&self) -> usize {
        let most = self.house.config.limits.memory_bytes;
        let queued_bytes = self.history.queued_bytes() + self.nodes.queued_bytes();
        let taken = self.own_bytes + self.hub.kept_bytes() + queued_bytes;
        let taken = taken.saturating_sub(FREE_BYTES);
        // After a reload, a lower limit may already be exceeded.
        most.saturating_sub(taken).max(most / 8)
    }

    /// When too much is kept, discards the buffers of the connections with the most bytes, and closes them, until a
    /// quarter is free: so the search does not run for each further byte.
    pub(super) fn shed(&mut self, now: Now) {
        let most = self.most_kept_bytes();
        if self.kept_bytes <= most {
            return;
        }
        // A peer that reads must not suffer because many were sent much in one turn: write what can be written now.
        self.flush_all(now);
        if self.kept_bytes <= most {
            return;
        }
        let mut fullest: Vec<_> = self.connections.iter().map(|(key, c)| (c.kept_bytes, key)).collect();
        fullest.sort_unstable_by(|a, b| b.cmp(a));
        let enough = most / 4 * 3;
        for forget in [Self::forget_kept, Self::forget_begun] {
            for &(kept_bytes, key) in &fullest {
                if self.kept_bytes <= enough || kept_bytes == 0 {
                    break;
                }
                forget(self, key);
            }
        }
    }

    /// Discards the rest of a partly written line, too. The peer can then not be told why it is closed.
    fn forget_begun(&mut self, key: usize) {
        let connection = &mut self.connections[key];
        if connection.has_unsent() {
            connection.outbox.clear();
            connection.stream.forget_unsent();
            connection.outbox.link = Link::Mute;
        }
        self.settle(key);
    }

    fn forget_kept(&mut self, key: usize) {
        let connection = &mut self.connections[key];
        connection.end_quiet();
        match connection.life {
            Life::Open(_) | Life::Doomed(_) => {
                connection.session.stop_work();
                connection.outbox.forget_unstarted();
                connection.inbox.clear();
                connection.stream.forget_unread();
                let most = self.house.config.limits.memory_bytes;
                self.doom(key, CloseReason::MemoryFull(most));
            }
            Life::Leaving { .. } | Life::Flushing { .. } | Life::Lingering { .. } => self.mark_closed(key),
            Life::Closed => {}
        }
        self.settle(key);
    }
}
