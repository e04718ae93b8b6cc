//! What happens while the node does not have the lock, and changes shared state when it has: connections end, accounts come
//! and go, users have been away for too long, nodes are down.

use crate::message::{CloseReason, ConnectionId, Epoch, NodeId, Now, UserId};
use crate::server::account_errands::Settled;
use crate::server::{Server, Stream};

/// Something that others must learn of.
#[derive(Debug)]
pub(super) enum Fact {
    /// A connection has ended.
    Departed(Departure),
    /// The store has created or deleted an account.
    Account(Settled),
    /// This user has been away for too long.
    Overdue(UserId),
    /// This node has no lease any more.
    Down(NodeId, Epoch),
}

/// The end of a connection whose user, if it has no other, leaves for this reason.
#[derive(Debug)]
pub(super) struct Departure {
    user: UserId,
    connection: ConnectionId,
    is_whole: bool,
    reason: String,
}

impl<S: Stream> Server<S> {
    pub(super) fn note_fact(&mut self, fact: Fact) {
        if let Some(cluster) = &mut self.nodes.cluster {
            cluster.facts.push(fact);
        }
    }

    /// Takes a connection that ends out of reach of its user, if the others cannot learn of that now. False if they can.
    pub(in crate::server) fn departs_later(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        reason: &CloseReason,
    ) -> bool {
        if !self.nodes.is_barred_to(user) {
            return false;
        }
        if user != UserId::NOBODY {
            let is_whole = reason.is_whole();
            self.hub.disconnect(user, connection, is_whole);
            let reason = reason.to_string();
            self.note_fact(Fact::Departed(Departure { user, connection, is_whole, reason }));
        }
        true
    }

    /// Lets a user who has been away for too long leave when the others can learn of it. False if they can now.
    pub(in crate::server) fn is_overdue_later(&mut self, user: UserId) -> bool {
        let is_barred = self.nodes.is_barred();
        if let Some(cluster) = self.nodes.cluster.as_mut().filter(|_| is_barred) {
            let is_noted = |fact: &Fact| matches!(fact, Fact::Overdue(other) if *other == user);
            if !cluster.facts.iter().any(is_noted) {
                cluster.facts.push(Fact::Overdue(user));
            }
        }
        is_barred
    }

    /// Returns what has become of an account, unless the others cannot learn of it now. Then it is noted.
    pub(in crate::server) fn unless_settled_later(&mut self, settled: Settled) -> Option<Settled> {
        if !self.nodes.is_barred() {
            return Some(settled);
        }
        self.note_fact(Fact::Account(settled));
        None
    }

    /// Applies what has happened without the lock: the node has it now.
    pub(super) fn establish_facts(&mut self, now: Now) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        for fact in std::mem::take(&mut cluster.facts) {
            self.out.begin();
            match fact {
                Fact::Departed(Departure { user, connection, is_whole, reason }) => {
                    if self.hub.detach(user, connection, is_whole, now, &mut self.out) {
                        self.leavers.push((user, reason));
                    }
                }
                Fact::Account(settled) => {
                    self.dismiss(now);
                    self.note_settled(settled, now);
                }
                Fact::Overdue(user) => {
                    self.dismiss(now);
                    self.leave_overdue(vec![user], now);
                }
                Fact::Down(node, epoch) => {
                    self.dismiss(now);
                    self.hub.node_down(node, epoch, now, &mut self.out);
                }
            }
        }
        self.dismiss(now);
        self.pump(now);
    }

    /// Forgets what was about users of a state that is replaced.
    pub(super) fn forget_departures(&mut self) {
        if let Some(cluster) = &mut self.nodes.cluster {
            cluster.facts.retain(|fact| matches!(fact, Fact::Account(_) | Fact::Down(..)));
        }
    }
}
