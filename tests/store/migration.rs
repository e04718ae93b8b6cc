//! Files of earlier versions.

use parlor::message::Record;
use rusqlite::Connection;

use crate::helpers::*;

/// The tables of version 1, which never change.
const VERSION_1: &str = "
    PRAGMA application_id = 1886547058;
    PRAGMA user_version = 1;
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
    INSERT INTO room VALUES (1, '#tea', '#Tea', 1, 0, 0, 0, NULL, NULL);
    INSERT INTO source VALUES (1, 0, 'bob', '~bob', 'host.example', 'Bob', 0);
    INSERT INTO ban VALUES ('192.0.2.0/24', NULL, 'root', 1795000000, 'too loud');
";

/// The statements that make the tables and indexes of a file, in order of their names.
fn schema(scratch: &Scratch) -> Vec<String> {
    let file = Connection::open(database(scratch)).unwrap();
    let mut select = file.prepare("SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name").unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_file_of_version_1_keeps_its_content_and_gets_accounts() {
    let scratch = Scratch::new();
    let file = Connection::open(database(&scratch)).unwrap();
    file.execute_batch("PRAGMA auto_vacuum = INCREMENTAL").unwrap();
    file.execute_batch(VERSION_1).unwrap();
    let mut events = Events::default();
    let Record::Event { event, .. } = events.say("#tea", &user("bob"), "hello", start()) else { return };
    let id = i64::try_from(event.id.number()).unwrap();
    let insert = "INSERT INTO event VALUES (1, 1, 0, ?, 0, 0, 1, NULL, 'hello', NULL, NULL)";
    file.execute(insert, [id]).unwrap();
    file.execute("UPDATE source SET born = ?", [id]).unwrap();
    drop(file);
    let (mut kept, opened) = Kept::open(&config(&scratch), start()).unwrap();
    assert_eq!((opened.bans.len(), opened.accounts.len(), opened.last_event), (1, 0, event.id));
    let ana = kept.create("ana");
    kept.store.record(Record::Room(Box::new(crate::saved::registered("#tea", ana))));
    kept.store.record(events.say("#tea", &user("ana"), "welcome", start()));
    assert_eq!(texts(&kept.select(latest("#tea", 9), start()).events), ["hello", "welcome"]);
    kept.stop();
    let (kept, opened) = Kept::open(&config(&scratch), start()).unwrap();
    assert_eq!((opened.accounts.len(), opened.rooms.len(), opened.bans.len()), (1, 1, 1));
    kept.stop();
    let new = Scratch::new();
    Kept::open(&config(&new), start()).unwrap().0.stop();
    assert_eq!(schema(&scratch), schema(&new), "old files become like new ones");
}
