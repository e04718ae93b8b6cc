//! Which names are registered.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::iter;

use super::Hub;
use super::replica::journaled;
use crate::config::AccountsConfig;
use crate::message::{AccountId, Effects, Now, Refusal};
use crate::name::UserName;
use crate::skeleton::{is_service, skeletons};

/// All registered names. Two names that people may confuse are the same here.
#[derive(Debug, Default)]
pub struct Accounts {
    /// By the hash of the name, and of each of its skeletons: whole names would take several times as much memory, and
    /// with a random key nobody can search for two with the same hash of 64 bits.
    by_name: HashMap<u64, Owner>,
    hasher: RandomState,
    /// The names themselves, for other nodes, which have another hasher.
    #[cfg(feature = "cluster")]
    names: Option<HashMap<UserName, AccountId>>,
    count: usize,
    pub(super) rules: AccountsConfig,
    /// The number of the last guest that was given a name.
    pub(super) last_guest: u32,
}

/// The account that a name belongs to.
#[derive(Clone, Copy, Debug)]
struct Owner {
    account: AccountId,
    /// The name is the account's own, and not only a skeleton of it.
    is_own: bool,
}

impl Accounts {
    /// The account of this name, or else of one that looks like it.
    pub fn find(&self, name: &UserName) -> Option<AccountId> {
        self.keys(name).iter().find_map(|key| self.by_name.get(key)).map(|owner| owner.account)
    }

    /// The account of this name, however its letters are cased. Others that look like it do not count, nor does one that
    /// is still being registered.
    pub fn called(&self, name: &UserName) -> Option<AccountId> {
        let owner = self.by_name.get(&self.hasher.hash_one(name.folded()))?;
        (owner.is_own && owner.account != AccountId::NONE).then_some(owner.account)
    }

    /// The number of accounts.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True when there are no accounts.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Notes an account, or that the account of this name has another number. Its name belongs to it even if it looks
    /// like that of another account, because more names look alike in later versions of Unicode.
    pub(super) fn insert(&mut self, id: AccountId, name: &UserName) {
        self.remove(name);
        let [own, others @ ..] = &self.keys(name)[..] else { return };
        self.by_name.insert(*own, Owner { account: id, is_own: true });
        for key in others {
            self.by_name.entry(*key).or_insert(Owner { account: id, is_own: false });
        }
        self.count += 1;
        #[cfg(feature = "cluster")]
        if let Some(names) = &mut self.names {
            names.insert(name.clone(), id);
        }
    }

    /// Forgets the account of this name.
    pub(super) fn remove(&mut self, name: &UserName) {
        let [own, others @ ..] = &self.keys(name)[..] else { return };
        let Some(account) = self.by_name.get(own).filter(|owner| owner.is_own).map(|owner| owner.account)
        else {
            return;
        };
        self.by_name.remove(own);
        for key in others {
            if self.by_name.get(key).is_some_and(|owner| owner.account == account && !owner.is_own) {
                self.by_name.remove(key);
            }
        }
        self.count -= 1;
        #[cfg(feature = "cluster")]
        if let Some(names) = &mut self.names {
            names.remove(name);
        }
    }

    /// Keeps names from now on. There must be none yet.
    #[cfg(feature = "cluster")]
    pub(super) fn keep_names(&mut self) {
        debug_assert!(self.is_empty(), "names were not kept");
        self.names.get_or_insert_default();
    }

    /// All accounts whose names are kept, by number.
    #[cfg(feature = "cluster")]
    pub fn list(&self) -> Vec<(AccountId, UserName)> {
        let names = self.names.iter().flatten();
        let mut list: Vec<_> = names.map(|(name, &account)| (account, name.clone())).collect();
        list.sort_by(|(one, name), (other, other_name)| {
            one.cmp(other).then_with(|| name.as_str().cmp(other_name.as_str()))
        });
        list
    }

    /// The hash of the name, which is that of no other name, and the hashes of its skeletons.
    fn keys(&self, name: &UserName) -> Vec<u64> {
        let texts = iter::once(name.folded()).chain(skeletons(name));
        texts.map(|text| self.hasher.hash_one(text)).collect()
    }
}

impl Hub {
    /// The registered names.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Notes that this account exists.
    pub fn add_account(&mut self, id: AccountId, name: &UserName) {
        journaled!(self, AddAccount(id, name.clone()), self.accounts.insert(id, name));
    }

    /// Notes that no account has this name: it could not be registered.
    pub fn remove_account(&mut self, name: &UserName) {
        journaled!(self, RemoveAccount(name.clone()), self.accounts.remove(name));
    }

    /// Sets who stays without connections, for how long, and how many connections a user may have.
    pub fn set_account_rules(&mut self, rules: AccountsConfig, now: Now, out: &mut Effects) {
        let before = std::mem::replace(&mut self.accounts.rules, rules);
        if before.always_on != rules.always_on {
            self.record_all_stays(now, out);
        }
    }

    /// Refuses a name that is registered or that of a service, or that looks like one, to those who are not logged in and
    /// those who want to register it.
    pub fn allow_name(&self, name: &UserName) -> Result<(), Refusal> {
        if is_service(name) {
            return Err(Refusal::NameTaken(name.clone()));
        }
        match self.accounts.find(name) {
            Some(_) if self.is_replaying() => Ok(()),
            Some(_) => Err(Refusal::NameRegistered(name.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    #[test]
    fn a_look_alike_of_a_registered_name_finds_its_account() {
        let mut accounts = Accounts::default();
        accounts.insert(AccountId(1), &name("alice"));
        accounts.insert(AccountId(2), &name("Mike"));
        for (text, found) in [
            ("Alice", Some(1)),
            ("аlice", Some(1)),
            ("ａｌｉｃｅ", Some(1)),
            ("aIice", Some(1)),
            ("alicia", None),
            ("rnike", Some(2)),
            ("mika", None),
        ] {
            assert_eq!(accounts.find(&name(text)), found.map(AccountId), "{text}");
        }
    }

    #[test]
    fn an_account_is_called_by_its_own_name_once_it_is_registered() {
        let mut accounts = Accounts::default();
        accounts.insert(AccountId::NONE, &name("alice"));
        assert_eq!(accounts.find(&name("alice")), Some(AccountId::NONE));
        assert_eq!(accounts.called(&name("alice")), None);
        accounts.insert(AccountId(1), &name("alice"));
        assert_eq!(accounts.called(&name("Alice")), Some(AccountId(1)));
        for text in ["аlice", "ａｌｉｃｅ", "aIice"] {
            assert_eq!(accounts.called(&name(text)), None, "{text}");
        }
    }

    #[test]
    fn a_dropped_account_frees_its_name_and_look_alikes() {
        let mut accounts = Accounts::default();
        accounts.insert(AccountId(1), &name("Mike"));
        accounts.insert(AccountId(2), &name("Ian"));
        accounts.remove(&name("mike"));
        for text in ["Mike", "rnike", "Мike"] {
            assert_eq!(accounts.find(&name(text)), None, "{text}");
        }
        assert_eq!(accounts.find(&name("lan")), Some(AccountId(2)));
        assert_eq!(accounts.len(), 1);
    }

    #[test]
    fn an_account_that_gets_another_number_is_still_one_account() {
        let mut accounts = Accounts::default();
        accounts.insert(AccountId(0), &name("mike"));
        accounts.insert(AccountId(7), &name("mike"));
        assert_eq!(accounts.find(&name("rnike")), Some(AccountId(7)));
        assert_eq!(accounts.len(), 1);
    }

    #[test]
    fn two_accounts_that_look_alike_each_have_their_own_name() {
        let mut accounts = Accounts::default();
        accounts.insert(AccountId(1), &name("mike"));
        accounts.insert(AccountId(2), &name("rnike"));
        assert_eq!(accounts.find(&name("Mike")), Some(AccountId(1)));
        assert_eq!(accounts.find(&name("Rnike")), Some(AccountId(2)));
        assert_eq!(accounts.len(), 2);
        accounts.remove(&name("mike"));
        assert_eq!(accounts.find(&name("Rnike")), Some(AccountId(2)));
        accounts.remove(&name("rnike"));
        assert!(accounts.is_empty());
        assert_eq!(accounts.find(&name("mike")), None);
    }
}
