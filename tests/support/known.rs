//! Accounts in memory, for stores that stand in for a database.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use parlor::message::{Account, AccountAnswer, AccountChange, AccountId, AccountQuery};
use parlor::name::UserName;
use parlor::secret::StoredPassword;
use parlor::store::Opened;

/// Accounts with their passwords.
type Accounts = Vec<(Account, Option<StoredPassword>)>;

/// Accounts, without what belongs to them.
///
/// Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Known(Arc<Mutex<Accounts>>);

impl Known {
    /// Accounts with the same password.
    pub fn with(names: &[&str], password: &StoredPassword) -> Self {
        let known = Self::default();
        for name in names {
            let name = UserName::new(name).expect("a name");
            known.create(name, Some(password.clone()), SystemTime::UNIX_EPOCH);
        }
        known
    }

    /// The accounts as a store gives them to a server at its start.
    pub fn opened(&self) -> Opened {
        let accounts = self.all();
        let accounts = accounts.iter().map(|(account, _)| (account.id, account.name.clone())).collect();
        Opened { accounts, ..Opened::default() }
    }

    fn all(&self) -> MutexGuard<'_, Vec<(Account, Option<StoredPassword>)>> {
        self.0.lock().expect("nobody panics with it")
    }

    pub fn answer(&self, query: &AccountQuery) -> AccountAnswer {
        match query {
            AccountQuery::Credentials(id) => match self.all().iter().find(|(account, _)| account.id == *id) {
                Some((account, password)) => {
                    AccountAnswer::Account(Box::new(account.clone()), password.clone().map(Box::new))
                }
                None => AccountAnswer::Unknown,
            },
            AccountQuery::Change(AccountChange::Create { name, password, at, .. }) => {
                let is_taken = self.all().iter().any(|(account, _)| account.name == *name);
                match is_taken {
                    true => AccountAnswer::Conflict,
                    false => AccountAnswer::Created(self.create(name.clone(), password.clone(), *at)),
                }
            }
            AccountQuery::Change(AccountChange::Drop(id)) => {
                self.all().retain(|(account, _)| account.id != *id);
                AccountAnswer::Changed
            }
            AccountQuery::Change(AccountChange::SetPassword(id, password)) => {
                let mut all = self.all();
                let known = all.iter_mut().find(|(account, _)| account.id == *id);
                known.into_iter().for_each(|(_, own)| *own = Some(password.clone()));
                AccountAnswer::Changed
            }
            #[cfg(feature = "cluster")]
            AccountQuery::All => AccountAnswer::All(self.opened().accounts),
            AccountQuery::OfCertificate(_) | AccountQuery::Info(_) | AccountQuery::Change(_) => {
                AccountAnswer::Unknown
            }
        }
    }

    fn create(&self, name: UserName, password: Option<StoredPassword>, at: SystemTime) -> AccountId {
        let mut all = self.all();
        let id = AccountId(all.iter().map(|(account, _)| account.id.0).max().unwrap_or(0) + 1);
        all.push((Account::new(id, name, at), password));
        id
    }
}
