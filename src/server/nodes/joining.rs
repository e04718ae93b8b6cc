//! Getting the state that nodes share: from the store, as the first node, or from another node. Own users keep the old state
//! until they return under the lock, so that they can go on talking.

use std::collections::BTreeSet;

use log::{info, warn};

use super::Cluster;
use crate::hub::Diverged;
use crate::message::{CloseReason, ConnectionId, Epoch, LogEntry, Node, Now, Snapshot, UserId};
use crate::server::connection::Connection;
use crate::server::{Server, Stream};
use crate::store::Opened;

/// Most entries that wait for the lock after a snapshot was read.
const MOST_ENTRIES: usize = 10_000;

/// For a user who could not return.
const NOT_RETURNED: &str =
    "this server was cut off from the others, where there is no place for you: connect again";

/// What is needed to join.
#[derive(Debug, Default)]
pub(super) struct Joining {
    /// What an earlier run has left in the store, until the node has joined for the first time.
    opened: Option<Box<Opened>>,
    /// The state that is to replace the own one under the lock.
    next: Option<Next>,
}

/// A state that others share.
#[derive(Debug)]
struct Next {
    node: Node,
    snapshot: Snapshot,
    /// What has happened since, in order.
    entries: Vec<LogEntry>,
    /// Nodes that need a snapshot.
    offers: Vec<Epoch>,
}

impl Joining {
    /// True when there is a state to be taken under the lock.
    pub(super) fn returns(&self) -> bool {
        self.next.is_some()
    }
}

impl Cluster {
    /// Returns an entry that can be applied at once. Before own users have returned, it waits.
    pub(super) fn unless_entry_waits(&mut self, entry: LogEntry, now: Now) -> Option<LogEntry> {
        let Some(next) = &mut self.joining.next else { return Some(entry) };
        next.entries.push(entry);
        if next.entries.len() > MOST_ENTRIES {
            self.joining.next = None;
            self.member.rejoin("it has waited for the lock for too long", now);
        }
        None
    }

    /// True when another node gets its snapshot later, because own users have not returned yet.
    pub(super) fn offers_later(&mut self, to: Epoch) -> bool {
        let next = self.joining.next.as_mut();
        next.map(|next| next.offers.push(to)).is_some()
    }
}

impl<S: Stream> Server<S> {
    /// Returns what an earlier run has left, unless it is used only if this node founds the cluster.
    pub(in crate::server) fn unless_nodes_share(&mut self, opened: Opened) -> Option<Opened> {
        let Some(cluster) = &mut self.nodes.cluster else { return Some(opened) };
        cluster.joining.opened = Some(Box::new(opened));
        None
    }

    /// Founds the cluster: nobody else has its state.
    pub(super) fn found_cluster(&mut self, node: Node, now: Now) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        info!("this is node {} and the only one", node.name);
        // What it does now is part of the state with which it begins.
        cluster.is_locked = true;
        cluster.joining.next = None;
        let opened = cluster.joining.opened.take();
        if self.hub.own_node().is_some() {
            self.out.begin();
            self.hub.found(node, now, &mut self.out);
            self.compare_soon(now);
        } else {
            self.hub.become_node(node);
        }
        if let Some(opened) = opened {
            self.restore(*opened, now);
        }
        self.dismiss(now);
        self.pump(now);
        self.forget_operations();
    }

    /// Takes the state of other nodes as soon as the node has the lock.
    pub(super) fn load(&mut self, node: Node, snapshot: Snapshot) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        info!("this is node {}, other nodes: {}", node.name, cluster.member.others());
        cluster.joining.opened = None;
        cluster.joining.next = Some(Next { node, snapshot, entries: Vec::new(), offers: Vec::new() });
    }

    /// Forgets the changes of a state that nobody shares.
    pub(super) fn forget_operations(&mut self) {
        self.hub.take_operations();
        if let Some(cluster) = &mut self.nodes.cluster {
            cluster.is_locked = false;
            cluster.relay_kept();
        }
    }

    /// Takes the state of other nodes, and brings own users back.
    pub(super) fn return_users(&mut self, now: Now) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        let Some(Next { node, snapshot, entries, offers }) = cluster.joining.next.take() else { return };
        let mut homecoming = self.hub.leave_state();
        if let Err(why) = self.take_state(&node, &snapshot, &entries, now) {
            warn!("the state of the other nodes cannot be taken: {why}");
            let Some(cluster) = &mut self.nodes.cluster else { return };
            cluster.is_locked = false;
            return cluster.member.rejoin("it could not take the state of the others", now);
        }
        if let Some(cluster) = &mut self.nodes.cluster {
            let snapshot = (!offers.is_empty()).then(|| cluster.snapshot(&self.hub));
            for to in offers {
                snapshot.iter().for_each(|snapshot| cluster.member.offer(to, snapshot));
            }
        }
        // What others have done may have closed some.
        let has_user = |connection: &Connection<S>| connection.session.user() != UserId::NOBODY;
        homecoming.retain(|connection| self.connections.get(connection.0 as usize).is_some_and(has_user));
        self.out.begin();
        let returned = self.hub.come_back(homecoming, now, &mut self.out);
        self.assign(&returned, now);
        self.pump(now);
        if self.round.is_none() {
            // The others know who stays.
            self.restore_users(Vec::new(), now);
        }
    }

    /// Replaces the state. An error changes nothing.
    fn take_state(
        &mut self,
        node: &Node,
        snapshot: &Snapshot,
        entries: &[LogEntry],
        now: Now,
    ) -> Result<(), Diverged> {
        let (before, kept_changes) = (self.hub.load(snapshot, node.clone(), now)?, self.kept_changes);
        // The others have saved them.
        self.kept_changes = self.hub.bans().changes();
        if let Err(why) = entries.iter().try_for_each(|entry| self.apply(entry, now)) {
            (self.hub, self.kept_changes) = (before, kept_changes);
            return Err(why);
        }
        self.forget_departures();
        Ok(())
    }

    /// Gives sessions their users in the new state.
    fn assign(&mut self, returned: &[(ConnectionId, UserId)], now: Now) {
        let had_users = self.connections.iter().filter(|(_, c)| c.session.user() != UserId::NOBODY);
        let mut lost: BTreeSet<_> = had_users.map(|(key, _)| key).collect();
        for &(connection, user) in returned {
            let key = connection.0 as usize;
            if lost.remove(&key) {
                self.act(key, now, |session, context| session.set_user(user, context));
                self.settle(key);
            }
        }
        for key in lost {
            self.act(key, now, |session, context| session.set_user(UserId::NOBODY, context));
            self.end(key, CloseReason::NotEntered(NOT_RETURNED.to_owned()));
        }
    }
}
