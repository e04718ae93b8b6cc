//! How much is kept for all connections together, and who has to go when that is too much.

use super::Server;
use crate::net::connection::{Connection, Hearing, Life};
use crate::net::stream::Stream;

impl<S: Stream> Server<S> {
    /// Counts what is kept for the connection `key` again, because it may have changed.
    pub(super) fn recount(&mut self, key: usize) {
        let connection = &mut self.connections[key];
        let before = connection.kept_bytes;
        let now = connection.unsent_bytes() + connection.inbox.len();
        connection.kept_bytes = u32::try_from(now).unwrap_or(u32::MAX);
        self.kept_bytes = self.kept_bytes - before as usize + connection.kept_bytes as usize;
    }

    /// Where too much is kept, forgets what is kept for those for whom it is most, and has them closed: until a quarter
    /// is free again, so that not all of them are looked at for each byte.
    pub(super) fn shed(&mut self) {
        let most = self.house.limits.memory_bytes;
        if self.kept_bytes <= most {
            return;
        }
        let mut fullest: Vec<_> = self.connections.iter().map(|(key, c)| (c.kept_bytes, key)).collect();
        fullest.sort_unstable_by(|a, b| b.cmp(a));
        for (_, key) in fullest {
            if self.kept_bytes <= most / 4 * 3 {
                return;
            }
            self.forget_kept(key);
        }
    }

    fn forget_kept(&mut self, key: usize) {
        self.connections[key].release();
        let Connection { life, hearing, outbox, inbox, .. } = &mut self.connections[key];
        match life {
            Life::Open => {
                outbox.forget_unstarted();
                *inbox = Vec::new();
                if *hearing == Hearing::Fine {
                    *hearing = Hearing::Shed;
                    self.overfull.push(key);
                }
            }
            Life::Flushing { .. } | Life::Lingering => self.mark_closed(key),
            Life::Closed => {}
        }
        self.recount(key);
    }
}
