//! Invariants that hold between turns. Tests check them after each turn.

use std::collections::BTreeSet;

use super::{REFUSALS_AT_ONCE, Server, connection_id};
use crate::message::{ConnectionId, UserId};
use crate::server::Stream;
use crate::server::connection::{Connection, Inlet, Life};

impl<S: Stream> Server<S> {
    /// Panics when an invariant does not hold between turns. O(n), for tests.
    pub fn check(&self) {
        self.hub.check();
        assert!(self.leavers.is_empty(), "users who have left are removed");
        assert!(self.batch.audience().is_empty(), "the batch is sealed");
        assert!(self.out.is_empty(), "all effects are executed");
        let (mut deadlines, mut kept_bytes, mut own_bytes) = (0, 0, 0);
        for (key, connection) in &self.connections {
            self.check_connection(key, connection);
            kept_bytes += connection.kept_bytes as usize;
            own_bytes += Connection::own_bytes(&connection.stream);
            deadlines += usize::from(connection.deadline.is_some());
        }
        assert_eq!(self.kept_bytes, kept_bytes, "kept bytes are counted");
        // The queue to the store grows until the end of the turn.
        let most = self.most_kept_bytes() + self.history.queued_bytes();
        assert!(kept_bytes <= most, "{kept_bytes} bytes are kept");
        assert_eq!(self.own_bytes, own_bytes, "memory of connections is counted");
        assert_eq!(self.deadlines.len(), deadlines, "no deadline outlives its connection");
        let has_session = |c: &Connection<S>| matches!(c.life, Life::Open(_) | Life::Doomed(_));
        let open = self.connections.iter().filter(|(_, c)| has_session(c)).count();
        assert_eq!(self.open, open, "connections whose session has not ended are counted");
        self.admission.check(self.connections.iter().filter(|(_, c)| c.is_admitted).map(|(_, c)| c.peer));
        let refusals = self.connections.iter().filter(|(_, c)| !c.is_admitted).count();
        assert!(refusals <= REFUSALS_AT_ONCE, "{refusals} refusals are under way");
        self.check_waiting();
        self.check_owners();
    }

    fn check_connection(&self, key: usize, connection: &Connection<S>) {
        connection.outbox.check();
        let inbox = &connection.inbox;
        let is_small = inbox.capacity() <= 2 * inbox.len().max(8);
        let is_open = connection.inlet == Inlet::Open;
        assert!(is_small || !is_open, "{key} keeps more than an unfinished frame");
        match connection.life {
            Life::Open(_) | Life::Flushing { .. } | Life::Lingering { .. } => {}
            // Banned connections close in later turns.
            Life::Doomed(_) => assert!(!self.banned.is_empty(), "{key} is doomed and still open"),
            Life::Leaving { .. } | Life::Closed => panic!("{key} is between two states"),
        }
        let limits = &self.house.config.limits;
        let needs = connection.needs(limits.flood, &self.deadlines);
        assert_eq!(needs.memory, connection.kept_bytes as usize, "{key} is counted");
        assert_eq!(needs.wake, connection.deadline, "{key} is scheduled");
        assert!(needs.read.is_none() || connection.is_unread, "{key} will be read");
        assert!(!needs.flush || connection.outbox.is_dirty, "{key} will be flushed");
        assert!(connection.unsent_bytes() <= limits.outbox_bytes || !connection.is_open());
    }

    /// Panics unless each connection that waits is waited for, and no other.
    fn check_waiting(&self) {
        let is_waiting = |c: &Connection<S>| c.is_open() && matches!(c.inlet, Inlet::Waiting { .. });
        let waiting = self.connections.iter().filter(|(_, c)| is_waiting(c)).map(|(key, _)| key);
        let waiting = waiting.filter(|&key| !self.draining.is_asking(key) && !self.nodes.is_waiting(key));
        self.checks.check(waiting.clone().filter(|&key| !self.history.is_asking(key)));
        let is_locked = |(key, c): &(usize, &Connection<S>)| {
            c.is_open() && c.is_kept_waiting() && self.nodes.is_waiting(*key)
        };
        let locked = self.connections.iter().filter(is_locked).count();
        assert_eq!(self.nodes.waiting(), locked, "all who wait for the lock are kept waiting");
        let asking = waiting.filter(|&key| self.history.is_asking(key)).count();
        assert_eq!(self.history.asking(), asking, "all who have asked the store wait");
    }

    /// Panics unless users and sessions agree on who has which connection.
    fn check_owners(&self) {
        let owned = self.connections.iter().filter(|(_, c)| c.session.user() != UserId::NOBODY);
        let owned: BTreeSet<_> = owned.map(|(key, c)| (c.session.user(), connection_id(key))).collect();
        let known = self.hub.users().iter().flat_map(|(id, _)| {
            self.hub.users().connections(id).into_iter().map(move |connection| (id, connection))
        });
        assert_eq!(
            known.collect::<BTreeSet<_>>(),
            owned,
            "users and sessions agree on the user of each connection"
        );
        let is_open =
            |&(_, ConnectionId(key)): &(UserId, ConnectionId)| self.connections[key as usize].is_open();
        assert!(
            owned.iter().all(|owned| is_open(owned) || !self.banned.is_empty()),
            "a user with a closing connection is still here"
        );
    }
}
