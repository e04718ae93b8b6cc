//! The lease: a node without one is dead.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Member, News};
use crate::cluster::request::Request;
use crate::message::{Epoch, Node, Now};

/// How often the lease is renewed. It expires after 6 s.
const RENEW: Duration = Duration::from_secs(1);

/// How long a node must have been connected until it takes others for dead: after the broker was away, they have as much
/// time to renew their leases.
const PATIENCE: Duration = Duration::from_secs(8);

/// How many renewals in a row must find no lease of a node.
const MISSES: u8 = 2;

#[derive(Debug, Default)]
pub(super) struct Lease {
    up_since: Option<Instant>,
    next: Option<Instant>,
    /// A renewal has no reply yet.
    is_asked: bool,
    /// Nodes whose lease was missing, and how often in a row.
    missing: Vec<(Epoch, u8)>,
}

impl Lease {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next.filter(|_| !self.is_asked)
    }

    pub(super) fn is_up_since(&mut self, now: Instant) {
        self.up_since = Some(now);
        self.missing.clear();
    }

    pub(super) fn link_lost(&mut self) {
        self.is_asked = false;
    }

    /// Since when the broker can be reached.
    pub(super) fn up_since(&self) -> Option<Instant> {
        self.up_since
    }

    pub(super) fn begin(&mut self, now: Instant) {
        self.next = Some(now + RENEW);
    }

    pub(super) fn stop(&mut self) {
        (self.next, self.is_asked) = (None, false);
        self.missing.clear();
    }

    /// Asks to renew it.
    pub(super) fn ask(
        &mut self,
        requests: &mut VecDeque<Request>,
        name: &str,
        node: Option<&Node>,
        now: Now,
    ) {
        let Some(node) = node else { return };
        requests.push_back(Request::Renew { name: name.into(), epoch: node.epoch });
        self.is_asked = true;
        self.next = Some(now.instant + RENEW);
    }

    /// Counts how often in a row the lease of a node was missing. True when it is certain.
    fn is_missing(&mut self, epoch: Epoch) -> bool {
        let index = self.missing.iter().position(|(known, _)| *known == epoch);
        let index = index.unwrap_or_else(|| {
            self.missing.push((epoch, 0));
            self.missing.len() - 1
        });
        let (_, count) = &mut self.missing[index];
        *count = count.saturating_add(1);
        *count >= MISSES
    }
}

impl Member {
    pub(super) fn expire_lease(&mut self, now: Now) {
        if self.lease.deadline().is_some_and(|at| at <= now.instant) && !self.is_ending {
            self.clock.is_asked(now.instant);
            self.lease.ask(&mut self.requests, &self.config.name, self.phase.node(), now);
        }
    }

    pub(super) fn renewed(&mut self, alive: &[Epoch], log: &str, now: Now) {
        self.lease.is_asked = false;
        let Some(own) = self.phase.node().map(|node| node.epoch) else { return };
        if self.log.as_deref() != Some(log) {
            return self.rejoin("the broker has lost everything", now);
        }
        self.alive = alive.to_vec();
        if !self.is_joined() {
            return;
        }
        let is_patient =
            self.lease.up_since.is_some_and(|since| now.instant.saturating_duration_since(since) >= PATIENCE);
        let missing = self.nodes.iter().filter(|node| node.epoch != own && !alive.contains(&node.epoch));
        let missing: Vec<_> = missing.map(|node| (node.id, node.epoch)).collect();
        self.lease.missing.retain(|(epoch, _)| missing.iter().any(|(_, other)| other == epoch));
        for (id, epoch) in missing {
            if self.lease.is_missing(epoch) && is_patient {
                self.news.push_back(News::Gone(id, epoch));
                self.want_lock(now);
            }
        }
    }
}
