//! What waits for the lock: frames, the rest of commands, and answers to errands. They are carried out in the order in which
//! they began to wait, or declined after some seconds.

use super::waiting::Need;
use crate::message::{AccountErrand, AccountFound, AccountPurpose, CloseReason, Found, Now};
use crate::server::connection::Inlet;
use crate::server::{Server, Stream};

/// Most connections that are served under one lock: others shall get it, too.
const SERVED_AT_ONCE: usize = 1_000;

/// The label of an IRC client for an answer.
type Label = Option<Box<str>>;

impl<S: Stream> Server<S> {
    /// Lets the connection `key` wait if the next frame in `bytes`, or the rest of a command, needs the lock. True if it
    /// waits.
    pub(in crate::server) fn waits_with_frame(&mut self, key: usize, bytes: &[u8], now: Now) -> bool {
        let session = &self.connections[key].session;
        if !self.nodes.is_barred_to(session.user()) {
            return false;
        }
        let needs =
            if session.is_working() { session.resumes_under_lock() } else { session.needs_lock(bytes) };
        if needs {
            self.wait_for_lock(key, Need::Frame, now);
        }
        needs
    }

    /// Returns `rest`, the last frame, unless it needs the lock. Then it waits in the inbox.
    pub(in crate::server) fn unless_last_frame_waits(
        &mut self,
        key: usize,
        rest: Vec<u8>,
        now: Now,
    ) -> Option<Vec<u8>> {
        let connection = &mut self.connections[key];
        let is_barred = self.nodes.is_barred_to(connection.session.user());
        if !is_barred || !connection.session.needs_lock_to_finish(&rest) {
            return Some(rest);
        }
        connection.inbox.set(rest);
        self.wait_for_lock(key, Need::LastFrame, now);
        None
    }

    /// Returns the result of an errand, unless it needs the lock. Then the session waits on.
    pub(in crate::server) fn unless_it_waits(
        &mut self,
        key: usize,
        found: Found,
        label: Label,
        now: Now,
    ) -> Option<(Found, Label)> {
        let session = &self.connections[key].session;
        if !self.nodes.is_barred_to(session.user()) || !session.needs_lock_for(&found) {
            return Some((found, label));
        }
        self.wait(key);
        self.wait_for_lock(key, Need::Found(found, label), now);
        None
    }

    /// Returns an errand about accounts, unless the node has not joined yet and does not know any. Then it waits.
    pub(in crate::server) fn unless_errand_waits(
        &mut self,
        key: usize,
        errand: Box<AccountErrand>,
        purpose: AccountPurpose,
        label: Label,
        now: Now,
    ) -> Option<(Box<AccountErrand>, AccountPurpose, Label)> {
        if !self.nodes.is_node() || self.hub.own_node().is_some() {
            return Some((errand, purpose, label));
        }
        self.wait(key);
        self.wait_for_lock(key, Need::Errand(errand, purpose, label), now);
        None
    }

    fn wait_for_lock(&mut self, key: usize, need: Need, now: Now) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        if let Need::Frame | Need::LastFrame = need {
            self.connections[key].inlet = Inlet::Locked;
        }
        cluster.waiting.add(key, need, cluster.member.down_since(), now.instant);
    }

    /// Carries out what waits: the node has the lock.
    pub(super) fn locked(&mut self, now: Now) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        cluster.is_locked = true;
        self.return_users(now);
        if self.nodes.is_barred() {
            return;
        }
        self.establish_facts(now);
        let Some(cluster) = &mut self.nodes.cluster else { return };
        // Whoever begins to wait again meanwhile waits for the next lock.
        let last = cluster.waiting.last();
        for _ in 0..SERVED_AT_ONCE {
            let next = self.nodes.cluster.as_mut().and_then(|cluster| cluster.waiting.next(last));
            let Some((key, need)) = next else { break };
            match need {
                Need::Frame | Need::LastFrame => {
                    self.admit_again(key, now);
                    self.readable(key, now);
                }
                Need::Found(found, label) => self.tell_found(key, found, label, now),
                Need::Errand(errand, purpose, label) => {
                    self.begin_account_errand(key, *errand, purpose, label, now);
                }
            }
        }
    }

    /// Declines what has waited for too long.
    pub(super) fn give_up_waiting(&mut self, now: Now) {
        while let Some(cluster) = &mut self.nodes.cluster
            && let Some((key, need)) = cluster.waiting.next_late(now.instant)
        {
            match need {
                Need::Frame => self.decline_frame(key, now),
                Need::LastFrame => {
                    self.decline_frame(key, now);
                    self.end(key, CloseReason::PeerFinished);
                    self.pump(now);
                }
                Need::Found(found, label) => self.tell_found_too_late(key, found, label, now),
                Need::Errand(_, purpose, label) => {
                    let found = Found::Account(purpose, AccountFound::NotChecked);
                    self.tell_found(key, found, label, now);
                }
            }
            self.settle(key);
        }
    }

    fn admit_again(&mut self, key: usize, now: Now) {
        let connection = &mut self.connections[key];
        connection.inlet = Inlet::Backlog;
        connection.session.is_read_again(now.instant);
    }

    fn decline_frame(&mut self, key: usize, now: Now) {
        self.admit_again(key, now);
        let inbox = self.connections[key].inbox.take();
        let used = self.act(key, now, |session, context| {
            if session.is_working() {
                session.resumes_too_late(context);
                0
            } else {
                session.decline(&inbox, context)
            }
        });
        self.connections[key].inbox.set(inbox.get(used..).unwrap_or_default().to_vec());
        self.pump(now);
    }

    fn tell_found_too_late(&mut self, key: usize, found: Found, label: Label, now: Now) {
        let waited = self.end_wait(key, now);
        self.act(key, now, |session, context| session.found_too_late(found, label.as_deref(), context));
        self.go_on_after(waited, key, now);
    }
}
