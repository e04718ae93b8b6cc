//! Looks at a database, perhaps while a server uses it, and changes nothing.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};

use super::ids;
use super::opening::{self, explain};
use crate::message::EventId;
use crate::store::{Examined, StoreError};

/// Examines the database in this directory; `None` if there is none.
pub(in crate::store) fn examine(directory: &Path) -> Result<Option<Examined>, StoreError> {
    let path = opening::path(directory);
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(error) => return Err(StoreError::new(format!("{}: {error}", path.display()))),
    }
    // A server that was killed has left it. Closing would merge it.
    let has_journal = path.with_extension("db-wal").exists();
    let (connection, _) = opening::open_to_read(&path)?;
    let kept = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_journal);
    let found = kept.and_then(|_| look(&connection));
    let (newest, damage) =
        found.map_err(|error| StoreError::new(format!("{}: {}", path.display(), explain(&error))))?;
    let file_bytes = path.metadata().map_or(0, |file| file.len());
    Ok(Some(Examined { newest: newest.time(), file_bytes, damage }))
}

/// The last event, and what is damaged.
fn look(connection: &Connection) -> rusqlite::Result<(EventId, Option<String>)> {
    // The first finding will do.
    let damage: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    let damage = (damage != "ok").then(|| damage.replace('\n', " "));
    let last =
        connection.query_row("SELECT id FROM event ORDER BY number DESC LIMIT 1", [], |row| row.get(0));
    Ok((ids::id(last.optional()?.unwrap_or_default()), damage))
}

/// True for the files of the database.
pub(in crate::store) fn is_part(path: &Path) -> bool {
    path.file_name().is_some_and(|name| opening::FILES.iter().any(|file| name == *file))
}
