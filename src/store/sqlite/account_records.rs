//! Records of accounts while their users are here: how far they have read, the last event that each device has heard,
//! metadata. Records about an account that was deleted meanwhile are ignored.

use std::time::SystemTime;

use rusqlite::types::ToSql;
use rusqlite::{Connection, params};

use super::ids::column;
use crate::message::{AccountId, EventId, MOST_DEVICES, MOST_MARKERS};
use crate::name::RoomName;
use crate::store::times::millis;

const MARKERS: Table = Table { name: "marker", key: "target", value: "at" };
const DEVICES: Table = Table { name: "device", key: "name", value: "heard" };
const METADATA: Table = Table { name: "account_metadata", key: "key", value: "value" };

pub(super) fn seen(connection: &Connection, account: AccountId, at: SystemTime) -> rusqlite::Result<()> {
    let sql = "UPDATE account SET seen = ? WHERE id = ?";
    connection.execute(sql, params![millis(at), account.0]).map(|_| ())
}

/// Sets how far the owner of an account has read. The oldest marker goes if there are too many.
pub(super) fn marker(
    connection: &Connection,
    account: AccountId,
    target: &str,
    at: SystemTime,
) -> rusqlite::Result<()> {
    MARKERS.set(connection, account, target, &millis(at))?;
    MARKERS.trim(connection, account, target, MOST_MARKERS)
}

/// Lets markers follow a renamed room. Those of an earlier room of the new name are of no use.
pub(super) fn room_renamed(connection: &Connection, from: &RoomName, to: &RoomName) -> rusqlite::Result<()> {
    let (from, to) = (from.folded(), to.folded());
    if from != to {
        connection.execute("DELETE FROM marker WHERE target = ?", [&to])?;
        connection.execute("UPDATE marker SET target = ? WHERE target = ?", [&to, &from])?;
    }
    Ok(())
}

/// Sets what a device has heard. The device that was away for longest goes if there are too many.
pub(super) fn heard(
    connection: &Connection,
    account: AccountId,
    device: &str,
    event: EventId,
) -> rusqlite::Result<()> {
    DEVICES.set(connection, account, device, &column(event))?;
    DEVICES.trim(connection, account, device, MOST_DEVICES)
}

/// Sets or removes metadata. The hub limits how much there is.
pub(super) fn metadata(
    connection: &Connection,
    account: AccountId,
    key: &str,
    value: Option<&str>,
) -> rusqlite::Result<()> {
    match value {
        Some(value) => METADATA.set(connection, account, key, &value),
        None => {
            let sql = "DELETE FROM account_metadata WHERE account = ? AND key = ?";
            connection.execute(sql, params![account.0, key]).map(|_| ())
        }
    }
}

/// A table that has a value for each key of an account.
#[derive(Clone, Copy)]
struct Table {
    name: &'static str,
    key: &'static str,
    value: &'static str,
}

impl Table {
    fn set(
        self,
        connection: &Connection,
        account: AccountId,
        key: &str,
        value: &dyn ToSql,
    ) -> rusqlite::Result<()> {
        let Self { name, key: key_column, value: value_column } = self;
        let sql = format!(
            "INSERT OR REPLACE INTO {name} (account, {key_column}, {value_column}) \
             SELECT id, ?2, ?3 FROM account WHERE id = ?1"
        );
        connection.execute(&sql, params![account.0, key, value]).map(|_| ())
    }

    /// Deletes the rows with the smallest values if there are more than `most`, but not the one of `key`.
    fn trim(self, connection: &Connection, account: AccountId, key: &str, most: u32) -> rusqlite::Result<()> {
        let Self { name, key: key_column, value } = self;
        let sql = format!(
            "DELETE FROM {name} WHERE account = ?1 AND {key_column} IN (SELECT {key_column} FROM {name} \
             WHERE account = ?1 AND {key_column} <> ?2 ORDER BY {value} DESC LIMIT -1 OFFSET ?3)"
        );
        connection.execute(&sql, params![account.0, key, most - 1]).map(|_| ())
    }
}
