//! Who watches which names (IRCv3 `MONITOR`), to hear when their owners come and go. A watched name may be unused.
//! Each user lists the names it watches; this is the reverse index.

use std::collections::HashMap;

use super::users::{Users, watch_bytes};
use crate::message::UserId;
use crate::name::UserName;

/// Maximum number of watched names per user.
pub const WATCHED_NAMES: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Watchers {
    by_name: HashMap<UserName, Vec<UserId>>,
}

impl Watchers {
    /// Adds `name` to the watch list of `id`. False when the list is full.
    pub(super) fn watch(&mut self, users: &mut Users, id: UserId, name: &UserName) -> bool {
        let Some(user) = users.get_mut(id) else { return false };
        if user.watches().contains(name) {
            return true;
        }
        if user.watches().len() >= WATCHED_NAMES {
            return false;
        }
        let (owner, more) = (user.owner(), watch_bytes(user.watches().len(), name));
        if users.budget.allows(owner, more).is_err() {
            return false;
        }
        let Some(user) = users.get_mut(id) else { return false };
        user.rare_mut().watches.push(name.clone());
        users.recharge(id);
        self.by_name.entry(name.clone()).or_default().push(id);
        true
    }

    pub(super) fn unwatch(&mut self, users: &mut Users, id: UserId, name: &UserName) {
        if let Some(user) = users.get_mut(id) {
            user.rare_mut().watches.retain(|watched| watched != name);
            users.recharge(id);
            self.forget(id, name);
        }
    }

    pub(super) fn unwatch_all(&mut self, users: &mut Users, id: UserId) {
        let Some(rare) = users.get_mut(id).and_then(|user| user.rare.as_mut()) else { return };
        let watches = std::mem::take(&mut rare.watches);
        users.recharge(id);
        for name in watches {
            self.forget(id, &name);
        }
    }

    fn forget(&mut self, id: UserId, name: &UserName) {
        if let Some(ids) = self.by_name.get_mut(name) {
            ids.retain(|&watcher| watcher != id);
            if ids.is_empty() {
                self.by_name.remove(name);
                if self.by_name.capacity() > WATCHED_NAMES.max(4 * self.by_name.len()) {
                    self.by_name.shrink_to(2 * self.by_name.len());
                }
            }
        }
    }

    /// The users who watch `name`.
    pub(super) fn of(&self, name: &UserName) -> &[UserId] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Panics when the two directions disagree. Costs O(n); for tests.
    pub(super) fn check(&self, users: &Users) {
        let mut pairs = 0;
        for (name, ids) in &self.by_name {
            assert!(!ids.is_empty(), "{name} is watched by somebody");
            for &id in ids {
                assert!(users.get(id).is_some_and(|user| user.watches().contains(name)));
                pairs += 1;
            }
        }
        assert_eq!(users.iter().map(|(_, user)| user.watches().len()).sum::<usize>(), pairs);
    }
}
