//! Limits the memory for rooms, seats, watch lists and bans: in total, and per address. A room is charged to the
//! address of the user who opened it and so controls it; the lobby and bans are charged to no address. Peers on this
//! machine only count towards the total, like their connections.

use std::collections::HashMap;

use crate::config::Limits;
use crate::message::Refusal;
use crate::origin::Origin;

/// The total is `--memory` divided by this.
const SHARE_OF_ALL: usize = 4;

/// The limit per address is the total divided by this.
const SHARE_OF_EACH: usize = 8;

/// The total is at least this many bytes, however small `--memory` is.
const LEAST_OF_ALL: usize = 512 * 1024;

/// The bytes charged so far, and their limits.
#[derive(Debug)]
pub(super) struct Budget {
    most: usize,
    total: usize,
    /// Nothing exceeds the limits: another server has allowed it.
    #[cfg(any(feature = "cluster", feature = "upgrade"))]
    pub(super) is_lenient: bool,
    /// Bytes charged to each address, never 0.
    origins: HashMap<Origin, usize>,
}

impl Default for Budget {
    /// An empty budget with the default `--memory`.
    fn default() -> Self {
        let mut budget = Self {
            most: 0,
            total: 0,
            #[cfg(any(feature = "cluster", feature = "upgrade"))]
            is_lenient: false,
            origins: HashMap::new(),
        };
        budget.set_memory(Limits::default().memory_bytes);
        budget
    }
}

impl Budget {
    /// Changes the limits. What is already charged stays.
    pub(super) fn set_memory(&mut self, memory_bytes: usize) {
        self.most = (memory_bytes / SHARE_OF_ALL).max(LEAST_OF_ALL);
    }

    /// Takes over the limits of another.
    #[cfg(feature = "cluster")]
    pub(super) fn limit_like(&mut self, other: &Self) {
        self.most = other.most;
    }

    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Checks whether `more` bytes may be charged to `owner`. If not, returns the limit that they exceed.
    pub(super) fn allows(&self, owner: Option<Origin>, more: usize) -> Result<(), OverBudget> {
        #[cfg(any(feature = "cluster", feature = "upgrade"))]
        if self.is_lenient {
            return Ok(());
        }
        if self.total.saturating_add(more) > self.most {
            return Err(OverBudget { most: self.most, of_address: false });
        }
        let most = self.most / SHARE_OF_EACH;
        let theirs = owner.and_then(|owner| self.origins.get(&owner)).copied().unwrap_or_default();
        if owner.is_some() && theirs.saturating_add(more) > most {
            return Err(OverBudget { most, of_address: true });
        }
        Ok(())
    }

    /// Replaces the `charged` bytes of `owner` by `now` bytes, and updates `charged`.
    pub(super) fn recharge(&mut self, owner: Option<Origin>, charged: &mut u32, now: usize) {
        let before = *charged as usize;
        *charged = u32::try_from(now).unwrap_or(u32::MAX);
        let now = *charged as usize;
        self.total = self.total - before + now;
        let Some(owner) = owner else { return };
        let theirs = self.origins.entry(owner).or_default();
        *theirs = *theirs - before + now;
        if *theirs == 0 {
            self.origins.remove(&owner);
            self.origins.shrink_to(2 * self.origins.len());
        }
    }

    /// Panics unless the total is `total`. For tests.
    pub(super) fn check(&self, total: usize) {
        assert_eq!(self.total, total, "the charges add up");
        assert!(self.origins.values().all(|&theirs| theirs > 0), "addresses without charges are removed");
        assert!(self.origins.values().sum::<usize>() <= total, "no address exceeds the total");
    }
}

impl From<OverBudget> for Refusal {
    fn from(OverBudget { most, of_address }: OverBudget) -> Self {
        Self::NoMemoryForUser { most, of_address }
    }
}

/// A limit that would be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OverBudget {
    /// The limit in bytes.
    pub(super) most: usize,
    /// True for the limit of one address, false for the total.
    pub(super) of_address: bool,
}
