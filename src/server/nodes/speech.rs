//! Messages of a turn with the lock that follow changes which are not in the log yet. They go to other nodes after the entry,
//! because others shall hear of the changes first. Whoever has said one changes nothing until the next entry, because others
//! shall hear of that later.

use std::collections::BTreeSet;
use std::mem;

use crate::message::{Relay, UserId};

#[derive(Debug, Default)]
pub(super) struct Speech {
    kept: Vec<Relay>,
    speakers: BTreeSet<UserId>,
}

impl Speech {
    /// Keeps a message until the end of the turn.
    pub(super) fn keep(&mut self, relay: Relay) {
        self.speakers.insert(relay.from.user);
        self.kept.push(relay);
    }

    /// True when a message of this user is kept.
    pub(super) fn has_spoken(&self, user: UserId) -> bool {
        self.speakers.contains(&user)
    }

    /// Takes the messages, in order.
    pub(super) fn take(&mut self) -> Vec<Relay> {
        self.speakers.clear();
        mem::take(&mut self.kept)
    }
}
