//! Files that are not as the store left them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use parlor::message::{AccountChange, AccountQuery, Record};
use rusqlite::Connection;

use crate::helpers::*;

/// The one line that says why the file is refused, which must stay as it is.
fn refusal(scratch: &Scratch) -> String {
    let before = fs::read(database(scratch)).unwrap();
    let error = Kept::open(&config(scratch), start()).err().unwrap().to_string();
    assert_eq!(fs::read(database(scratch)).unwrap(), before, "nothing is overwritten");
    let why = error.strip_prefix(&format!("{}: ", database(scratch).display()));
    assert!(!error.contains('\n'), "{error}");
    why.unwrap_or_else(|| panic!("{error}")).to_owned()
}

/// A file with some messages, accounts, a registered room and a user that stays.
fn filled() -> Scratch {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    for n in 0..1_000 {
        kept.store.record(events.say("#tea", &user("bob"), &format!("hello {n}"), start()));
    }
    let ids: Vec<_> = (0..50).map(|n| kept.create(&format!("user{n}"))).collect();
    kept.store.record(Record::Room(Box::new(crate::saved::registered("#tea", ids[0]))));
    kept.store.record(Record::Stays(Box::new(crate::saved::staying(ids[0], "user0"))));
    kept.stop();
    scratch
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let scratch = Scratch::new();
    fs::write(database(&scratch), "This is a shopping list, not a database.\n".repeat(100)).unwrap();
    assert_eq!(refusal(&scratch), "this is not a database of parlord, or it is damaged; move it away");
}

#[test]
fn the_database_of_another_program_is_refused() {
    let scratch = Scratch::new();
    let other = Connection::open(database(&scratch)).unwrap();
    other.execute_batch("CREATE TABLE recipe (name TEXT); PRAGMA user_version = 1").unwrap();
    drop(other);
    assert_eq!(refusal(&scratch), "this is not a database of parlord; move it away");
}

#[test]
fn a_file_from_a_newer_version_is_refused() {
    let scratch = filled();
    let file = Connection::open(database(&scratch)).unwrap();
    file.execute_batch("PRAGMA user_version = 1000").unwrap();
    drop(file);
    let why = refusal(&scratch);
    assert!(why.starts_with("a newer parlord wrote this (its version is 1000, "), "{why}");
}

#[test]
fn a_truncated_file_is_refused() {
    let scratch = filled();
    let content = fs::read(database(&scratch)).unwrap();
    fs::write(database(&scratch), &content[..content.len() / 2]).unwrap();
    assert_eq!(refusal(&scratch), "the database is damaged; restore a backup, or move it away");
}

#[test]
fn a_file_with_a_damaged_page_is_refused_or_answers_what_it_can() {
    let scratch = filled();
    let content = fs::read(database(&scratch)).unwrap();
    for page in 1..content.len() / 4096 {
        let mut damaged = content.clone();
        damaged[page * 4096..][..4096].fill(0xa5);
        fs::write(database(&scratch), &damaged).unwrap();
        if let Ok((mut kept, opened)) = Kept::open(&config(&scratch), start()) {
            if let Some(&(id, _)) = opened.accounts.first() {
                kept.account(AccountQuery::Info(id));
                kept.change(AccountChange::SetAlwaysOn(id, Some(true)));
                kept.change(AccountChange::Drop(id));
            }
            kept.ask(parlor::message::Query::Events(vec![latest("#tea", 1_000)]), start());
            let mut events = Events { last: parlor::message::EventId::before(start() + DAY) };
            kept.store.record(events.say("#tea", &user("bob"), "after", start() + DAY));
            kept.stop();
        }
        for end in ["", "-wal", "-shm"] {
            fs::remove_file(database(&scratch).with_extension(format!("db{end}"))).unwrap_or_default();
        }
    }
}

#[test]
fn an_empty_file_becomes_a_database_that_only_its_owner_can_read() {
    let scratch = Scratch::new();
    let deep = parlor::store::StoreConfig { directory: scratch.path("not/there"), ..config(&scratch) };
    let (kept, _) = Kept::open(&deep, start()).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for (name, expected) in [("parlor.db", 0o600), ("parlor.db-wal", 0o600), ("", 0o700)] {
        assert_eq!(mode(&deep.directory.join(name)), expected, "{name}");
    }
    kept.stop();
    fs::write(database(&scratch), "").unwrap();
    assert!(Kept::open(&config(&scratch), start()).is_ok());
}

#[test]
fn a_directory_that_cannot_be_created_is_told_in_one_line() {
    let scratch = Scratch::new();
    let directory = scratch.file("file", "").join("state");
    let config = parlor::store::StoreConfig { directory, ..config(&scratch) };
    let error = Kept::open(&config, start()).err().unwrap();
    assert!(error.is_nowhere);
    let line = format!(
        "cannot create {}: Not a directory (os error 20)",
        config.directory.join("parlor.db").display()
    );
    assert_eq!(error.to_string(), line);
}

#[test]
fn when_the_clock_is_set_back_an_hour_the_order_stays_and_times_are_those_of_the_clock() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let hour = Duration::from_secs(3600);
    let times = [start(), start() - hour, start() - hour / 2, start() + hour];
    for (n, &now) in times.iter().enumerate() {
        let (mut kept, opened) = Kept::open(&config(&scratch), now).unwrap();
        assert_eq!(opened.last_event, events.last);
        kept.store.record(events.say("#tea", &user("bob"), &n.to_string(), now));
        let found = kept.select(latest("#tea", 9), now).events;
        assert!(found.iter().map(|event| event.time).eq(times[..=n].iter().copied()));
        assert!(found.is_sorted_by_key(|event| event.id));
        kept.stop();
    }
}
