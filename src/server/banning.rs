//! Bans: closing the connections they hit, and passing them on to be saved.

use std::fmt;

use log::warn;

use super::Server;
#[cfg(not(feature = "store"))]
use crate::bans_file;
use crate::message::{Ban, CloseReason, Now, Peer};
use crate::network::Network;
use crate::server::Stream;
use crate::server::connection::{Connection, Life};

const ENDS_AT_ONCE: usize = 128;

impl<S: Stream> Server<S> {
    /// Restores the bans of an earlier run, which are already saved.
    pub fn restore_bans(&mut self, bans: Vec<Ban>, now: Now) {
        self.hub.restore_bans(bans, now.time);
        self.kept_changes = self.hub.bans().changes();
    }

    /// The content of the bans file, if bans have changed since the last call.
    #[cfg(not(feature = "store"))]
    pub fn bans_to_keep(&mut self, now: Now) -> Option<String> {
        let (bans, kept) = (self.hub.bans(), self.kept_changes);
        self.kept_changes = bans.changes();
        (self.kept_changes != kept).then(|| bans_file::text(bans.iter(now.time)))
    }

    /// Tells operators and the log that saving the bans failed. They remain in force while the server runs; the next
    /// change saves them again.
    pub fn bans_not_kept(&mut self, error: &dyn fmt::Display, now: Now) {
        warn!("cannot save bans: {error}");
        self.tell_operators(format!("Cannot save bans, so a restart will forget the last: {error}"), now);
    }

    /// Tells all operators who are connected to this server.
    pub(super) fn tell_operators(&mut self, text: String, now: Now) {
        self.dismiss(now);
        self.hub.tell_own_operators(text, now, &mut self.out);
        self.pump(now);
    }

    /// Closes all connections from this network, from the end of this turn on.
    pub(super) fn close_from(&mut self, network: Network, reason: CloseReason) {
        self.steps += self.connections.len();
        let is_meant = |c: &Connection<S>| is_hit(&network, c.peer) && c.is_open();
        let hit: Vec<_> = self.connections.iter().filter(|(_, c)| is_meant(c)).map(|(key, _)| key).collect();
        for key in hit {
            self.condemn(key, reason.clone());
        }
        self.banned.push((network, reason, 0));
    }

    /// Closes some of the banned connections, and leaves the others to later turns: each quit is told to everyone else.
    pub(super) fn close_more(&mut self) {
        let Some((network, reason, first)) = self.banned.pop() else { return };
        let is_meant = |connection: &Connection<S>| {
            // A connection that came later may reuse the key, and is not banned.
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

fn is_hit(network: &Network, peer: Peer) -> bool {
    matches!(peer, Peer::Tcp(ip, _) if network.contains(ip) && !ip.is_loopback())
}
