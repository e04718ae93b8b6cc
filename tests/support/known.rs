//! Accounts in memory, for stores that stand in for a database.

use std::time::SystemTime;

use parlor::message::{Account, AccountAnswer, AccountChange, AccountId, AccountQuery};
use parlor::name::UserName;
use parlor::secret::StoredPassword;
use parlor::store::Opened;

/// Accounts, without what belongs to them.
#[derive(Debug, Default)]
pub struct Known(Vec<(Account, Option<StoredPassword>)>);

impl Known {
    /// Accounts with the same password.
    pub fn with(names: &[&str], password: &StoredPassword) -> Self {
        let mut known = Self::default();
        for name in names {
            let name = UserName::new(name).expect("a name");
            known.create(name, Some(password.clone()), SystemTime::UNIX_EPOCH);
        }
        known
    }

    /// The accounts as a store gives them to a server at its start.
    pub fn opened(&self) -> Opened {
        let accounts = self.0.iter().map(|(account, _)| (account.id, account.name.clone())).collect();
        Opened { accounts, ..Opened::default() }
    }

    pub fn answer(&mut self, query: &AccountQuery) -> AccountAnswer {
        match query {
            AccountQuery::Credentials(id) => match self.0.iter().find(|(account, _)| account.id == *id) {
                Some((account, password)) => {
                    AccountAnswer::Account(Box::new(account.clone()), password.clone().map(Box::new))
                }
                None => AccountAnswer::Unknown,
            },
            AccountQuery::Change(AccountChange::Create { name, password, at, .. }) => {
                match self.0.iter().any(|(account, _)| account.name == *name) {
                    true => AccountAnswer::Conflict,
                    false => AccountAnswer::Created(self.create(name.clone(), password.clone(), *at)),
                }
            }
            AccountQuery::Change(AccountChange::Drop(id)) => {
                self.0.retain(|(account, _)| account.id != *id);
                AccountAnswer::Changed
            }
            AccountQuery::Change(AccountChange::SetPassword(id, password)) => {
                let known = self.0.iter_mut().find(|(account, _)| account.id == *id);
                known.into_iter().for_each(|(_, own)| *own = Some(password.clone()));
                AccountAnswer::Changed
            }
            #[cfg(feature = "cluster")]
            AccountQuery::All => {
                let all = self.0.iter().map(|(account, _)| (account.id, account.name.clone()));
                AccountAnswer::All(all.collect())
            }
            AccountQuery::OfCertificate(_) | AccountQuery::Info(_) | AccountQuery::Change(_) => {
                AccountAnswer::Unknown
            }
        }
    }

    fn create(&mut self, name: UserName, password: Option<StoredPassword>, at: SystemTime) -> AccountId {
        let id = AccountId(self.0.iter().map(|(account, _)| account.id.0).max().unwrap_or(0) + 1);
        self.0.push((Account::new(id, name, at), password));
        id
    }
}
