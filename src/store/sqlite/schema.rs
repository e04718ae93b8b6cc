//! The tables, as `doc/HISTORY.md` explains them. A change of them is a further migration: the old ones never change.

/// Marks a file as one of parlord's (`PRAGMA application_id`): "prlr".
pub(super) const APPLICATION_ID: i64 = 0x7072_6c72;

/// Statements that lead from each version (`PRAGMA user_version`) to the next.
///
/// Rows of `event` are appended in the order of their ids, so that its pages are full, and the oldest events of all
/// rooms are found at its start. Its rowid is not the event's id, because an event may concern several rooms.
/// Ids of rooms are never used again, so that no mistake can show a room the events of another. The same is true for
/// accounts. Two accounts with private messages have a row in `room` for them.
pub(super) const MIGRATIONS: &[&str] = &[
    "
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
",
    "
    CREATE TABLE account (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        folded TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        registered INTEGER NOT NULL,
        seen INTEGER NOT NULL,
        always_on INTEGER,
        hash TEXT,
        salt BLOB,
        iterations INTEGER,
        stored_key BLOB,
        server_key BLOB
    ) STRICT;
    CREATE TABLE certificate (
        sha256 BLOB PRIMARY KEY,
        account INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX certificate_by_account ON certificate (account);
    CREATE TABLE device (
        account INTEGER NOT NULL,
        name TEXT NOT NULL,
        heard INTEGER NOT NULL,
        PRIMARY KEY (account, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE marker (
        account INTEGER NOT NULL,
        target TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (account, target)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE account_metadata (
        account INTEGER NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (account, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE staying_user (
        account INTEGER PRIMARY KEY,
        username TEXT NOT NULL,
        host TEXT NOT NULL,
        realname TEXT NOT NULL,
        since INTEGER NOT NULL,
        seen INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE seat (
        account INTEGER NOT NULL,
        folded TEXT NOT NULL,
        room TEXT NOT NULL,
        ranks TEXT NOT NULL,
        PRIMARY KEY (account, folded)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE registered_room (
        id INTEGER PRIMARY KEY,
        folded TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        registered INTEGER NOT NULL,
        founder INTEGER NOT NULL,
        opened INTEGER NOT NULL,
        created INTEGER NOT NULL,
        topic TEXT,
        topic_by TEXT,
        topic_at INTEGER,
        flags TEXT NOT NULL,
        key TEXT,
        limit_users INTEGER,
        limit_lines INTEGER,
        limit_age INTEGER
    ) STRICT;
    CREATE TABLE room_rank (
        room INTEGER NOT NULL,
        position INTEGER NOT NULL,
        account INTEGER NOT NULL,
        ranks TEXT NOT NULL,
        PRIMARY KEY (room, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE room_mask (
        room INTEGER NOT NULL,
        position INTEGER NOT NULL,
        list TEXT NOT NULL,
        mask TEXT NOT NULL,
        by TEXT NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (room, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE room_metadata (
        room INTEGER NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (room, key)
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE room ADD COLUMN smaller INTEGER;
    ALTER TABLE room ADD COLUMN larger INTEGER;
    CREATE INDEX room_by_smaller ON room (smaller) WHERE smaller NOT NULL;
    CREATE INDEX room_by_larger ON room (larger) WHERE larger NOT NULL;
",
    "ALTER TABLE source ADD COLUMN has_account INTEGER NOT NULL DEFAULT 0;",
];

/// The version of these tables.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;
