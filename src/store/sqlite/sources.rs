//! Who caused events: a row for each identity and day, which the day's events share. So a row is not needed any longer
//! when all events are gone that are younger than its first by less than a day.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::message::{EventId, Identity};

/// Most identities remembered; with more, rows begin anew.
const REMEMBERED: usize = 4_096;

/// How long a row is used.
pub(super) const USED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The rows in use.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Rows by a hash of the identity, whose key nobody knows: a collision in 64 bits is not to be expected.
    rows: HashMap<u64, i64>,
    keys: RandomState,
    /// The event of the first of these rows.
    since: EventId,
    last_row: i64,
}

impl Sources {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let last = "SELECT coalesce(max(id), 0) FROM source";
        let last_row = connection.query_row(last, [], |row| row.get(0))?;
        Ok(Self { last_row, ..Self::default() })
    }

    /// The row of this identity, which causes the event `id`.
    pub(super) fn row(
        &mut self,
        connection: &Connection,
        identity: &Identity,
        id: EventId,
    ) -> rusqlite::Result<i64> {
        let is_old = id.time().duration_since(self.since.time()).is_ok_and(|since| since >= USED_FOR);
        if is_old || self.rows.len() >= REMEMBERED {
            self.rows.clear();
            self.since = id;
        }
        let key = self.key(identity);
        if let Some(row) = self.rows.get(&key) {
            return Ok(*row);
        }
        let row = self.last_row + 1;
        let Identity { name, is_bot, has_account, .. } = identity;
        connection.execute(
            "INSERT INTO source (id, born, name, username, host, realname, is_bot, has_account) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                row,
                id.number().cast_signed(),
                name.as_str(),
                identity.username(),
                identity.host(),
                identity.realname(),
                is_bot,
                has_account
            ],
        )?;
        self.last_row = row;
        self.rows.insert(key, row);
        Ok(row)
    }

    /// The transaction is undone, and with it some rows.
    pub(super) fn forget(&mut self) {
        self.rows.clear();
    }

    fn key(&self, identity: &Identity) -> u64 {
        let mut hasher = self.keys.build_hasher();
        // Names are equal in any letter case, but recorded as they are.
        identity.name.as_str().hash(&mut hasher);
        identity.username().len().hash(&mut hasher);
        identity.place().hash(&mut hasher);
        identity.realname().hash(&mut hasher);
        (identity.is_bot, identity.has_account).hash(&mut hasher);
        hasher.finish()
    }
}
