//! Sessions that have much to tell wait until their peer has read what it was told. Reading from it goes on meanwhile.

use std::collections::BTreeSet;

use super::connection::Inlet;
use super::reading::STEP_BUDGET;
use super::{Server, Stream};
use crate::message::{ConnectionId, Now};

/// The sessions that wait.
#[derive(Debug, Default)]
pub(super) struct Draining {
    /// Connections whose sessions are to be told when nothing is unsent.
    waiting: BTreeSet<usize>,
    /// Those of them for which that is so, and whose sessions are to be told in this turn or the next.
    drained: BTreeSet<usize>,
}

impl Draining {
    /// True when a session is to be told in the next turn.
    pub(super) fn is_due(&self) -> bool {
        !self.drained.is_empty()
    }

    /// Notes that nothing is unsent for the connection `key`.
    pub(super) fn has_drained(&mut self, key: usize) {
        if self.waiting.contains(&key) {
            self.drained.insert(key);
        }
    }

    /// Forgets the connection `key`, which has closed.
    pub(super) fn forget(&mut self, key: usize) {
        self.waiting.remove(&key);
        self.drained.remove(&key);
    }
}

impl<S: Stream> Server<S> {
    /// Tells the session of `id` when nothing is unsent any more.
    pub(super) fn tell_when_drained(&mut self, ConnectionId(id): ConnectionId) {
        let key = id as usize;
        if let Some(connection) = self.connections.get(key)
            && connection.is_open()
        {
            self.draining.waiting.insert(key);
            if !connection.has_unsent() {
                self.draining.drained.insert(key);
            }
        }
    }

    /// Tells sessions whose peers have taken everything. All together get as much of a turn as one that reads: a room
    /// that is renamed makes each of its members have a list of all.
    pub(super) fn tell_drained(&mut self, now: Now) {
        let mut left = STEP_BUDGET;
        self.take_steps();
        while left > 0 {
            let Some(key) = self.draining.drained.pop_first() else { return };
            let Some(connection) = self.connections.get(key) else { continue };
            if connection.has_unsent() || !connection.is_open() {
                continue;
            }
            self.draining.forget(key);
            self.out.allow(left);
            self.with_session(key, now, |session, context| session.drained(context));
            self.pump(now);
            left = left.saturating_sub(self.take_steps());
            self.go_on_soon(key);
        }
    }

    /// Lets the session of `key` go on in the next turn if it has begun something.
    pub(super) fn go_on_soon(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.session.is_working() && matches!(connection.inlet, Inlet::Open | Inlet::More { .. }) {
            connection.inlet = Inlet::Backlog;
        }
        self.settle(key);
    }
}
