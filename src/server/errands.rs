//! Errands: answers that sessions need before they continue. Sessions go on them in order, and the server does not read
//! from a peer meanwhile. Slow work has its own thread. A new kind of errand is added here; `forget_errand` says how it
//! is cancelled.

use super::Server;
use super::checks::{Judged, Task};
use super::connection::Inlet;
use super::{Question, Stream, Verdict};
use crate::message::{CloseReason, ConnectionId, Errand, ErrandKind, Found, Now};

/// The label of an IRC client for an answer.
type Label = Option<Box<str>>;

/// A session has waited for the answer to its errand.
pub(super) struct Waited {
    /// The peer will send nothing more.
    peer_finished: bool,
}

impl<S: Stream> Server<S> {
    /// Sends the session of `id` on an errand, which may be answered at once.
    pub(super) fn send_on(&mut self, id: ConnectionId, errand: Errand, now: Now) {
        let key = id.0 as usize;
        let is_open = self.connections.get(key).is_some_and(|connection| connection.is_open());
        if !is_open {
            return;
        }
        let Errand { kind, label } = errand;
        match kind {
            ErrandKind::Check(check) => self.begin_task(key, Task::Check(check, label), now),
            ErrandKind::Report => {
                self.dismiss(now);
                let lines = self.report(now).lines();
                self.found(key, Found::Report(lines), label, now);
            }
            #[cfg(feature = "store")]
            ErrandKind::Recall(recall) => self.recall(key, *recall, label, now),
            #[cfg(feature = "store")]
            ErrandKind::Account(errand, purpose) => {
                #[cfg(feature = "cluster")]
                let Some((errand, purpose, label)) =
                    self.unless_errand_waits(key, errand, purpose, label, now)
                else {
                    return;
                };
                self.begin_account_errand(key, *errand, purpose, label, now);
            }
            ErrandKind::Reload => {
                self.connections[key].inlet = Inlet::Waiting { peer_finished: false };
                self.reload_asked_by.push((key, label));
            }
        }
    }

    /// Reads nothing from the peer of `key` until `tell_found`.
    pub(super) fn wait(&mut self, key: usize) {
        let inlet = &mut self.connections[key].inlet;
        if !matches!(inlet, Inlet::Waiting { .. }) {
            *inlet = Inlet::Waiting { peer_finished: false };
            // A frame that waits for the lock is looked at again when the session has its answer.
            self.nodes.forget(key);
        }
    }

    /// Does a task: at once if that is fast and no other of its address waits, otherwise in its turn.
    pub(super) fn begin_task(&mut self, key: usize, mut task: Task, now: Now) {
        let peer = self.connections[key].peer;
        if task.is_costly() || !self.checks.is_free(peer, now.instant) {
            self.wait(key);
            self.checks.ask(key, peer, task, now.instant);
        } else {
            let outcome = task.outcome();
            self.checks.count(peer, outcome, now.instant);
            self.judged(Judged { key, task, outcome }, now);
        }
    }

    /// The next password to check off the loop; pass the verdict to `checked`. Ask at the end of each turn, until there
    /// is none.
    pub fn next_question(&mut self) -> Option<Question> {
        if self.settling.is_on() { None } else { self.checks.next() }
    }

    /// Continues with the connection that waits for this verdict, if it still does.
    pub fn checked(&mut self, verdict: Verdict, now: Now) {
        if let Some(judged) = self.checks.answered(verdict, now.instant) {
            self.judged(judged, now);
        }
    }

    fn judged(&mut self, Judged { key, task, outcome }: Judged, now: Now) {
        match task {
            Task::Check(check, label) => {
                let outcome = self.house.confirms(&check, outcome);
                self.tell_found(key, Found::Checked(check.purpose, outcome), label, now);
            }
            #[cfg(feature = "store")]
            Task::Account(hashing) => self.hashed(key, *hashing, outcome, now),
        }
    }

    /// Tells the outcome of a reload to the operators who asked for it.
    pub(super) fn tell_reloaded(&mut self, told: &str, now: Now) {
        for (key, label) in std::mem::take(&mut self.reload_asked_by) {
            self.tell_found(key, Found::Reloaded(told.to_owned()), label, now);
        }
    }

    /// Continues with a session that has its answer.
    pub(super) fn tell_found(&mut self, key: usize, found: Found, label: Label, now: Now) {
        #[cfg(feature = "cluster")]
        let Some((found, label)) = self.unless_it_waits(key, found, label, now) else { return };
        let waited = self.end_wait(key, now);
        self.found(key, found, label, now);
        self.go_on_after(waited, key, now);
    }

    fn found(&mut self, key: usize, found: Found, label: Label, now: Now) {
        self.with_session(key, now, |session, context| session.found(found, label.as_deref(), context));
    }

    /// Ends the wait of a session that is about to have its answer. If it has not waited, this is still the command that
    /// began the errand.
    pub(super) fn end_wait(&mut self, key: usize, now: Now) -> Option<Waited> {
        let connection = &mut self.connections[key];
        let Inlet::Waiting { peer_finished } = connection.inlet else { return None };
        connection.inlet = Inlet::Backlog;
        connection.session.is_read_again(now.instant);
        Some(Waited { peer_finished })
    }

    /// Reads again from a peer whose session has waited and has its answer.
    pub(super) fn go_on_after(&mut self, waited: Option<Waited>, key: usize, now: Now) {
        let Some(Waited { peer_finished }) = waited else { return };
        if !self.connections[key].has_unsent() {
            self.draining.has_drained(key);
        }
        if peer_finished {
            self.end(key, CloseReason::PeerFinished);
        }
        self.pump(now);
        self.settle(key);
    }

    /// Cancels the errand of the connection `key`, which is closing.
    pub(super) fn forget_errand(&mut self, key: usize) {
        self.checks.forget(key, self.connections[key].peer);
        self.reload_asked_by.retain(|(asking, _)| *asking != key);
        self.draining.forget(key);
        self.nodes.forget(key);
        #[cfg(feature = "store")]
        self.history.recalls.forget(key);
        #[cfg(feature = "store")]
        self.forget_account_errand(key);
    }
}
