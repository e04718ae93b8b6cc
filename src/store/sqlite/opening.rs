//! Opening the file: nothing is written before it is certain that the file is ours and nobody else changes it.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::claim::{self, Claim, Claimed};
#[cfg(feature = "upgrade")]
use super::restore;
use super::schema::{APPLICATION_ID, MIGRATIONS, VERSION};
use crate::store::StoreError;

/// The name of the database file.
const NAME: &str = "parlor.db";

/// That file, and what SQLite may put beside it.
pub(super) const FILES: [&str; 4] = [NAME, "parlor.db-journal", "parlor.db-shm", "parlor.db-wal"];

/// Pages of the journal, at which they go into the file, unless the file must be small.
const JOURNAL_PAGES: u64 = 1_000;

/// The size of a page, in bytes.
pub(super) const PAGE_BYTES: u64 = 4096;

pub(super) fn path(directory: &Path) -> PathBuf {
    directory.join(NAME)
}

/// Why a file is opened to change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To keep things there; a missing file is created with its directory.
    Serve,
    /// To add an account; a missing file is created with its directory.
    AddAccount,
    /// To change the password of an account. The file must exist.
    ResetPassword,
}

impl Purpose {
    /// What to do if a server uses the file.
    fn advice(self) -> &'static str {
        match self {
            Self::Serve => "each needs a directory of its own (--state)",
            Self::AddAccount => "stop it, or let an operator use NS SAREGISTER",
            Self::ResetPassword => "stop it, or let an operator use NS RESETPASS",
        }
    }

    fn creates(self) -> bool {
        matches!(self, Self::Serve | Self::AddAccount)
    }
}

/// Opens the file at `path` to change it. It may have this many bytes with its journal.
pub(super) fn open(
    path: &Path,
    most_bytes: u64,
    purpose: Purpose,
) -> Result<(Connection, Claim), StoreError> {
    if purpose.creates() {
        create(path).map_err(|error| StoreError {
            line: format!("cannot create {}: {error}", path.display()),
            is_nowhere: true,
        })?;
    }
    let in_use = || wrong(path, format!("another parlord uses this; {}", purpose.advice()));
    let claim = claim_file(path).map_err(|Claimed| in_use())?;
    let access = match claim {
        Claim::Locked { .. } => Access::Write,
        Claim::Impossible => Access::Alone,
    };
    let (connection, version) = connect(path, access).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy) => in_use(),
        _ => wrong(path, explain(&error)),
    })?;
    let version = known(path, version)?;
    prepare(&connection, version, most_bytes).map_err(|error| wrong(path, explain(&error)))?;
    Ok((connection, claim))
}

/// Opens the file at `path` to read it, perhaps while a server uses it. Returns the version of its tables, too.
pub(super) fn open_to_read(path: &Path) -> Result<(Connection, i64), StoreError> {
    let (connection, version) =
        connect(path, Access::Read).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => wrong(
                path,
                "another parlord uses this, and here nobody can read it meanwhile; stop it".into(),
            ),
            _ => wrong(path, explain(&error)),
        })?;
    Ok((connection, known(path, version)?))
}

/// Checks that `open` could serve with the file in this directory once the server that uses it is gone, as far as that can be seen
/// without changing anything.
#[cfg(feature = "upgrade")]
pub(in crate::store) fn could_open(directory: &Path) -> Result<(), StoreError> {
    use rustix::fs::{Access as Right, access};

    let path = &path(directory);
    let nearest = path.ancestors().skip(1).find(|directory| directory.exists());
    // With a slash, it must be a directory.
    let nearest = nearest.unwrap_or(Path::new("/")).join("");
    access(&nearest, Right::WRITE_OK | Right::EXEC_OK).map_err(|error| StoreError {
        line: format!("cannot write to {}: {error}", nearest.display()),
        is_nowhere: !path.exists(),
    })?;
    let path = &self::path(&restore::next(directory));
    if !path.exists() {
        return Ok(());
    }
    match connect(path, Access::Read) {
        Ok((_, version)) => known(path, version).map(drop),
        // The server may have the file for itself.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
        Err(error) => Err(wrong(path, explain(&error))),
    }
}

/// Moves what is in the journal into the file at `path`, so that the file is complete. Whatever is wrong with the file
/// may stay so. Fails if somebody uses it.
pub(super) fn complete(path: &Path) -> Result<(), Claimed> {
    // Closing it does so.
    match connect(path, Access::Alone).map_err(|error| error.sqlite_error_code()) {
        Err(Some(ErrorCode::DatabaseBusy)) => Err(Claimed),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Claims the file at `path`. A missing file needs no claim: it cannot be opened.
fn claim_file(path: &Path) -> Result<Claim, Claimed> {
    match path.parent() {
        Some(directory) if path.exists() => Claim::take(directory),
        _ => Ok(Claim::Impossible),
    }
}

fn wrong(path: &Path, why: String) -> StoreError {
    StoreError::new(format!("{}: {why}", path.display()))
}

/// Checks that this program knows the tables.
fn known(path: &Path, version: Option<i64>) -> Result<i64, StoreError> {
    match version {
        None => Err(wrong(path, "this is not a database of parlord; move it away".into())),
        Some(version) if version > VERSION => Err(wrong(
            path,
            format!(
                "a newer parlord wrote this (its version is {version}, and this parlord knows up to {VERSION})"
            ),
        )),
        Some(version) => Ok(version),
    }
}

/// Creates the directory and an empty file, which only their owner may read.
fn create(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => {
            claim::give(&file, path.parent().unwrap_or(Path::new(".")));
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Chooses how a new file is organized, which it keeps. Before the first transaction, which begins the file.
fn shape(connection: &Connection) -> rusqlite::Result<()> {
    pragma(connection, &format!("page_size = {PAGE_BYTES}"))?;
    // So that the file can shrink in steps.
    pragma(connection, "auto_vacuum = INCREMENTAL")
}

/// How a connection shares the file with other processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Others may read meanwhile, and one may write.
    Read,
    /// Others may read meanwhile.
    Write,
    /// Nobody else can open it. SQLite needs no shared memory then, which some file systems do not have, such as JFFS2 in
    /// routers.
    Alone,
}

/// Connects to the file, and returns the version of its tables; `None` if they are not ours.
fn connect(path: &Path, access: Access) -> rusqlite::Result<(Connection, Option<i64>)> {
    let opened = open_file(path).and_then(|connection| {
        let version = organize(&connection, path, access)?;
        Ok((connection, version))
    });
    match opened.as_ref().map_err(rusqlite::Error::sqlite_error_code) {
        // Perhaps for lack of shared memory.
        Err(Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen)) if access != Access::Alone => {
            connect(path, Access::Alone)
        }
        _ => opened,
    }
}

fn open_file(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

/// Checks whose tables these are, and begins the journal of those that are ours or new.
fn organize(connection: &Connection, path: &Path, access: Access) -> rusqlite::Result<Option<i64>> {
    let is_new = path.metadata().is_ok_and(|file| file.len() == 0);
    if is_new && access != Access::Read {
        shape(connection)?;
    }
    // Nothing is written yet: this waits for others who do.
    match access {
        Access::Read => {}
        Access::Write => connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?,
        Access::Alone => {
            // Before the journal's mode, so that it does without shared memory.
            pragma(connection, "locking_mode = EXCLUSIVE")?;
            // Takes the lock, and keeps it.
            connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
        }
    }
    let version = version(connection, access)?;
    if version.is_some() && access != Access::Read {
        begin_journal(connection)?;
    }
    Ok(version)
}

fn version(connection: &Connection, access: Access) -> rusqlite::Result<Option<i64>> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let is_empty = number("SELECT count(*) FROM sqlite_schema")? == 0;
    let version = number("PRAGMA user_version")?;
    let is_ours = number("PRAGMA application_id")? == APPLICATION_ID && version > 0;
    Ok(if is_empty && access != Access::Read { Some(0) } else { is_ours.then_some(version) })
}

fn begin_journal(connection: &Connection) -> rusqlite::Result<()> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CANTOPEN), None));
    }
    // Reading maps the shared memory.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

fn prepare(connection: &Connection, version: i64, most_bytes: u64) -> rusqlite::Result<()> {
    // Nobody else writes, and readers are not waited for: the journal is emptied when they have left.
    connection.busy_timeout(Duration::ZERO)?;
    pragma(connection, "synchronous = NORMAL")?;
    pragma(connection, "cache_size = -256")?;
    pragma(connection, "mmap_size = 0")?;
    pragma(connection, "temp_store = MEMORY")?;
    let pages = journal_pages(most_bytes);
    pragma(connection, &format!("wal_autocheckpoint = {pages}"))?;
    pragma(connection, &format!("journal_size_limit = {}", pages * PAGE_BYTES))?;
    migrate(connection, version)
}

/// The usual size of the journal, if it and the file may have this many bytes.
pub(super) fn journal_pages(most_bytes: u64) -> u64 {
    (most_bytes / 16 / PAGE_BYTES).clamp(1, JOURNAL_PAGES)
}

/// Brings the tables to our version, in one transaction.
fn migrate(connection: &Connection, version: i64) -> rusqlite::Result<()> {
    let missing = usize::try_from(version).ok().and_then(|version| MIGRATIONS.get(version..));
    let Some(missing @ [_, ..]) = missing else { return Ok(()) };
    let transaction = connection.unchecked_transaction()?;
    missing.iter().try_for_each(|sql| transaction.execute_batch(sql))?;
    pragma(&transaction, &format!("application_id = {APPLICATION_ID}"))?;
    pragma(&transaction, &format!("user_version = {VERSION}"))?;
    transaction.commit()
}

/// Makes a change in a transaction of its own, which is on the disk when this returns, unlike the history.
pub(super) fn lasting<T>(
    connection: &Connection,
    change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    pragma(connection, "synchronous = FULL")?;
    let changed = in_transaction(connection, change);
    pragma(connection, "synchronous = NORMAL")?;
    changed
}

fn in_transaction<T>(
    connection: &Connection,
    change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.unchecked_transaction()?;
    let changed = change(&transaction)?;
    transaction.commit()?;
    Ok(changed)
}

/// Some of these statements return a row, and some do not.
pub(super) fn pragma(connection: &Connection, pragma: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("PRAGMA {pragma}"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

/// An error in one line.
pub(super) fn explain(error: &rusqlite::Error) -> String {
    let text = match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen) => "there is no such file, or it cannot be opened".to_owned(),
        Some(ErrorCode::NotADatabase) => {
            "this is not a database of parlord, or it is damaged; move it away".into()
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            "the database is damaged; restore a backup, or move it away".into()
        }
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        _ => error.to_string(),
    };
    text.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

    #[test]
    fn without_shared_memory_the_file_has_one_user_and_its_journal() {
        let directory = env::temp_dir().join(format!("parlor-opening-{}", process::id()));
        let path = path(&directory);
        create(&path).unwrap();
        let connection = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            // SQLite's access to files without shared memory.
            Connection::open_with_flags_and_vfs(&path, flags, c"unix-none").unwrap()
        };
        let code = |error: rusqlite::Error| error.sqlite_error_code();
        let refused = organize(&connection(), &path, Access::Write).map_err(code);
        assert_eq!(refused, Err(Some(ErrorCode::CannotOpen)));
        let alone = connection();
        assert_eq!(organize(&alone, &path, Access::Alone).unwrap(), Some(0));
        prepare(&alone, 0, u64::MAX).unwrap();
        assert!(path.with_extension("db-wal").exists() && !path.with_extension("db-shm").exists());
        drop(alone);
        assert_eq!(organize(&connection(), &path, Access::Alone).unwrap(), Some(VERSION));
        fs::remove_dir_all(directory).unwrap();
    }
}
