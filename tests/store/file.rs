//! The database in a file.

use std::sync::Arc;

use parlor::message::{Answer, Ban, EventKind, Query, Record, Selected, Selection, Source};

use crate::helpers::*;

#[test]
fn what_was_said_survives_a_restart_and_ids_go_on() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let (mut kept, opened) = Kept::open(&config(&scratch), start()).unwrap();
    assert_eq!(opened.last_event, Default::default());
    for n in 0..250 {
        kept.store.record(events.say("#tea", &user("bob"), &format!("hello {n}"), start()));
    }
    let before = kept.select(latest("#Tea", 3), start());
    assert_eq!(texts(&before.events), ["hello 247", "hello 248", "hello 249"]);
    assert!(!before.is_all);
    kept.stop();
    let (mut kept, opened) = Kept::open(&config(&scratch), start()).unwrap();
    assert_eq!(opened.last_event, events.last);
    let after = kept.select(latest("#tea", 3), start());
    assert_eq!(format!("{after:?}"), format!("{before:?}").replace("Tea", "tea"));
    assert!(kept.select(latest("#tea", 250), start()).is_all);
    assert_eq!(kept.select(latest("#coffee", 3), start()).events.len(), 0);
}

/// Long messages in `rooms` rooms, and as many joins.
fn long_messages(kept: &mut Kept, rooms: usize) -> Vec<String> {
    let mut events = Events::default();
    let rooms: Vec<_> = (0..rooms).map(|n| format!("#room{n}")).collect();
    for name in &rooms {
        for n in 0..300 {
            let kind = EventKind::Joined { room: room(name), away: None };
            let event = events.next(&user("ana"), kind, start());
            kept.store.record(Record::Event { room: room(name), is_closed: false, event });
            kept.store.record(events.say(name, &user("bob"), &format!("{n} {}", "x".repeat(2_000)), start()));
            while kept.store.is_full() {
                kept.store.flush(start());
                kept.next();
            }
        }
    }
    rooms
}

#[test]
fn an_answer_that_is_too_large_has_the_last_events_of_each_room() {
    let scratch = Scratch::new();
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    let rooms = long_messages(&mut kept, 10);
    for with_events in [false, true] {
        let selection = |name: &String| Selection { with_events, ..latest(name, 500) };
        let query = Query::Events(rooms.iter().map(selection).collect());
        let Answer::Events(selected) = kept.ask(query, start()) else { panic!("these are events") };
        let mut bytes = 0;
        for Selected { events, is_all, .. } in selected {
            assert!(texts(&events).last().is_some_and(|text| text.starts_with("299 ")) && !is_all);
            bytes += texts(&events).concat().len();
        }
        assert!((64 * 1024..300 * 1024).contains(&bytes), "{bytes}");
    }
}

#[test]
fn pages_of_long_messages_and_other_events_reach_the_first() {
    let scratch = Scratch::new();
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    let rooms = long_messages(&mut kept, 1);
    let mut selection = Selection { with_events: true, ..latest(&rooms[0], 500) };
    let mut found = 0;
    loop {
        let page = kept.select(selection.clone(), start());
        found += page.events.len();
        if page.is_all {
            break;
        }
        selection.interval.before = page.events.first().expect("there is progress").id;
    }
    assert_eq!(found, 600);
}

#[test]
fn a_second_server_on_the_same_directory_is_refused_in_one_line() {
    let scratch = Scratch::new();
    let (_kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    let error = Kept::open(&config(&scratch), start()).err().unwrap().to_string();
    let file = database(&scratch);
    let why = "another parlord uses this; each needs a directory of its own (--state)";
    assert_eq!(error, format!("{}: {why}", file.display()));
}

#[test]
fn bans_survive_a_restart() {
    let scratch = Scratch::new();
    let ban = |network: &str, until| Ban {
        network: network.parse().unwrap(),
        until,
        by: "root".into(),
        since: start(),
        reason: "too loud".into(),
    };
    let bans = vec![ban("192.0.2.0/24", None), ban("2001:db8::/32", Some(start() + DAY))];
    let (mut kept, opened) = Kept::open(&config(&scratch), start()).unwrap();
    assert_eq!(opened.bans, []);
    kept.store.save_bans(bans.clone());
    kept.store.flush(start());
    assert!(matches!(kept.next(), parlor::store::Reply::BansSaved(Ok(()))));
    kept.stop();
    let (kept, opened) = Kept::open(&config(&scratch), start()).unwrap();
    assert_eq!(opened.bans, bans);
    kept.stop();
    let (_, opened) = Kept::open(&config(&scratch), start() + 2 * DAY).unwrap();
    assert_eq!(opened.bans, bans[..1]);
}

#[test]
fn bans_are_saved_after_a_question_too() {
    let scratch = Scratch::new();
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    kept.select(latest("#tea", 1), start());
    kept.store.save_bans(Vec::new());
    kept.store.flush(start());
    let saved = kept.next();
    assert!(matches!(saved, parlor::store::Reply::BansSaved(Ok(()))), "{saved:?}");
    kept.stop();
}

#[test]
fn a_search_finds_messages_with_all_words_in_any_letter_case() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    for n in 0..5_000 {
        kept.store.record(events.say("#tea", &user("bob"), &format!("Ein Grüner TEE {n}"), start()));
    }
    kept.store.record(events.say("#tea", &user("ana"), "grüner Kaffee", start()));
    let search = |words: &[&str], from: Option<&str>| Query::Search {
        scopes: vec![readable("#tea")],
        words: words.iter().map(|&word| word.to_owned()).collect(),
        from: from.map(|name| name.parse().unwrap()),
        interval: parlor::message::Interval::LATEST,
        most: 2,
    };
    let mut found = |query| match kept.ask(query, start()) {
        parlor::message::Answer::Found(events) => texts(&events).join("|"),
        other => panic!("{other:?}"),
    };
    assert_eq!(found(search(&["GRÜNER", "tee"], None)), "Ein Grüner TEE 4998|Ein Grüner TEE 4999");
    assert_eq!(found(search(&["grüner", "4000"], None)), "Ein Grüner TEE 4000");
    assert_eq!(found(search(&["grüner"], Some("Ana"))), "grüner Kaffee");
    assert_eq!(found(search(&["wine"], None)), "");
}

#[test]
fn an_event_says_whether_its_user_was_logged_in() {
    let scratch = Scratch::new();
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    let mut events = Events::default();
    let Source::User(bob) = user("bob") else { unreachable!("that is a user") };
    let mut with_account = (*bob).clone();
    with_account.has_account = true;
    let with_account = Source::User(Arc::new(with_account));
    for (from, text) in [(user("bob"), "before"), (with_account, "with"), (user("bob"), "after")] {
        kept.store.record(events.say("#tea", &from, text, start()));
    }
    let read = kept.select(latest("#tea", 9), start()).events;
    let accounts: Vec<_> = read
        .iter()
        .map(|event| match &event.from {
            Source::User(identity) => identity.account().map(str::to_owned),
            Source::Server => None,
        })
        .collect();
    assert_eq!(accounts, [None, Some("bob".to_owned()), None]);
    kept.stop();
}

#[test]
fn every_column_and_the_marks_of_the_file_are_documented() {
    let page = include_str!("../../doc/HISTORY.md");
    let scratch = Scratch::new();
    Kept::open(&config(&scratch), start()).unwrap().0.stop();
    let file = rusqlite::Connection::open(database(&scratch)).unwrap();
    let number = |sql| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let (mark, version) = (number("PRAGMA application_id"), number("PRAGMA user_version"));
    assert!(page.contains(&format!("`PRAGMA application_id` is {mark} (\"prlr\")")), "{mark}");
    assert!(page.contains(&format!("the version of these tables, {version}.")), "{version}");
    let sql = "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
    let mut columns = file.prepare(sql).unwrap();
    let columns =
        columns.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    for column in columns {
        let (table, column) = column.unwrap();
        assert!(page.contains(&format!("**`{table}`**")), "{table}");
        assert!(page.contains(&format!("`{column}`")), "{table}.{column}");
    }
}
