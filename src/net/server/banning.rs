//! Bans: who is hit ends at once, and what is kept of them is told to whoever keeps it.

use std::io;

use log::warn;

use super::Server;
use crate::hub::Ban;
use crate::message::{CloseReason, Now, Peer};
use crate::net::bans_file;
use crate::net::stream::Stream;
use crate::network::Network;

impl<S: Stream> Server<S> {
    /// Sets the bans of an earlier run, which are kept already.
    pub fn restore_bans(&mut self, bans: Vec<Ban>, now: Now) {
        self.hub.restore_bans(bans, now.time);
        self.kept_changes = self.hub.bans().changes();
    }

    /// What is to be kept of bans, as the text of a file, if they have changed since this was asked last.
    pub fn bans_to_keep(&mut self, now: Now) -> Option<String> {
        let (bans, kept) = (self.hub.bans(), self.kept_changes);
        self.kept_changes = bans.changes();
        (self.kept_changes != kept).then(|| bans_file::text(bans.iter(now.time)))
    }

    /// Tells operators and the log that bans could not be kept. They stand as long as the server runs, and the next change
    /// has them kept after all.
    pub fn bans_not_kept(&mut self, error: &io::Error, now: Now) {
        warn!("bans are not kept: {error}");
        let text = format!("Bans are not kept, and a restart will forget the last: {error}");
        self.hub.tell_operators(None, text, now, &mut self.out);
        self.queue(now);
    }

    /// Ends all connections from there.
    pub(super) fn close_from(&mut self, network: &Network, reason: &CloseReason, now: Now) {
        self.steps += self.connections.len();
        let is_there = |peer| matches!(peer, Peer::Tcp(ip, _) if network.contains(ip) && !ip.is_loopback());
        let there = self.connections.iter().filter(|(_, connection)| is_there(connection.peer));
        for key in there.map(|(key, _)| key).collect::<Vec<_>>() {
            self.end(key, reason.clone(), now);
        }
    }
}
