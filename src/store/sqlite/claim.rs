//! Who may change the database: one process at a time, which holds a lock on a file beside it. SQLite's own lock would
//! keep readers out, too.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

/// The name of the locked file. It stays, because removing it would let two processes lock one each.
pub(super) const NAME: &str = "parlor.lock";

/// The right to change the database, until this is dropped or the process ends.
#[derive(Debug)]
pub(super) enum Claim {
    /// The lock is held as long as this file is open.
    Locked { _file: File },
    /// The directory cannot have a locked file. SQLite must lock the database.
    Impossible,
}

/// Another process has the right.
#[derive(Debug)]
pub(super) struct Claimed;

impl Claim {
    /// Claims the databases in this directory.
    pub(super) fn take(directory: &Path) -> Result<Self, Claimed> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let Ok(file) = options.open(directory.join(NAME)) else { return Ok(Self::Impossible) };
        give(&file, directory);
        match file.try_lock() {
            Ok(()) => Ok(Self::Locked { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Claimed),
            Err(TryLockError::Error(_)) => Ok(Self::Impossible),
        }
    }
}

/// Gives the file to the owner of the directory: root may come before a server that is not root.
pub(super) fn give(file: &File, directory: &Path) {
    if let (Ok(file_is), Ok(owner)) = (file.metadata(), directory.metadata())
        && file_is.uid() != owner.uid()
    {
        // Only root can, and only root needs to.
        fchown(file, Some(owner.uid()), Some(owner.gid())).ok();
    }
}
