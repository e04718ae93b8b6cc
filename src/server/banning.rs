//! Bans: who is hit ends at once, and what is kept of them is told to whoever keeps it.

use std::io;

use log::warn;

use super::Server;
use crate::hub::Ban;
use crate::message::{CloseReason, Now, Peer};
use crate::network::Network;
use crate::server::Stream;
use crate::server::bans_file;
use crate::server::connection::{Connection, Life};

/// Most connections that a ban ends in a turn.
const ENDS_AT_ONCE: usize = 128;

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
        self.dismiss(now);
        self.hub.tell_operators(None, text, now, &mut self.out);
        self.pump(now);
    }

    /// Has all connections from there ended, from the end of this turn on.
    pub(super) fn close_from(&mut self, network: Network, reason: CloseReason) {
        self.steps += self.connections.len();
        for (_, connection) in &mut self.connections {
            if is_hit(&network, connection.peer) && connection.is_open() {
                connection.end_quiet();
                connection.life = Life::Doomed(Box::new(reason.clone()));
            }
        }
        self.banned.push((network, reason, 0));
    }

    /// Ends some of the connections that are banned, the others in the next turns: all who stay are told of each.
    pub(super) fn close_more(&mut self) {
        let Some((network, reason, first)) = self.banned.pop() else { return };
        let is_meant = |connection: &Connection<S>| {
            // Whoever has come since has another's key, and is not banned.
            matches!(connection.life, Life::Doomed(_)) && is_hit(&network, connection.peer)
        };
        let keys = first..self.connections.capacity();
        let keys: Vec<_> =
            keys.filter(|&key| self.connections.get(key).is_some_and(is_meant)).take(ENDS_AT_ONCE).collect();
        if let [.., last] = keys[..]
            && keys.len() == ENDS_AT_ONCE
        {
            self.banned.push((network, reason.clone(), last + 1));
        }
        for key in keys {
            self.end(key, reason.clone());
        }
    }
}

/// True for a peer that a ban of this network hits.
fn is_hit(network: &Network, peer: Peer) -> bool {
    matches!(peer, Peer::Tcp(ip, _) if network.contains(ip) && !ip.is_loopback())
}
