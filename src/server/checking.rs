//! Sessions that must know first whether a guess is right: nothing is taken from their peers until then.

use super::Server;
use crate::message::{Check, CloseReason, Now, Outcome, UserId};
use crate::server::Stream;
use crate::server::checks::{Question, Verdict};
use crate::server::connection::{Inlet, Life};

impl<S: Stream> Server<S> {
    /// The next password that is to be compared, beside the loop: the answer goes to `checked`. To be asked for at the
    /// end of each turn, until there is none.
    pub fn next_question(&mut self) -> Option<Question> {
        self.checks.next()
    }

    /// Goes on with the connection that waits for this verdict, if it still does.
    pub fn checked(&mut self, verdict: Verdict, now: Now) {
        let Some((key, check, outcome)) = self.checks.answered(verdict, now.instant) else { return };
        let connection = &mut self.connections[key];
        let peer_finished = connection.inlet == Inlet::Checking { peer_finished: true };
        connection.inlet = Inlet::Backlog;
        self.dismiss(now);
        self.seal(now);
        self.tell_verdict(key, check, outcome, now);
        if peer_finished {
            self.end(key, CloseReason::PeerFinished, now);
        }
        self.readable(key, now);
        self.settle(key);
    }

    /// Has a guess of `id` judged: at once where that takes no time and nobody of its address waits, else in its turn.
    pub(super) fn ask(&mut self, id: UserId, check: Box<Check>, now: Now) {
        let key = id.0 as usize;
        let Some(connection) = self.connections.get_mut(key) else { return };
        match connection.life {
            Life::Open => {}
            Life::Flushing { .. } | Life::Lingering | Life::Closed => return,
        }
        let peer = connection.peer;
        if check.is_costly() || !self.checks.is_free(peer, now.instant) {
            connection.inlet = Inlet::Checking { peer_finished: false };
            self.checks.ask(key, peer, check, now.instant);
        } else {
            let outcome = check.outcome();
            self.checks.count(peer, outcome, now.instant);
            self.tell_verdict(key, *check, outcome, now);
        }
    }

    fn tell_verdict(&mut self, key: usize, check: Check, outcome: Outcome, now: Now) {
        let outcome = self.house.confirms(&check, outcome);
        self.with_session(key, now, |session, context| session.checked(check, outcome, context));
        self.queue(now);
    }
}
