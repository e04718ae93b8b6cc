//! The tables, as `doc/HISTORY.md` explains them. A change of them is a further migration: the old ones never change.

/// Marks a file as one of parlord's (`PRAGMA application_id`): "prlr".
pub(super) const APPLICATION_ID: i64 = 0x7072_6c72;

/// Statements that lead from each version (`PRAGMA user_version`) to the next.
///
/// Rows of `event` are appended in the order of their ids, so that its pages are full, and the oldest events of all
/// rooms are found at its start. Its rowid is not the event's id, because an event may concern several rooms.
/// Ids of rooms are never used again, so that no mistake can show a room the events of another.
pub(super) const MIGRATIONS: &[&str] = &["
    CREATE TABLE room (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        folded TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        messages INTEGER NOT NULL,
        events INTEGER NOT NULL,
        gone_messages INTEGER NOT NULL,
        gone_events INTEGER NOT NULL,
        limit_lines INTEGER,
        limit_age INTEGER
    ) STRICT;
    CREATE TABLE source (
        id INTEGER PRIMARY KEY,
        born INTEGER NOT NULL,
        name TEXT NOT NULL,
        username TEXT NOT NULL,
        host TEXT NOT NULL,
        realname TEXT NOT NULL,
        is_bot INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE event (
        number INTEGER PRIMARY KEY,
        room INTEGER NOT NULL,
        class INTEGER NOT NULL,
        id INTEGER NOT NULL,
        closed INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        source INTEGER,
        time INTEGER,
        text TEXT,
        tags TEXT,
        whom TEXT
    ) STRICT;
    CREATE INDEX event_by_room ON event (room, class, id);
    CREATE TABLE ban (
        network TEXT PRIMARY KEY,
        until INTEGER,
        by TEXT NOT NULL,
        since INTEGER NOT NULL,
        reason TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

/// The version of these tables.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;
