//! The server as one node of several, which share users and rooms through a broker: see doc/CLUSTER.md.
//!
//! Shared state changes only while this node has the lock. `locking` lets frames and answers wait for it, and `facts` what
//! else happens meanwhile.

mod comparing;
mod dating;
mod facts;
mod joining;
mod locking;
mod shards;
mod speech;
mod status;
mod waiting;

pub use status::NodeStatus;

use std::mem;
use std::time::{Duration, Instant};

use log::{error, info, warn};

use super::{Server, Stream};
use crate::cluster::{Member, News, Reply, Request};
use crate::hub::{Diverged, Hub, Rooms};
use crate::message::{LogEntry, Now, Relay, Snapshot, UserId};
use crate::secret::Decoys;
pub(super) use comparing::ALL_ACCOUNTS;
use comparing::Comparing;
use dating::Dating;
use facts::Fact;
use joining::Joining;
use shards::Shards;
use speech::Speech;
use waiting::Waiting;

/// How long a node that shuts down waits for the broker.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);

/// The server's part in a cluster, if it has one.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    cluster: Option<Box<Cluster>>,
}

/// The server's part in a cluster.
#[derive(Debug)]
struct Cluster {
    member: Member,
    /// Shared state may change until the end of this turn.
    is_locked: bool,
    speech: Speech,
    waiting: Waiting,
    /// What is to change besides, in order.
    facts: Vec<Fact>,
    joining: Joining,
    shards: Shards,
    /// The node leaves until this time.
    leaves_by: Option<Instant>,
    has_left: bool,
    dating: Dating,
    comparing: Comparing,
    /// A change without the lock has been logged.
    has_strayed: bool,
}

impl Nodes {
    /// Bytes of messages that wait for the broker.
    pub(super) fn queued_bytes(&self) -> usize {
        self.cluster.as_ref().map_or(0, |cluster| cluster.member.queued_bytes())
    }

    /// True when the connection `key` waits for the lock.
    pub(super) fn is_waiting(&self, key: usize) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| cluster.waiting.has(key))
    }

    /// The number of connections that wait for the lock.
    pub(super) fn waiting(&self) -> usize {
        self.cluster.as_ref().map_or(0, |cluster| cluster.waiting.len())
    }

    /// When `expire` has work.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let cluster = self.cluster.as_ref()?;
        let leaves_by = cluster.leaves_by.filter(|_| !cluster.has_left);
        let own = [
            cluster.member.deadline(),
            cluster.waiting.deadline(),
            cluster.shards.deadline(),
            cluster.comparing.due,
            leaves_by,
        ];
        own.into_iter().flatten().min()
    }

    /// Forgets what the connection `key`, which is closing, waits for.
    pub(super) fn forget(&mut self, key: usize) {
        if let Some(cluster) = &mut self.cluster {
            cluster.waiting.forget(key);
        }
    }

    /// True while the node waits for an answer of the store itself.
    pub(super) fn awaits_store(&self) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| cluster.comparing.is_asking())
    }

    /// True when the server is a node.
    pub(super) fn is_node(&self) -> bool {
        self.cluster.is_some()
    }

    /// True while what `user` does must not change shared state. Without other nodes, it may at any time.
    fn is_barred_to(&self, user: UserId) -> bool {
        let has_spoken = |cluster: &Cluster| cluster.speech.has_spoken(user);
        self.is_barred() || self.cluster.as_deref().is_some_and(has_spoken)
    }

    /// True while shared state must not change. Without other nodes, it may at any time.
    fn is_barred(&self) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| !cluster.is_locked)
    }
}

impl Cluster {
    /// Hands a message to other nodes, or keeps it if it `follows` what is not in the log yet.
    fn relay(&mut self, relay: Relay, follows: bool) {
        if follows {
            return self.speech.keep(relay);
        }
        let shard = shards::shard_of_event(&relay.event, self.member.config().shards);
        self.member.relay(relay, shard);
    }

    /// Hands over messages that followed what is in the log now.
    fn relay_kept(&mut self) {
        for relay in self.speech.take() {
            self.relay(relay, false);
        }
    }

    /// The state after the last entry.
    fn snapshot(&self, hub: &Hub) -> Snapshot {
        let digest = self.member.applied_digest().into();
        Snapshot { digest, ..hub.snapshot(self.member.applied()) }
    }

    /// Reads the shards of rooms with members here, and no others.
    fn look_at_shards(&mut self, rooms: &Rooms, now: Now) {
        self.shards.look(rooms, self.member.config().shards, now.instant);
        self.member.read_shards(self.shards.read());
    }

    /// Asks for the lock if something waits for it.
    fn want_lock(&mut self, now: Now) {
        if !self.is_locked && (!self.waiting.is_empty() || !self.facts.is_empty() || self.joining.returns()) {
            self.member.want_lock(now);
        }
    }
}

impl<S: Stream> Server<S> {
    /// Becomes a node from now on. Call it before `use_store` and before the first connection.
    pub fn use_cluster(&mut self, member: Member) {
        self.nodes.cluster = Some(Box::new(Cluster {
            member,
            is_locked: false,
            speech: Speech::default(),
            waiting: Waiting::default(),
            facts: Vec::new(),
            joining: Joining::default(),
            shards: Shards::default(),
            leaves_by: None,
            has_left: false,
            dating: Dating::default(),
            comparing: Comparing::default(),
            has_strayed: false,
        }));
    }

    /// The next time at which `expire` has work as one of several nodes, which does not bear a delay.
    pub fn next_node_deadline(&self) -> Option<Instant> {
        self.nodes.next_deadline()
    }

    /// The next request to the broker. Ask at the end of each turn, until there is none.
    pub fn broker_request(&mut self) -> Option<Request> {
        self.nodes.cluster.as_mut()?.member.request()
    }

    /// Handles a reply of the broker, or what was read from it.
    pub fn hear_broker(&mut self, reply: Reply, now: Now) {
        if let Some(cluster) = &mut self.nodes.cluster {
            cluster.member.heard(reply, now);
            self.heed_news(now);
        }
    }

    /// The broker's clock minus this machine's, in milliseconds.
    pub fn clock_offset(&self) -> i64 {
        self.nodes.cluster.as_ref().map_or(0, |cluster| cluster.member.clock_offset())
    }

    /// True when the node has left the others, or shutting down need not wait for that any longer.
    pub fn has_left_cluster(&self) -> bool {
        self.nodes.cluster.as_ref().is_none_or(|cluster| cluster.has_left)
    }

    /// Hands a message to other nodes.
    pub(super) fn relay(&mut self, relay: Relay) {
        if let Some(cluster) = &mut self.nodes.cluster {
            cluster.relay(relay, self.hub.has_operations());
        }
    }

    fn heed_news(&mut self, now: Now) {
        while let Some(news) = self.nodes.cluster.as_mut().and_then(|cluster| cluster.member.news()) {
            self.heed(news, now);
        }
    }

    fn heed(&mut self, news: News, now: Now) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        if let (News::Found(_) | News::Load { .. }, Some(log)) = (&news, cluster.member.log()) {
            self.house.share_cloaks(log);
            self.history.accounts.decoys = Decoys::shared(log);
        }
        match news {
            News::Found(node) => self.found_cluster(node, now),
            News::Load { node, snapshot } => self.load(node, *snapshot),
            News::Locked => self.locked(now),
            News::Entry(entry) => {
                if let Some(entry) = cluster.unless_entry_waits(*entry, now) {
                    self.replay(&entry, now);
                }
            }
            News::Offer(epoch) if cluster.offers_later(epoch) => {}
            News::Offer(epoch) => {
                let snapshot = cluster.snapshot(&self.hub);
                cluster.member.offer(epoch, &snapshot);
            }
            News::Gone(node, epoch) => self.note_fact(Fact::Down(node, epoch)),
            News::Relayed(message) => {
                self.out.begin();
                self.hub.deliver(&message, now, &mut self.out);
                self.pump(now);
            }
            News::Unreachable(why) => {
                self.tell_of_cluster(format!("The broker cannot be reached: {why}"), now)
            }
            News::Reachable { lost } => {
                self.tell_of_cluster(reachable_again(lost), now);
            }
            News::Lost(lost) => {
                let text =
                    format!("Messages for other servers that were lost, because too many waited: {lost}");
                self.tell_of_cluster(text, now);
            }
            News::Rejoins(why) => {
                // What was done is void.
                self.dismiss(now);
                self.pump(now);
                self.forget_operations();
                let text = format!("This server was cut off from the others and joins them again: {why}");
                self.tell_of_cluster(text, now);
            }
            News::Refused(why) => {
                error!("the broker does not accept this node: {why}");
                self.tell_operators(format!("This server cannot join the others: {why}"), now);
            }
        }
    }

    fn tell_of_cluster(&mut self, text: String, now: Now) {
        warn!("{text}");
        self.tell_operators(text, now);
    }

    /// Does what another node has done.
    fn replay(&mut self, entry: &LogEntry, now: Now) {
        let done = self.apply(entry, now);
        let Some(cluster) = &mut self.nodes.cluster else { return };
        cluster.shards.are_stale(now.instant);
        if let Err(diverged) = done {
            warn!("entry {} of the cluster's log has another effect here: {diverged}", entry.index);
            cluster.member.rejoin("its state differs from that of the others", now);
        }
    }

    fn apply(&mut self, entry: &LogEntry, now: Now) -> Result<(), Diverged> {
        self.out.begin();
        let are_kept = self.hub.bans().changes() == self.kept_changes;
        let done = self.hub.replay(entry, now, &mut self.out);
        // The other node saves them.
        if are_kept {
            self.kept_changes = self.hub.bans().changes();
        }
        self.pump(now);
        done
    }

    /// Does what is due.
    pub(super) fn expire_nodes(&mut self, now: Now) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        cluster.member.expire(now);
        if cluster.leaves_by.is_some_and(|by| by <= now.instant) {
            cluster.has_left = true;
        }
        self.heed_news(now);
        self.compare_when_due(now);
        self.give_up_waiting(now);
    }

    /// Ends the use of the lock, if the node has it, and hands over what was done. Call it at the end of each turn.
    pub(super) fn end_lock(&mut self, now: Now) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        if mem::take(&mut cluster.is_locked) {
            let operations = self.hub.take_operations();
            if cluster.shards.may_miss(&operations, cluster.member.config().shards) {
                cluster.look_at_shards(self.hub.rooms(), now);
            }
            let (users, rooms) = self.hub.counts();
            cluster.member.append(operations, users, rooms, now);
            cluster.relay_kept();
            cluster.shards.are_stale(now.instant);
        } else if self.hub.has_operations() {
            debug_assert!(false, "shared state changes without the lock: {:?}", self.hub.take_operations());
            if !mem::replace(&mut cluster.has_strayed, true) {
                error!("shared state has changed without the lock, which is a fault in this program");
            }
            // The next entry tells the others.
            cluster.member.want_lock(now);
        }
        if cluster.shards.is_due(now.instant) {
            cluster.look_at_shards(self.hub.rooms(), now);
        }
        self.leave_cluster();
    }

    /// Asks for the lock if something waits for it. Call it at the end of each turn, when nothing more can begin to wait.
    pub(super) fn seek_lock(&mut self, now: Now) {
        if let Some(cluster) = &mut self.nodes.cluster {
            cluster.want_lock(now);
        }
    }

    /// Begins to leave the others, because the server shuts down.
    pub(super) fn begin_to_leave(&mut self, now: Now) {
        if let Some(cluster) = &mut self.nodes.cluster {
            cluster.leaves_by = Some(now.instant + LEAVE_WITHIN);
        }
    }

    /// Leaves the others when all users have left.
    fn leave_cluster(&mut self) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        if cluster.leaves_by.is_some() && self.open == 0 && cluster.facts.is_empty() {
            cluster.member.end();
        }
        if cluster.member.has_ended() && !mem::replace(&mut cluster.has_left, true) {
            info!("this node has left the cluster");
        }
    }
}

fn reachable_again(lost: u64) -> String {
    match lost {
        0 => "The broker can be reached again".to_owned(),
        1 => "The broker can be reached again; 1 message for other servers was lost".to_owned(),
        _ => format!("The broker can be reached again; {lost} messages for other servers were lost"),
    }
}
