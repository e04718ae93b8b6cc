//! How much memory rooms, seats in them, watch lists and bans may take: all together, and those of one address. A room is
//! charged to the address of whoever opened it, because that one decides who may change it; the lobby and bans to nobody.
//! Peers on this machine are held to the limit for all alone, as their connections are.

use std::collections::HashMap;

use crate::config::Limits;
use crate::message::Refusal;
use crate::origin::Origin;

/// Which part of `--memory` all of this may take: one in so many.
const SHARE_OF_ALL: usize = 4;

/// Which part of that those of one address may take: one in so many.
const SHARE_OF_EACH: usize = 8;

/// What all may take at least, in bytes, however little memory there is.
const LEAST_OF_ALL: usize = 512 * 1024;

/// What is kept for rooms, seats, watch lists and bans.
#[derive(Debug)]
pub(super) struct Budget {
    most: usize,
    total: usize,
    /// Addresses with something: no count is 0.
    origins: HashMap<Origin, usize>,
}

impl Default for Budget {
    /// Nothing is kept yet, of as much memory as a server has by default.
    fn default() -> Self {
        let mut budget = Self { most: 0, total: 0, origins: HashMap::new() };
        budget.set_memory(Limits::default().memory_bytes);
        budget
    }
}

impl Budget {
    /// Changes how much memory there is. What is there stays.
    pub(super) fn set_memory(&mut self, memory_bytes: usize) {
        self.most = (memory_bytes / SHARE_OF_ALL).max(LEAST_OF_ALL);
    }

    /// What is kept, in bytes.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Says whether `more` bytes may be kept for `owner`; if not, how many may be kept at most.
    pub(super) fn allows(&self, owner: Option<Origin>, more: usize) -> Result<(), OverBudget> {
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

    /// Counts that `now` bytes are kept for `owner` where there were `charged`, and notes that.
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

    /// Panics where not this much is charged altogether: for tests.
    pub(super) fn check(&self, total: usize) {
        assert_eq!(self.total, total, "what is kept for rooms and users is charged");
        assert!(self.origins.values().all(|&theirs| theirs > 0), "an address without anything is forgotten");
        assert!(self.origins.values().sum::<usize>() <= total, "no address has what is not there");
    }
}

impl From<OverBudget> for Refusal {
    fn from(OverBudget { most, of_address }: OverBudget) -> Self {
        Self::NoMemoryForUser { most, of_address }
    }
}

/// There may be no more than this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OverBudget {
    /// Most bytes.
    pub(super) most: usize,
    /// For one address, and not for all.
    pub(super) of_address: bool,
}
