//! Which names are registered, and logging in to accounts.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::iter;
use std::time::SystemTime;

use super::Hub;
use super::users::User;
use crate::message::{Account, AccountId, ConnectionId, Effects, EventId, Now, Profile, Refusal, UserId};
use crate::name::UserName;
use crate::skeleton::{is_service, skeletons};

/// All registered names. Two names that people may confuse are the same here.
#[derive(Debug, Default)]
pub struct Accounts {
    /// By the hash of the name, and of each of its skeletons: whole names would take several times as much memory, and
    /// with a random key nobody can search for two with the same hash of 64 bits.
    by_name: HashMap<u64, Owner>,
    hasher: RandomState,
    count: usize,
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
    }

    /// The hash of the name, which is that of no other name, and the hashes of its skeletons.
    fn keys(&self, name: &UserName) -> Vec<u64> {
        let texts = iter::once(name.folded()).chain(skeletons(name));
        texts.map(|text| self.hasher.hash_one(text)).collect()
    }
}

/// What a user with an account has more than others.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) account: Account,
    /// The user's connections, each with the name of its device.
    pub(super) devices: Vec<Device>,
}

/// A connection of an account's user.
#[derive(Debug)]
pub struct Device {
    pub connection: ConnectionId,
    pub name: Box<str>,
    /// When it logged in.
    pub since: SystemTime,
}

/// A login to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// The account's user.
    pub user: UserId,
    /// The user was here already: the connection is a further one, or the user stayed without connections.
    pub was_here: bool,
    /// The last event that this device has heard, if it was here before.
    pub heard: Option<EventId>,
}

impl User {
    /// The account that the user is logged in to, if there is one.
    pub fn account(&self) -> Option<&Account> {
        Some(&self.rare.as_ref()?.membership.as_ref()?.account)
    }
}

impl Hub {
    /// The registered names.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Notes that this account exists.
    pub fn add_account(&mut self, id: AccountId, name: &UserName) {
        self.accounts.insert(id, name);
    }

    /// The account of the user `id`, if it is logged in to one.
    pub fn account_of(&self, id: UserId) -> Option<&Account> {
        self.users.get(id)?.account()
    }

    /// The user of this account, if it is here.
    pub fn user_of(&self, account: &Account) -> Option<UserId> {
        let id = self.users.find(&account.name)?;
        (self.account_of(id)?.id == account.id).then_some(id)
    }

    /// The devices of the user `id`, oldest login first. Users without accounts have none.
    pub fn devices(&self, id: UserId) -> &[Device] {
        let rare = self.users.get(id).and_then(|user| user.rare.as_ref());
        rare.and_then(|rare| rare.membership.as_ref()).map_or(&[], |membership| &membership.devices)
    }

    /// Logs `connection`, which has no user, in to `account` under its name. `device` is the name of the device.
    pub fn enter_account(
        &mut self,
        connection: ConnectionId,
        account: Account,
        device: &str,
        profile: Profile,
        now: Now,
        out: &mut Effects,
    ) -> Result<Entered, Refusal> {
        let heard = account.devices.iter().find(|(name, _)| &**name == device).map(|&(_, event)| event);
        if let Some(user) = self.user_of(&account) {
            self.attach(user, connection);
            self.add_device(user, connection, device, now);
            return Ok(Entered { user, was_here: true, heard });
        }
        let name = account.name.clone();
        let user = self.appear(connection, name, profile, now, out)?;
        if let Some(there) = self.users.get_mut(user) {
            there.change_identity(|identity| identity.has_account = true);
            there.rare_mut().membership = Some(Box::new(Membership { account, devices: Vec::new() }));
        }
        self.add_device(user, connection, device, now);
        Ok(Entered { user, was_here: false, heard })
    }

    fn add_device(&mut self, user: UserId, connection: ConnectionId, device: &str, now: Now) {
        if let Some(membership) =
            self.users.get_mut(user).and_then(|user| user.rare_mut().membership.as_mut())
        {
            membership.devices.push(Device { connection, name: device.into(), since: now.time });
        }
        self.users.recharge(user);
    }

    /// Forgets the account of this name, which is deleted.
    pub fn drop_account(&mut self, name: &UserName) {
        self.accounts.remove(name);
    }

    /// Refuses a name that is registered or that of a service, or that looks like one, to those who are not logged in and
    /// those who want to register it.
    pub fn allow_name(&self, name: &UserName) -> Result<(), Refusal> {
        if is_service(name) {
            return Err(Refusal::NameTaken(name.clone()));
        }
        match self.accounts.find(name) {
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
