//! How much is kept for all connections together, and who has to go when that is too much.

use super::Server;
use crate::message::{CloseReason, Now};
use crate::server::Stream;
use crate::server::connection::{Connection, Life, Link};

/// So many bytes of connections, rooms and watch lists count for nothing: a small server needs as much.
const FREE_BYTES: usize = 1024 * 1024;

/// What connections may take at least, in bytes, however little memory there is.
const LEAST_OF_CONNECTIONS: usize = 512 * 1024;

impl<S: Stream> Server<S> {
    /// How many bytes all connections may take, besides what waits to be sent and to be understood. With the quarter
    /// that rooms may take, an eighth of the memory is left for that.
    fn most_own_bytes(&self) -> usize {
        (self.house.config.limits.memory_bytes / 8 * 5).max(LEAST_OF_CONNECTIONS)
    }

    /// Why a newcomer with this stream cannot come in, if connections take as much as they may.
    pub(super) fn lacks_memory_for(&self, stream: &S) -> Option<CloseReason> {
        let most = self.most_own_bytes();
        let lacks = self.own_bytes + Connection::own_bytes(stream) > most;
        lacks.then_some(CloseReason::NoMemory(most))
    }

    /// How many bytes may wait to be sent and to be understood: what connections, rooms and watch lists leave.
    pub(super) fn most_kept_bytes(&self) -> usize {
        let most = self.house.config.limits.memory_bytes;
        let taken = (self.own_bytes + self.hub.kept_bytes()).saturating_sub(FREE_BYTES);
        // Less memory than before may be taken whole already.
        most.saturating_sub(taken).max(most / 8)
    }

    /// Where too much is kept, forgets what is kept for those for whom it is most, and has them closed: until a quarter
    /// is free again, so that not all of them are looked at for each byte.
    pub(super) fn shed(&mut self, now: Now) {
        let most = self.most_kept_bytes();
        if self.kept_bytes <= most {
            return;
        }
        // Those who read must not suffer because many were told a lot in one turn: what can be written now, is.
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

    /// Forgets also the rest of a line that was begun. Behind that the peer cannot be told why it is closed.
    fn forget_begun(&mut self, key: usize) {
        let connection = &mut self.connections[key];
        if connection.has_unsent() {
            connection.outbox.clear();
            connection.stream.forget_unsent();
            connection.link = Link::Mute;
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
