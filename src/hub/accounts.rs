//! Which names are registered, and logging in to accounts.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::SystemTime;

use super::Hub;
use super::users::User;
use crate::message::{Account, AccountId, ConnectionId, Effects, EventId, Now, Profile, Refusal, UserId};
use crate::name::UserName;

/// All registered names. Two names that people may confuse are the same here.
#[derive(Debug, Default)]
pub struct Accounts {
    /// By the hash of the name: whole names would take several times as much memory, and with a random key nobody can
    /// search for two with the same hash of 64 bits.
    by_name: HashMap<u64, AccountId>,
    hasher: RandomState,
}

impl Accounts {
    /// The account of this name, or of one that looks like it.
    pub fn find(&self, name: &UserName) -> Option<AccountId> {
        self.by_name.get(&self.key(name)).copied()
    }

    /// The number of accounts.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// True when there are no accounts.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Notes an account.
    pub(super) fn insert(&mut self, id: AccountId, name: &UserName) {
        self.by_name.insert(self.key(name), id);
    }

    /// Forgets the account of this name.
    pub(super) fn remove(&mut self, name: &UserName) {
        self.by_name.remove(&self.key(name));
    }

    fn key(&self, name: &UserName) -> u64 {
        self.hasher.hash_one(name.folded())
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

    /// Refuses a name that is registered, or that looks like a registered one, to those who are not logged in.
    pub(super) fn allow_name(&self, name: &UserName) -> Result<(), Refusal> {
        match self.accounts.find(name) {
            Some(_) => Err(Refusal::NameRegistered(name.clone())),
            None => Ok(()),
        }
    }
}
