//! A full disk: a small file system in memory, which a user may mount where there are namespaces for users.
#![cfg(target_os = "linux")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use parlor::message::{AccountAnswer, AccountChange, Ban, First, Interval, Record, Selection};
use parlor::store::{self, Reply, StoreConfig};

use crate::helpers::*;

/// Tells the test inside the namespace where its small disk is.
const DISK: &str = "PARLOR_STORE_DISK";

/// Runs a test of this program as root of a namespace of its own, where `disk` has two MiB; with `options`, a mount is
/// changed before. Says so if this machine does not allow it.
#[allow(clippy::print_stderr)]
fn inside(test: &str, before: &str) {
    let scratch = Scratch::new();
    let script = format!(
        "mount -t tmpfs -o size=2m none \"$1\" && {before} && exec \"$2\" --exact {test} --nocapture"
    );
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", script, "sh"]).arg(scratch.path(""));
        command.arg(env::current_exe().unwrap()).env(DISK, scratch.path(""));
        command.output()
    };
    if !run("mount -t tmpfs none \"$1\"").is_ok_and(|output| output.status.success()) {
        eprintln!("left out: this machine lets no user mount a small disk");
        return;
    }
    let output = run(&script).unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

fn disk() -> Option<PathBuf> {
    env::var_os(DISK).map(PathBuf::from)
}

fn on(directory: &Path) -> StoreConfig {
    StoreConfig {
        directory: directory.to_owned(),
        age: Some(7 * DAY),
        lines: 1_000_000,
        bytes: 256 * 1024 * 1024,
    }
}

#[test]
fn on_a_full_disk_history_is_lost_and_not_the_chat_until_there_is_room_again() {
    if disk().is_none() {
        inside("full::on_a_full_disk_history_is_lost_and_not_the_chat_until_there_is_room_again", "true");
        return;
    }
    let directory = disk().unwrap();
    let ballast = directory.join("ballast");
    fs::write(&ballast, vec![0; 1024 * 1024]).unwrap();
    let (mut kept, mut events) = (Kept::open(&on(&directory), start()).unwrap().0, Events::default());
    let mut n = 0;
    let mut say = |kept: &mut Kept| {
        n += 1;
        kept.store.record(events.say("#tea", &user("bob"), &format!("{n} {}", "text ".repeat(50)), start()));
        kept.store.flush(start());
        n
    };
    let why = loop {
        say(&mut kept);
        // While writing works, speakers wait.
        let reply = if kept.store.is_full() {
            kept.store.flush(start());
            Some(kept.next())
        } else {
            kept.store.fetch()
        };
        if let Some(Reply::Failing(why)) = reply {
            break why;
        }
    };
    assert!(why.ends_with("/parlor.db: the disk is full"), "{why}");
    let last_kept = loop {
        let said = say(&mut kept);
        assert!(!kept.store.is_full(), "nobody waits");
        let lost = kept.store.status().lost_records;
        if lost > 0 {
            break said - lost as usize;
        }
    };
    assert_eq!(kept.store.status().failure, Some(why));
    let latest_before = kept.select(latest("#tea", 1), start());
    assert_eq!(latest_before.events.len(), 1, "what is there can be read");
    kept.store.save_bans(vec![]);
    kept.store.flush(start());
    // There are none, which fits.
    while !matches!(kept.next(), Reply::BansSaved(Ok(()))) {}
    fs::remove_file(&ballast).unwrap();
    let lost = loop {
        match kept.next() {
            Reply::Recovered { lost } => break lost,
            Reply::HasRoom | Reply::BansSaved(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(lost >= 1);
    // What waited is there, without a gap up to the first that was lost.
    let interval = Interval { first: First::Oldest, ..Interval::LATEST };
    let mut selection = Selection { interval, most: 500, ..latest("#tea", 0) };
    let mut found = Vec::new();
    loop {
        let part = kept.select(selection.clone(), start());
        found.extend(
            texts(&part.events).iter().map(|text| text.split(' ').next().unwrap().parse::<usize>().unwrap()),
        );
        if part.is_all {
            break;
        }
        selection.interval.after = part.events.last().unwrap().id;
    }
    let without_gap = found.iter().zip(1..).take_while(|(found, n)| **found == *n).count();
    assert_eq!(without_gap, last_kept);
    kept.stop();
}

#[test]
fn bans_that_do_not_fit_on_the_disk_are_told() {
    if disk().is_none() {
        inside("full::bans_that_do_not_fit_on_the_disk_are_told", "true");
        return;
    }
    let directory = disk().unwrap();
    let (mut kept, _) = Kept::open(&on(&directory), start()).unwrap();
    fs::write(directory.join("ballast"), vec![0; 2 * 1024 * 1024]).unwrap_err();
    let ban = |n: u8| Ban {
        network: format!("192.0.2.{n}").parse().unwrap(),
        until: None,
        by: "root".into(),
        since: start(),
        reason: "x".repeat(300),
    };
    kept.store.save_bans((0..=255).map(ban).collect());
    kept.store.flush(start());
    match kept.next() {
        Reply::BansSaved(Err(why)) => assert!(why.ends_with("/parlor.db: the disk is full"), "{why}"),
        other => panic!("{other:?}"),
    }
    kept.stop();
}

#[test]
fn an_account_that_does_not_fit_on_the_disk_is_refused_and_records_about_it_wait_for_room() {
    let name = "full::an_account_that_does_not_fit_on_the_disk_is_refused_and_records_about_it_wait_for_room";
    if disk().is_none() {
        inside(name, "true");
        return;
    }
    let directory = disk().unwrap();
    let (mut kept, _) = Kept::open(&on(&directory), start()).unwrap();
    let ana = kept.create("ana");
    let ballast = directory.join("ballast");
    fs::write(&ballast, vec![0; 2 * 1024 * 1024]).unwrap_err();
    // What the file and its journal have allocated may have room for some.
    let create = |n: u32| AccountChange::Create {
        name: format!("user{n}").parse().unwrap(),
        password: Some(password(1)),
        certificate: None,
        at: start(),
    };
    let mut created = 1;
    let why = loop {
        match kept.change(create(created)) {
            AccountAnswer::Created(_) => created += 1,
            AccountAnswer::Failed(why) => break why,
            other => panic!("{other:?}"),
        }
    };
    assert!(why.ends_with("/parlor.db: the disk is full"), "{why}");
    let markers: Vec<_> = (0..100).map(|n| (format!("#{n:060}").into(), start())).collect();
    for (of, at) in &markers {
        kept.store.record(Record::Marker { account: ana, of: Box::clone(of), at: *at });
    }
    kept.store.record(Record::Room(Box::new(crate::saved::registered("#tea", ana))));
    kept.store.record(Record::Stays(Box::new(crate::saved::staying(ana, "ana"))));
    kept.store.flush(start());
    assert!(matches!(kept.next(), Reply::Failing(_)));
    fs::remove_file(&ballast).unwrap();
    assert!(matches!(kept.next(), Reply::Recovered { lost: 0 }));
    assert!(matches!(kept.change(create(created)), AccountAnswer::Created(_)));
    kept.stop();
    let (mut kept, opened) = Kept::open(&on(&directory), start()).unwrap();
    assert_eq!(opened.accounts.len(), created as usize + 1, "what was confirmed is there, and nothing else");
    assert_eq!(opened.rooms, [crate::saved::registered("#tea", ana)]);
    assert_eq!(opened.users.len(), 1);
    assert_eq!(kept.info(ana).account.markers, markers);
    kept.stop();
}

#[test]
fn a_file_system_that_is_only_for_reading_is_told_in_one_line() {
    let name = "full::a_file_system_that_is_only_for_reading_is_told_in_one_line";
    if disk().is_none() {
        inside(name, "mount -o remount,ro \"$1\"");
        return;
    }
    let error = Kept::open(&on(&disk().unwrap()), start()).err().unwrap().to_string();
    assert!(error.ends_with("/parlor.db: Read-only file system (os error 30)"), "{error}");
    assert!(error.starts_with("cannot create /"), "{error}");
}

#[test]
fn on_a_full_disk_neither_a_backup_nor_a_restore_leaves_anything_behind() {
    if disk().is_none() {
        inside("full::on_a_full_disk_neither_a_backup_nor_a_restore_leaves_anything_behind", "true");
        return;
    }
    let (disk, large) = (disk().unwrap(), Scratch::new());
    let (mut kept, mut events) = (Kept::open(&on(&large.path("")), start()).unwrap().0, Events::default());
    for n in 0..20_000 {
        kept.store.record(events.say("#tea", &user("bob"), &format!("{n} {}", "text ".repeat(50)), start()));
        kept.store.flush(start());
        if kept.store.is_full() {
            kept.store.flush(start());
            assert!(matches!(kept.next(), Reply::HasRoom));
        }
    }
    kept.stop();
    let refused = store::back_up(&large.path(""), &disk.join("copy")).unwrap_err().to_string();
    assert!(refused.ends_with("/copy.partial/parlor.db: the disk is full"), "{refused}");
    assert_eq!(fs::read_dir(&disk).unwrap().count(), 0);
    Kept::open(&on(&disk), start()).unwrap().0.stop();
    let before = fs::read(disk.join("parlor.db")).unwrap();
    let refused = store::restore(&large.path(""), &disk, start()).unwrap_err().to_string();
    assert!(refused.ends_with("/restoring/parlor.db: the disk is full"), "{refused}");
    assert_eq!(fs::read(disk.join("parlor.db")).unwrap(), before);
    assert_eq!(fs::read_dir(&disk).unwrap().count(), 2, "the database and the lock");
}
