//! Reading the log: entries of others are applied in order, and newcomers get snapshots.

use log::{debug, warn};

use super::{Member, News};
use crate::broker::sha1_hex;
use crate::cluster::codec;
use crate::cluster::request::Request;
use crate::message::{Dated, Epoch, LogEntry, LogIndex, Node, NodeId, Now, Operation, Snapshot};

impl Member {
    pub(super) fn entry_read(&mut self, index: LogIndex, before: &[u8], bytes: Vec<u8>, now: Now) {
        let Some(Node { id, epoch, .. }) = self.phase.reader() else { return };
        let own = (*id, *epoch);
        if index <= self.applied {
            if index == self.applied && sha1_hex(&bytes) != self.applied_digest {
                self.rejoin("another node has appended an entry in place of its own", now);
            }
            return;
        }
        if index != self.applied.following() {
            return self.rejoin("entries of the log are missing", now);
        }
        if before != self.applied_digest.as_bytes() {
            return self.rejoin("the broker has another entry at the place of its last one", now);
        }
        // The server has carried out commands in this turn without this entry, so their entry must not follow it.
        if self.has_lock() {
            return self.rejoin("another node has changed something while it had the lock", now);
        }
        match codec::decode_entry(index, &bytes) {
            Ok(entry) => self.apply(entry, sha1_hex(&bytes), own, now),
            Err(error) => {
                warn!("entry {index} of the cluster's log cannot be read: {error}");
                self.rejoin("it cannot read an entry of the log", now);
            }
        }
    }

    pub(super) fn apply(&mut self, entry: LogEntry, digest: Box<str>, own: (NodeId, Epoch), now: Now) {
        (self.applied, self.applied_digest) = (entry.index, digest);
        let mut offers = Vec::new();
        for Dated { operation, .. } in &entry.operations {
            match operation {
                Operation::Reset => return self.rejoin("another node has founded the cluster anew", now),
                Operation::Down { node, epoch } if (*node, *epoch) == own => {
                    return self.rejoin("others took it for dead", now);
                }
                Operation::Down { node, epoch } => self.forget(*node, *epoch),
                Operation::Hello { node, attempt } => {
                    self.meet(node.clone());
                    if self.offers_to(node.epoch, *attempt) {
                        offers.push(node.epoch);
                    }
                }
                _ => {}
            }
        }
        // It has greeted again while an earlier snapshot was on its way.
        let is_own = (entry.node, entry.epoch) == own;
        if !is_own {
            self.news.push_back(News::Entry(Box::new(entry)));
        }
        self.news.extend(offers.into_iter().map(News::Offer));
        self.send_again();
        self.deliver_held();
        self.use_lock(now);
    }

    /// Adds a node. Earlier lives of it are over.
    pub(super) fn meet(&mut self, node: Node) {
        self.nodes.retain(|known| known.id != node.id && known.name != node.name);
        self.nodes.push(node);
        self.nodes.sort_unstable_by_key(|node| node.id);
    }

    pub(super) fn forget(&mut self, id: NodeId, epoch: Epoch) {
        self.nodes.retain(|node| (node.id, node.epoch) != (id, epoch));
    }

    /// Hands out the snapshot that another node needs.
    pub fn offer(&mut self, to: Epoch, snapshot: &Snapshot) {
        debug!("a snapshot for epoch {}", to.0);
        let snapshot = codec::encode_snapshot(snapshot);
        self.requests.push_back(Request::PutSnapshot { epoch: to, snapshot });
    }
}
