//! Errands: answers that sessions need before they continue. Sessions go on them in order, and the server does not read
//! from a peer meanwhile. Slow work has its own thread. A new kind of errand is added here; `forget_errand` says how it
//! is cancelled.

use super::Server;
use super::checks::Judged;
use super::connection::Inlet;
use super::{Question, Stream, Verdict};
use crate::message::{Check, CloseReason, ConnectionId, Errand, ErrandKind, Found, Now};

/// The label of an IRC client for an answer.
type Label = Option<Box<str>>;

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
            ErrandKind::Check(check) => self.check_guess(key, check, label, now),
            ErrandKind::Report => {
                self.dismiss(now);
                let lines = self.report(now).lines();
                self.found(key, Found::Report(lines), label, now);
            }
            #[cfg(feature = "store")]
            ErrandKind::Recall(recall) => self.recall(key, *recall, label, now),
            #[cfg(feature = "store")]
            ErrandKind::Account(errand, purpose) => {
                self.begin_account_errand(key, *errand, purpose, label, now);
            }
            ErrandKind::Reload => {
                self.connections[key].inlet = Inlet::Waiting { peer_finished: false };
                self.reload_asked_by.push((key, label));
            }
        }
    }

    /// Checks a guess: at once if that is fast and no other of its address waits, otherwise in its turn.
    fn check_guess(&mut self, key: usize, check: Box<Check>, label: Label, now: Now) {
        let connection = &mut self.connections[key];
        let peer = connection.peer;
        if check.is_costly() || !self.checks.is_free(peer, now.instant) {
            connection.inlet = Inlet::Waiting { peer_finished: false };
            self.checks.ask(key, peer, check, label, now.instant);
        } else {
            let outcome = check.outcome();
            self.checks.count(peer, outcome, now.instant);
            self.judged(Judged { key, check: *check, label, outcome }, now);
        }
    }

    /// The next password to check off the loop; pass the verdict to `checked`. Ask at the end of each turn, until there
    /// is none.
    pub fn next_question(&mut self) -> Option<Question> {
        self.checks.next()
    }

    /// Continues with the connection that waits for this verdict, if it still does.
    pub fn checked(&mut self, verdict: Verdict, now: Now) {
        let Some(judged) = self.checks.answered(verdict, now.instant) else { return };
        let key = judged.key;
        let peer_finished = self.end_wait(key, now);
        self.judged(judged, now);
        self.go_on(key, peer_finished, now);
    }

    fn judged(&mut self, Judged { key, check, label, outcome }: Judged, now: Now) {
        let outcome = self.house.confirms(&check, outcome);
        self.found(key, Found::Checked(check.purpose, outcome), label, now);
    }

    /// Tells the outcome of a reload to the operators who asked for it.
    pub(super) fn tell_reloaded(&mut self, told: &str, now: Now) {
        for (key, label) in std::mem::take(&mut self.reload_asked_by) {
            let peer_finished = self.end_wait(key, now);
            self.found(key, Found::Reloaded(told.to_owned()), label, now);
            self.go_on(key, peer_finished, now);
        }
    }

    /// Resumes reading from the peer of `key`. Returns whether it has finished sending.
    pub(super) fn end_wait(&mut self, key: usize, now: Now) -> bool {
        let connection = &mut self.connections[key];
        connection.session.is_read_again(now.instant);
        let peer_finished = connection.inlet == Inlet::Waiting { peer_finished: true };
        connection.inlet = Inlet::Backlog;
        peer_finished
    }

    pub(super) fn found(&mut self, key: usize, found: Found, label: Label, now: Now) {
        self.with_session(key, now, |session, context| session.found(found, label.as_deref(), context));
    }

    /// Continues with a session that has its answer.
    pub(super) fn go_on(&mut self, key: usize, peer_finished: bool, now: Now) {
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
        #[cfg(feature = "store")]
        self.history.recalls.forget(key);
    }
}
