//! Rooms that get another name.

use std::time::Duration;

use parlor::message::{HistoryLimit, Record};
use rusqlite::Connection;

use crate::helpers::*;
use crate::saved::staying;
use crate::sites::{Site, on_all_sites};

on_all_sites! {
    seats_of_users_that_stay_and_read_markers_follow_a_room,
}

fn rename(kept: &mut Kept, from: &str, to: &str) {
    kept.store.record(Record::RoomRenamed { from: room(from), to: room(to) });
}

/// The names of all rooms in the file, and the number of events.
fn in_file(scratch: &Scratch) -> (Vec<String>, i64) {
    let file = Connection::open(database(scratch)).unwrap();
    let mut names = file.prepare("SELECT name FROM room ORDER BY id").unwrap();
    let names = names.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    (names, file.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap())
}

#[test]
fn the_history_and_its_limit_follow_a_room_to_its_new_name() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    kept.store.record(events.say("#tea", &user("bob"), "green", start()));
    let limit = Some(HistoryLimit { lines: 2, age: DAY });
    kept.store.record(Record::Limit { room: room("#tea"), limit, at: start() });
    rename(&mut kept, "#tea", "#Coffee");
    kept.store.record(events.say("#Coffee", &user("bob"), "black", start()));
    // A later room may have the old name.
    kept.store.record(events.say("#tea", &user("ana"), "new", start()));
    for _ in 0..2 {
        assert_eq!(texts(&kept.select(latest("#coffee", 9), start()).events), ["green", "black"]);
        assert_eq!(texts(&kept.select(latest("#tea", 9), start()).events), ["new"]);
        kept.stop();
        (kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    }
    kept.store.record(events.say("#coffee", &user("bob"), "strong", start()));
    assert_eq!(texts(&kept.select(latest("#coffee", 9), start()).events), ["black", "strong"]);
    kept.stop();
    assert_eq!(in_file(&scratch).0, ["#Coffee", "#tea"]);
}

#[test]
fn a_change_of_letter_case_is_only_that() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    kept.store.record(events.say("#tea", &user("bob"), "green", start()));
    rename(&mut kept, "#tea", "#TEA");
    assert_eq!(texts(&kept.select(latest("#tea", 9), start()).events), ["green"]);
    kept.stop();
    assert_eq!(in_file(&scratch), (vec!["#TEA".into()], 1));
}

#[test]
fn what_an_earlier_room_of_the_name_has_left_is_gone_at_once_and_deleted_soon() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    for n in 0..1_200 {
        kept.store.record(events.say("#coffee", &user("ana"), &n.to_string(), start()));
    }
    kept.store.record(events.say("#tea", &user("bob"), "green", start()));
    rename(&mut kept, "#tea", "#coffee");
    assert_eq!(texts(&kept.select(latest("#coffee", 9), start()).events), ["green"]);
    wait_for(&mut kept, start(), |figures| figures.messages == 1);
    kept.stop();
    assert_eq!(in_file(&scratch), (vec!["#coffee".into()], 1));
}

#[test]
fn what_an_earlier_room_of_the_name_has_left_is_deleted_after_a_restart_if_need_be() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    kept.store.record(events.say("#coffee", &user("ana"), "old", start()));
    kept.store.record(events.say("#tea", &user("bob"), "green", start()));
    kept.stop();
    // As the store leaves it when it ends before it has deleted anything.
    let file = Connection::open(database(&scratch)).unwrap();
    let sql =
        "UPDATE room SET folded = '!' || id, gone_messages = ?1, gone_events = ?1 WHERE folded = '#coffee'";
    assert_eq!(file.execute(sql, [i64::MAX]).unwrap(), 1);
    drop(file);
    let (mut kept, _) = Kept::open(&config(&scratch), start()).unwrap();
    assert_eq!(kept.select(latest("#coffee", 9), start()).events.len(), 0);
    wait_for(&mut kept, start(), |figures| figures.messages == 1);
    kept.stop();
    assert_eq!(in_file(&scratch), (vec!["#tea".into()], 1));
}

fn seats_of_users_that_stay_and_read_markers_follow_a_room(site: impl Site) {
    let mut kept = site.open().0;
    let ana = kept.create("ana");
    kept.store.record(Record::Stays(Box::new(staying(ana, "ana"))));
    for (seconds, of) in [(1, "#tea"), (2, "#coffee"), (3, "#kaffee")] {
        let at = start() + Duration::from_secs(seconds);
        kept.store.record(Record::Marker { account: ana, of: of.into(), at });
    }
    rename(&mut kept, "#tea", "#Coffee");
    rename(&mut kept, "#kaffee", "#KAFFEE");
    kept.stop();
    let (kept, opened) = site.open();
    let user = &opened.users[0];
    let seats: Vec<_> = user.seats.iter().map(|(room, _)| room.as_str()).collect();
    assert_eq!(seats, ["#Coffee", "#KAFFEE"]);
    let mut markers = user.account.markers.clone();
    markers.sort();
    let at = |seconds| start() + Duration::from_secs(seconds);
    assert_eq!(markers, [("#coffee".into(), at(1)), ("#kaffee".into(), at(3))]);
    kept.stop();
}
