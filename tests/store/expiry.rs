//! What is deleted, and when.

use std::fs;
use std::time::Duration;

use parlor::message::{First, HistoryLimit, Interval, Record};
use parlor::store::StoreConfig;
use rusqlite::Connection;

use crate::helpers::*;

/// The rows of a table, when the store is closed.
fn rows(scratch: &Scratch, table: &str) -> i64 {
    let file = Connection::open(database(scratch)).unwrap();
    file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn what_is_too_old_is_deleted_with_its_sender_and_room() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    for n in 0..2_000 {
        kept.store.record(events.say("#tea", &user("bob"), "old", start() + Duration::from_secs(n)));
    }
    let later = start() + 4 * DAY;
    kept.store.record(events.say("#coffee", &user("ana"), "young", later));
    kept.store.flush(later);
    wait_for(&mut kept, later, |figures| figures.messages == 2_001);
    // Readers see no more than is left.
    let (almost, now) = (start() + 7 * DAY + Duration::from_secs(1_990), start() + 8 * DAY);
    assert_eq!(kept.select(latest("#tea", 100), almost).events.len(), 10);
    wait_for(&mut kept, now, |figures| figures.messages == 1);
    assert_eq!(texts(&kept.select(latest("#coffee", 9), now).events), ["young"]);
    kept.stop();
    assert_eq!(["event", "room", "source"].map(|table| rows(&scratch, table)), [1, 1, 1]);
}

#[test]
fn a_room_keeps_its_last_messages_and_joins_do_not_displace_them() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let config = StoreConfig { lines: 100, ..config(&scratch) };
    let (mut kept, _) = Kept::open(&config, start()).unwrap();
    for n in 0..150 {
        kept.store.record(events.say("#tea", &user("bob"), &n.to_string(), start()));
    }
    for _ in 0..3_000 {
        let kind = parlor::message::EventKind::Joined { room: room("#tea"), away: None };
        let event = events.next(&user("ana"), kind, start());
        kept.store.record(Record::Event { room: room("#tea"), is_closed: false, event });
    }
    kept.store.flush(start());
    wait_for(&mut kept, start(), |figures| (figures.messages, figures.events) == (100, 100));
    let found = kept.select(latest("#tea", 1_000), start());
    assert_eq!((texts(&found.events)[0], found.events.len(), found.is_all), ("50", 100, true));
}

#[test]
fn a_limit_of_no_lines_deletes_and_keeps_nothing() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    let limit = |lines| Record::Limit {
        room: room("#tea"),
        limit: Some(HistoryLimit { lines, age: DAY }),
        at: start(),
    };
    for _ in 0..1_200 {
        kept.store.record(events.say("#tea", &user("bob"), "secret", start()));
    }
    kept.store.record(limit(0));
    kept.store.record(events.say("#tea", &user("bob"), "off the record", start()));
    assert_eq!(kept.select(latest("#tea", 9), start()).events.len(), 0);
    kept.store.record(Record::Limit { room: room("#tea"), limit: None, at: start() });
    assert_eq!(kept.select(latest("#tea", 9), start()).events.len(), 0);
    kept.store.record(events.say("#tea", &user("bob"), "on the record", start()));
    wait_for(&mut kept, start() + Duration::from_secs(100), |figures| figures.messages == 1);
    assert_eq!(texts(&kept.select(latest("#tea", 9), start()).events), ["on the record"]);
    kept.stop();
    let content = fs::read(database(&scratch)).unwrap();
    let has = |text: &str| content.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!has("off the record") && has("on the record"));
}

#[test]
fn the_file_never_exceeds_its_limit_and_the_oldest_events_go_first() {
    const BYTES: u64 = 1024 * 1024;
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let config = StoreConfig { bytes: BYTES, ..config(&scratch) };
    let (mut kept, _) = Kept::open(&config, start()).unwrap();
    let mut largest = 0;
    for n in 0..40_000 {
        let text = format!("{n} {}", "x".repeat(n * 37 % 400));
        kept.store.record(events.say(&format!("#room{}", n * 31 % 50), &user("bob"), &text, start()));
        if n % 20 == 0 {
            kept.store.flush(start());
            while kept.store.is_full() {
                kept.store.flush(start());
                kept.next();
            }
            let journal = database(&scratch).with_extension("db-wal");
            let sizes =
                [database(&scratch), journal].map(|path| fs::metadata(path).map_or(0, |file| file.len()));
            largest = largest.max(sizes.iter().sum());
        }
    }
    let files =
        ["db", "db-wal"].map(|end| fs::metadata(database(&scratch).with_extension(end)).unwrap().len());
    assert!(largest <= BYTES, "{largest} {files:?}");
    assert!(largest > BYTES / 2, "{largest}");
    kept.stop();
    // With a larger limit: nothing more goes between two questions.
    let (mut kept, _) = Kept::open(&StoreConfig { bytes: 4 * BYTES, ..config }, start()).unwrap();
    // In each room, what is left ends with the last message; and nothing younger is gone than what is left elsewhere.
    let all = Interval { first: First::Oldest, ..Interval::LATEST };
    let mut firsts = Vec::new();
    for n in 0..50 {
        let selection = parlor::message::Selection { interval: all, ..latest(&format!("#room{n}"), 10_000) };
        let found = kept.select(selection, start()).events;
        let numbers: Vec<_> = texts(&found)
            .iter()
            .map(|text| text.split(' ').next().unwrap().parse::<u32>().unwrap())
            .collect();
        assert!(numbers.windows(2).all(|pair| pair[1] - pair[0] == 50), "{numbers:?}");
        assert!(numbers.last().unwrap() + 50 >= 40_000, "{numbers:?}");
        firsts.push(numbers[0]);
    }
    let (first, last) = (firsts.iter().min().unwrap(), firsts.iter().max().unwrap());
    assert_eq!(last - first, 49);
    kept.stop();
}

#[test]
fn a_smaller_limit_shrinks_the_file() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    for _ in 0..10_000 {
        kept.store.record(events.say("#tea", &user("bob"), &"x".repeat(400), start()));
        while kept.store.is_full() {
            kept.store.flush(start());
            kept.next();
        }
    }
    kept.stop();
    let size = || fs::metadata(database(&scratch)).unwrap().len();
    assert!(size() > 4_000_000);
    let config = StoreConfig { bytes: 1024 * 1024, ..config(&scratch) };
    let (mut kept, _) = Kept::open(&config, start()).unwrap();
    wait_for(&mut kept, start(), |figures| figures.file_bytes <= 1024 * 1024);
    kept.stop();
    assert!((500_000..1024 * 1024).contains(&size()), "{}", size());
}

#[test]
fn without_history_nothing_is_recorded_and_what_there_is_stays() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    kept.store.record(events.say("#tea", &user("bob"), "before", start()));
    kept.stop();
    let config = StoreConfig { age: None, ..config(&scratch) };
    let (mut kept, opened) = Kept::open(&config, start()).unwrap();
    assert_eq!(opened.last_event, events.last);
    kept.store.record(events.say("#tea", &user("bob"), "meanwhile", start()));
    let found = kept.select(latest("#tea", 9), start()).events;
    assert_eq!(texts(&found), ["before"]);
    kept.stop();
    assert_eq!(rows(&scratch, "event"), 1);
}
