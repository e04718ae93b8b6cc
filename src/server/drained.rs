//! Sessions continue when their peers have read everything: see [`Draining`](super::draining::Draining).

use std::time::Duration;

use super::connection::Inlet;
use super::draining::Postponed;
use super::reading::STEP_BUDGET;
use super::{Server, Stream};
use crate::message::{Answer, ConnectionId, Found, Now, Recall};

/// How long a question waits for its peer to read. Then it is answered with a failure.
const READ_WITHIN: Duration = Duration::from_secs(600);

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
        if self.settling.is_on() {
            return;
        }
        let mut left = STEP_BUDGET;
        self.take_steps();
        while left > 0 {
            let Some(key) = self.draining.drained.pop_first() else { return };
            let Some(connection) = self.connections.get(key) else { continue };
            if connection.has_unsent() || !connection.is_open() {
                continue;
            }
            if let Some(Postponed { recall, label, .. }) = self.draining.questions.remove(&key) {
                self.ask_store_about_past(key, recall, label, now);
            } else if !matches!(connection.inlet, Inlet::Waiting { .. }) && self.draining.waiting.remove(&key)
            {
                self.out.allow(left);
                self.with_session(key, now, |session, context| session.drained(context));
                self.pump(now);
                left = left.saturating_sub(self.take_steps());
                self.go_on_soon(key);
            }
        }
    }

    /// Lets a question of the connection `key` wait until its peer has read everything.
    pub(super) fn postpone(&mut self, key: usize, recall: Recall, label: Option<Box<str>>, now: Now) {
        let until = now.instant + READ_WITHIN;
        self.draining.questions.insert(key, Postponed { recall, label, until });
    }

    /// Gives up on questions of peers that do not read.
    pub(super) fn expire_postponed(&mut self, now: Now) {
        let questions = &self.draining.questions;
        let late = questions.iter().filter(|(_, question)| question.until <= now.instant);
        for key in late.map(|(&key, _)| key).collect::<Vec<_>>() {
            if let Some(Postponed { recall, label, .. }) = self.draining.questions.remove(&key) {
                let found = Found::Recalled(Box::new(recall.purpose), Answer::Failed);
                self.tell_found(key, found, label, now);
            }
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
