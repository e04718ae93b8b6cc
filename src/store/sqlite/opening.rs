//! Opening the file: nothing is written before it is certain that the file is ours and nobody else uses it.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema::{APPLICATION_ID, MIGRATIONS, VERSION};
use crate::store::StoreError;

/// The name of the database file.
const NAME: &str = "parlor.db";

/// Pages of the journal, at which they go into the file, unless the file must be small.
const JOURNAL_PAGES: u64 = 1_000;

/// The size of a page, in bytes.
pub(super) const PAGE_BYTES: u64 = 4096;

pub(super) fn path(directory: &Path) -> PathBuf {
    directory.join(NAME)
}

/// Why a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To keep things there; a missing file is created with its directory.
    Serve,
    /// To read it, which must exist.
    Export,
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
            Self::Export => "stop it, or export from a copy of its directory (--state)",
            Self::AddAccount => "stop it, or let an operator use NS SAREGISTER",
            Self::ResetPassword => "stop it, or let an operator use NS RESETPASS",
        }
    }

    fn creates(self) -> bool {
        matches!(self, Self::Serve | Self::AddAccount)
    }
}

/// Opens the file at `path`, which may have this many bytes with its journal.
pub(super) fn open(path: &Path, most_bytes: u64, purpose: Purpose) -> Result<Connection, StoreError> {
    if purpose.creates() {
        create(path).map_err(|error| StoreError {
            line: format!("cannot create {}: {error}", path.display()),
            is_nowhere: true,
        })?;
    }
    let wrong = |why: String| StoreError::new(format!("{}: {why}", path.display()));
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| wrong(explain(&error)))?;
    let is_new = path.metadata().is_ok_and(|file| file.len() == 0);
    if is_new {
        shape(&connection).map_err(|error| wrong(explain(&error)))?;
    }
    let version = claim(&connection).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy) => wrong(format!("another parlord uses this; {}", purpose.advice())),
        _ => wrong(explain(&error)),
    })?;
    let version = version.ok_or_else(|| wrong("this is not a database of parlord; move it away".into()))?;
    if version > VERSION {
        return Err(wrong(format!(
            "a newer parlord wrote this (its version is {version}, and this parlord knows up to {VERSION})"
        )));
    }
    prepare(&connection, version, most_bytes).map_err(|error| wrong(explain(&error)))?;
    Ok(connection)
}

/// Creates the directory and an empty file, which only their owner may read.
fn create(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Chooses how a new file is organized, which it keeps. Before the first transaction, which begins the file.
fn shape(connection: &Connection) -> rusqlite::Result<()> {
    pragma(connection, &format!("page_size = {PAGE_BYTES}"))?;
    // So that the file can shrink in steps.
    pragma(connection, "auto_vacuum = INCREMENTAL")
}

/// Locks the file and returns the version of its tables; `None` if they are not ours.
fn claim(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    // Before the journal's mode: without shared memory, this works on every file system.
    pragma(connection, "locking_mode = EXCLUSIVE")?;
    // Takes the lock, and keeps it.
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let is_empty = number("SELECT count(*) FROM sqlite_schema")? == 0;
    let version = number("PRAGMA user_version")?;
    let is_ours = number("PRAGMA application_id")? == APPLICATION_ID && version > 0;
    Ok(if is_empty { Some(0) } else { is_ours.then_some(version) })
}

fn prepare(connection: &Connection, version: i64, most_bytes: u64) -> rusqlite::Result<()> {
    pragma(connection, "journal_mode = WAL")?;
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
