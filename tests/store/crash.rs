//! A writer that is killed at any moment: what it wrote is there again, from the beginning and without gaps.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use parlor::message::{AccountId, First, Interval, Rank, Record, Selection};
use parlor::store::{Opened, StoreConfig};

use crate::helpers::*;
use crate::saved;

const KILLS: u32 = 20;

/// Tells the writer its directory, and the number of its first message.
const DIRECTORY: &str = "PARLOR_STORE_DIRECTORY";
const FIRST: &str = "PARLOR_STORE_FIRST";

/// The other process of the test below: it records a message each millisecond, as the event loop would, and tells it.
#[test]
#[ignore = "runs as a process of its own, which another test kills"]
#[allow(clippy::print_stdout)] // Read by the other test.
fn write_until_killed() {
    let Some(directory) = env::var_os(DIRECTORY).map(PathBuf::from) else { return };
    let first: u32 = env::var(FIRST).unwrap().parse().unwrap();
    let config = StoreConfig { directory, age: Some(7 * DAY), lines: 100_000, bytes: 256 * 1024 * 1024 };
    let (mut kept, opened) = Kept::open(&config, SystemTime::now()).unwrap();
    let mut events = Events { last: opened.last_event };
    let owner = match opened.accounts.first() {
        Some((owner, _)) => *owner,
        None => kept.create("owner"),
    };
    for n in first.. {
        let now = SystemTime::now();
        kept.store.record(events.say("#tea", &user("bob"), &n.to_string(), now));
        state(owner, n).into_iter().for_each(|record| kept.store.record(record));
        kept.store.flush(now);
        println!("said {n}");
        if n % 100 == 0 {
            let id = kept.create(&format!("account{n}"));
            println!("created {}", id.0);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A registered room, a user that stays, a seat and a marker, which all say `n`.
fn state(owner: AccountId, n: u32) -> [Record; 4] {
    let mut registered = saved::registered("#tea", owner);
    registered.limit = Some(n);
    let mut stays = saved::staying(owner, "owner");
    stays.realname = n.to_string().into();
    let (name, rank) = (room(&format!("#{n}")), Some(Rank::NONE));
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(n.into());
    [
        Record::Room(Box::new(registered)),
        Record::Stays(Box::new(stays)),
        Record::Seat { account: owner, room: name, rank },
        Record::Marker { account: owner, of: "#tea".into(), at },
    ]
}

/// Checks that the state is that which was recorded with the last message, of `count`.
fn check_state(opened: &Opened, count: u32) {
    let Some(n) = count.checked_sub(1) else {
        assert!(opened.rooms.is_empty() && opened.users.is_empty());
        return;
    };
    assert_eq!(opened.rooms.len(), 1);
    assert_eq!(opened.rooms[0].limit, Some(n));
    let user = &opened.users[0];
    assert_eq!(*user.realname, n.to_string());
    assert_eq!(user.seats[0], (room(&format!("#{n}")), Rank::NONE));
    assert_eq!(user.seats.len(), 3);
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(n.into());
    assert_eq!(user.account.markers, [("#tea".into(), at)]);
}

fn writer(config: &StoreConfig, first: u32) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "crash::write_until_killed", "--ignored", "--nocapture"]);
    command.env(DIRECTORY, &config.directory).env(FIRST, first.to_string()).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// Reads what the writer says until this time, and kills it. Returns its last message that was two seconds old, and the
/// last account that was confirmed.
fn kill_after(mut child: Child, time: Duration) -> (Option<u32>, Option<u32>) {
    let (started, mut said, mut created) = (Instant::now(), Vec::new(), None);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(number) = line.strip_prefix("said ") {
            said.push((number.parse::<u32>().unwrap(), Instant::now()));
        }
        if let Some(number) = line.strip_prefix("created ") {
            created = Some(number.parse::<u32>().unwrap());
        }
        if started.elapsed() >= time {
            break;
        }
    }
    let killed = Instant::now();
    child.kill().unwrap();
    child.wait().unwrap();
    let old = said.iter().rfind(|(_, at)| killed - *at >= Duration::from_secs(2));
    (old.map(|(number, _)| *number), created)
}

#[test]
fn after_a_kill_the_file_is_sound_and_has_everything_that_was_two_seconds_old() {
    let scratch = Scratch::new();
    let config = StoreConfig { lines: 100_000, ..config(&scratch) };
    let mut next = 0;
    for n in 0..KILLS {
        // Some are killed before their first commit, and some after several.
        let time = Duration::from_millis(u64::from(n * 1237 % 4000));
        let (old, created) = kill_after(writer(&config, next), time);
        let (mut kept, opened) = Kept::open(&config, SystemTime::now()).unwrap();
        let all = Interval { first: First::Oldest, ..Interval::LATEST };
        let selection = Selection { interval: all, most: 100_000, ..latest("#tea", 0) };
        let mut found: Vec<u32> = Vec::new();
        let mut after = all.after;
        loop {
            let interval = Interval { after, ..all };
            let part = kept.select(Selection { interval, ..selection.clone() }, SystemTime::now());
            found.extend(texts(&part.events).iter().map(|text| text.parse::<u32>().unwrap()));
            after = part.events.last().map_or(after, |event| event.id);
            if part.is_all {
                break;
            }
        }
        assert_eq!(after, opened.last_event);
        let count = u32::try_from(found.len()).unwrap();
        assert!(found.iter().copied().eq(0..count), "each once, in order, without a gap");
        check_state(&opened, count);
        let has = |id| opened.accounts.iter().any(|(known, _)| known.0 == id);
        assert!(created.is_none_or(has), "account {created:?} was confirmed");
        assert!(old.is_none_or(|old| old < count), "{old:?} was two seconds old, and {count} are there");
        kept.stop();
        let file = rusqlite::Connection::open(database(&scratch)).unwrap();
        let sound: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        next = count;
    }
    assert!(next > 1_000, "{next} messages have survived");
}
