//! Bans in the database, and the import of the file that kept them before.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, params};

use super::opening::{explain, lasting};
use crate::bans_file;
use crate::message::Ban;
use crate::store::StoreError;

/// All bans that are not over.
pub(super) fn load(connection: &Connection, now: SystemTime) -> rusqlite::Result<Vec<Ban>> {
    let mut statement = connection.prepare("SELECT network, until, by, since, reason FROM ban")?;
    let mut rows = statement.query([])?;
    let mut bans = Vec::new();
    while let Some(row) = rows.next()? {
        let network: String = row.get(0)?;
        // Nothing else is written.
        let Ok(network) = network.parse() else { continue };
        let until = row.get::<_, Option<i64>>(1)?.map(time);
        let (by, since, reason) = (row.get(2)?, time(row.get(3)?), row.get(4)?);
        let ban = Ban { network, until, by, since, reason };
        if !ban.is_over(now) {
            bans.push(ban);
        }
    }
    Ok(bans)
}

/// Replaces all bans. They are on the disk when this returns.
pub(super) fn save(connection: &Connection, bans: &[Ban]) -> rusqlite::Result<()> {
    lasting(connection, |connection| {
        connection.execute("DELETE FROM ban", [])?;
        insert(connection, bans)
    })
}

fn insert(connection: &Connection, bans: &[Ban]) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("INSERT OR REPLACE INTO ban VALUES (?, ?, ?, ?, ?)")?;
    for Ban { network, until, by, since, reason } in bans {
        statement.execute(params![network.to_string(), until.map(seconds), by, seconds(*since), reason])?;
    }
    Ok(())
}

/// Adds the bans of the file that kept them before there was a database, and renames it. Returns a note about it.
pub(super) fn import(connection: &Connection, directory: &Path) -> Result<Vec<String>, StoreError> {
    let path = bans_file::path(directory);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bans = bans_file::read(&path).map_err(|error| StoreError::new(error.to_string()))?;
    let cannot = |why: String| StoreError::new(format!("cannot import {}: {why}", path.display()));
    lasting(connection, |connection| insert(connection, &bans)).map_err(|error| cannot(explain(&error)))?;
    let imported = path.with_added_extension("imported");
    fs::rename(&path, &imported).map_err(|error| cannot(error.to_string()))?;
    let (count, imported) = (bans.len(), imported.display());
    Ok(vec![format!(
        "bans are kept in the database from now on: imported {count}, and renamed the file to {imported}"
    )])
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn time(seconds: i64) -> SystemTime {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
