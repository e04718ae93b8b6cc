//! The registration of a room: its founder, and accounts with ranks. A registered room exists without members.

use std::time::SystemTime;

use crate::footprint::{heap_bytes, shared_bytes, vec_bytes};
use crate::message::{AccountId, Rank};
use crate::name::UserName;

/// Maximum number of accounts with a rank in one room, besides the founder.
pub const RANKS_PER_ROOM: usize = 100;

/// The registration of a room.
#[derive(Clone, Debug)]
pub struct Registration {
    /// When the room was registered.
    pub since: SystemTime,
    /// The account that may do everything with the room.
    pub founder: Holder,
    ranks: Vec<(Holder, Rank)>,
    /// The account to which the founder offers the room, until the server restarts.
    pub(super) heir: Option<Holder>,
}

/// An account with rights in a room. Accounts are not renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub account: AccountId,
    pub name: UserName,
}

impl Registration {
    pub(super) fn new(founder: Holder, since: SystemTime) -> Self {
        Self { since, founder, ranks: Vec::new(), heir: None }
    }

    /// The heap memory that it takes, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        let holders = self.ranks.iter().map(|(holder, _)| holder).chain([&self.founder]).chain(&self.heir);
        heap_bytes(size_of::<Self>())
            + vec_bytes(&self.ranks)
            + holders.map(|holder| shared_bytes(holder.name.as_str().len())).sum::<usize>()
    }

    /// The maximum memory of one more rank, in a list that grows for it.
    pub(super) fn rank_bytes(&self, name: &UserName) -> usize {
        heap_bytes((2 * self.ranks.len()).max(4) * size_of::<(Holder, Rank)>())
            + shared_bytes(name.as_str().len())
    }

    /// The accounts with ranks, in the order in which they got them.
    pub fn ranks(&self) -> &[(Holder, Rank)] {
        &self.ranks
    }

    /// The rank that an account gets when it joins.
    pub fn rank_of(&self, account: AccountId) -> Rank {
        if account == self.founder.account {
            return Rank::OPERATOR;
        }
        let rank = self.ranks.iter().find(|(holder, _)| holder.account == account);
        rank.map_or(Rank::NONE, |&(_, rank)| rank)
    }

    /// Grants or revokes a rank of an account. False when nothing changes.
    pub(super) fn set_rank(&mut self, who: &Holder, rank: Rank, given: bool) -> bool {
        let place = self.ranks.iter().position(|(holder, _)| holder.account == who.account);
        let old = place.map_or(Rank::NONE, |place| self.ranks[place].1);
        let new = old.with(rank, given);
        match place {
            Some(place) if new == Rank::NONE => drop(self.ranks.remove(place)),
            Some(place) => self.ranks[place].1 = new,
            None if new != Rank::NONE => self.ranks.push((who.clone(), new)),
            None => {}
        }
        new != old
    }

    /// Removes an account from the list of ranks. False when it was not there.
    pub(super) fn forget(&mut self, account: AccountId) -> bool {
        let before = self.ranks.len();
        self.ranks.retain(|(holder, _)| holder.account != account);
        self.ranks.len() < before
    }
}
