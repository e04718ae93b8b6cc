//! Accounts, while no server uses the file.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::Connection;

use super::claim::Claim;
use super::opening::{self, Purpose, explain, lasting};
use super::{account_changes, accounts};
use crate::message::{AccountAnswer, AccountChange, AccountId};
use crate::name::UserName;
use crate::secret::StoredPassword;
use crate::skeleton::{is_service, skeletons};
use crate::store::StoreError;

/// A name that an account may have. The file is locked.
pub struct FreeName {
    file: File,
    name: UserName,
}

/// An account that exists. The file is locked.
pub struct ExistingAccount {
    file: File,
    id: AccountId,
}

struct File {
    connection: Connection,
    /// After the connection, which closes first.
    _claim: Claim,
    path: PathBuf,
}

impl FreeName {
    /// Checks that no account has this name or one that looks like it. Creates the file if it is missing.
    pub fn find(directory: &Path, name: UserName) -> Result<Self, StoreError> {
        let file = File::open(directory, Purpose::AddAccount)?;
        if is_service(&name) {
            return Err(file.error(&format!("the name {name} belongs to a service")));
        }
        let own = skeletons(&name);
        let is_alike = |other: &UserName| skeletons(other).iter().any(|skeleton| own.contains(skeleton));
        match file.names()?.into_iter().find(|(_, other)| is_alike(other)) {
            Some((_, other)) if other == name => {
                Err(file.error(&format!("there is an account {other} already")))
            }
            Some((_, other)) => Err(file.error(&format!("{name} looks like the account {other}"))),
            None => Ok(Self { file, name }),
        }
    }

    /// Creates the account. It is on the disk when this returns.
    pub fn register(self, password: StoredPassword, at: SystemTime) -> Result<(), StoreError> {
        let Self { file, name } = self;
        file.change(&AccountChange::Create { name, password: Some(password), certificate: None, at })
    }
}

impl ExistingAccount {
    /// Finds the account of this name.
    pub fn find(directory: &Path, name: &UserName) -> Result<Self, StoreError> {
        let file = File::open(directory, Purpose::ResetPassword)?;
        match file.names()?.into_iter().find(|(_, other)| other == name) {
            Some((id, _)) => Ok(Self { file, id }),
            None => Err(file.error(&format!("there is no account {name}"))),
        }
    }

    /// Replaces its password. It is on the disk when this returns.
    pub fn set_password(self, password: StoredPassword) -> Result<(), StoreError> {
        let Self { file, id } = self;
        file.change(&AccountChange::SetPassword(id, password))
    }
}

impl File {
    fn open(directory: &Path, purpose: Purpose) -> Result<Self, StoreError> {
        let path = opening::path(directory);
        let (connection, claim) = opening::open(&path, u64::MAX, purpose)?;
        Ok(Self { connection, _claim: claim, path })
    }

    fn names(&self) -> Result<Vec<(AccountId, UserName)>, StoreError> {
        accounts::names(&self.connection).map_err(|error| self.error(&explain(&error)))
    }

    fn change(&self, change: &AccountChange) -> Result<(), StoreError> {
        match lasting(&self.connection, |connection| account_changes::change(connection, change)) {
            Ok(AccountAnswer::Created(_) | AccountAnswer::Changed) => Ok(()),
            // It was checked before, and nobody else has the file.
            Ok(_) => Err(self.error("the account has changed meanwhile")),
            Err(error) => Err(self.error(&explain(&error))),
        }
    }

    fn error(&self, why: &str) -> StoreError {
        StoreError::new(format!("{}: {why}", self.path.display()))
    }
}
