//! The two-way hash index of users: from a name to its user and from a user to the name, both O(1). Every
//! change goes through one function that changes both directions, so they cannot disagree.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::rooms::Seat;
use crate::message::UserId;
use crate::name::UserName;

/// Everybody who has a name.
#[derive(Debug, Default)]
pub struct Users {
    by_name: HashMap<UserName, UserId>,
    by_id: HashMap<UserId, User>,
}

/// What is known of one user.
#[derive(Debug)]
pub struct User {
    /// Equal to the key that `by_name` has for this user, also in letter case.
    pub name: UserName,
    /// The rooms the user is in; `Rooms` keeps the other half of this.
    pub seats: Vec<Seat>,
}

/// Somebody else has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken;

impl Users {
    /// Makes `id`, who has no name yet, the user called `name`.
    pub fn claim(&mut self, id: UserId, name: UserName) -> Result<(), Taken> {
        debug_assert!(!self.by_id.contains_key(&id), "{id:?} claims a second name");
        match self.by_name.entry(name.clone()) {
            Entry::Occupied(_) => Err(Taken),
            Entry::Vacant(entry) => {
                entry.insert(id);
                self.by_id.insert(id, User { name, seats: Vec::new() });
                Ok(())
            }
        }
    }

    /// Gives the user `id` another name, and frees the old one. A user may change the letter case of its own.
    pub fn rename(&mut self, id: UserId, name: UserName) -> Result<(), Taken> {
        let Some(user) = self.by_id.get_mut(&id) else {
            debug_assert!(false, "{id:?} renames but has no name");
            return Ok(());
        };
        if self.by_name.get(&name).is_some_and(|&owner| owner != id) {
            return Err(Taken);
        }
        // Removed first: where only the letter case changes, `insert` would keep the old key.
        self.by_name.remove(&user.name);
        self.by_name.insert(name.clone(), id);
        user.name = name;
        Ok(())
    }

    /// Forgets the user `id`, whose name is free from now on.
    pub fn release(&mut self, id: UserId) -> Option<User> {
        let user = self.by_id.remove(&id)?;
        self.by_name.remove(&user.name);
        Some(user)
    }

    /// The user called `name`, in any letter case.
    pub fn find(&self, name: &UserName) -> Option<UserId> {
        self.by_name.get(name).copied()
    }

    /// The user `id`, if it has a name.
    pub fn get(&self, id: UserId) -> Option<&User> {
        self.by_id.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: UserId) -> Option<&mut User> {
        self.by_id.get_mut(&id)
    }

    /// How many users there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// True when there is nobody.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Every user, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (UserId, &User)> {
        self.by_id.iter().map(|(&id, user)| (id, user))
    }

    /// Panics where the two directions disagree. Costs O(n): for tests.
    pub fn check(&self) {
        assert_eq!(self.by_name.len(), self.by_id.len(), "as many names as users");
        for (name, id) in &self.by_name {
            let user = self.by_id.get(id).expect("every name has its user");
            assert_eq!(user.name.as_str(), name.as_str(), "both directions hold the same spelling");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: UserId = UserId(1);
    const BOB: UserId = UserId(2);

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    #[test]
    fn a_claimed_name_is_found_both_ways() {
        let mut users = Users::default();
        users.claim(ANA, name("Ana")).unwrap();
        assert_eq!(users.find(&name("aNA")), Some(ANA));
        assert_eq!(users.get(ANA).unwrap().name.as_str(), "Ana");
        users.check();
    }

    #[test]
    fn a_name_taken_in_another_letter_case_is_taken() {
        let mut users = Users::default();
        users.claim(ANA, name("Ana")).unwrap();
        assert_eq!(users.claim(BOB, name("ANA")), Err(Taken));
        assert_eq!(users.len(), 1);
        users.check();
    }

    #[test]
    fn rename_frees_the_old_name() {
        let mut users = Users::default();
        users.claim(ANA, name("ana")).unwrap();
        users.rename(ANA, name("anna")).unwrap();
        users.claim(BOB, name("ana")).unwrap();
        assert_eq!(users.rename(ANA, name("ANA")), Err(Taken));
        assert_eq!(users.get(ANA).unwrap().name.as_str(), "anna");
        users.check();
    }

    #[test]
    fn a_user_may_change_the_letter_case_of_its_own_name() {
        let mut users = Users::default();
        users.claim(ANA, name("ana")).unwrap();
        users.rename(ANA, name("ANA")).unwrap();
        assert_eq!(users.get(ANA).unwrap().name.as_str(), "ANA");
        users.check();
    }

    #[test]
    fn a_released_name_is_free() {
        let mut users = Users::default();
        users.claim(ANA, name("ana")).unwrap();
        assert_eq!(users.release(ANA).unwrap().name.as_str(), "ana");
        assert!(users.release(ANA).is_none());
        assert_eq!(users.find(&name("ana")), None);
        users.claim(BOB, name("ana")).unwrap();
        users.check();
    }
}
