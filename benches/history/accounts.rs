//! A file with many accounts, registered rooms and users that stay: writing it, and the start of a server with it.

use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant, SystemTime};

use parlor::message::{
    Account, AccountAnswer, AccountChange, AccountId, AccountQuery, EventId, MaskList, Rank, Record,
    RoomFlag, SavedRoom, SavedUser,
};
use parlor::name::{RoomName, UserName};
use parlor::secret::{ScramKeys, StoredPassword};
use parlor::store::{Reply, Store, StoreConfig};

use crate::file::{size, start};
use crate::support::{DEADLINE, Scratch};

const ACCOUNTS: u32 = 10_000;

/// Registered rooms, and users that stay, in five of them each.
const ROOMS: u32 = 1_000;
const STAYING: u32 = 1_000;
const SEATS: u32 = 5;

pub(crate) fn measure() {
    let scratch = Scratch::new();
    let directory = scratch.path("state");
    let each = fill(&directory);
    println!("accounts/write   {:.2} ms each, on the disk", each.as_secs_f64() * 1e3);
    println!("accounts/file    {} bytes for {ACCOUNTS} accounts", size(&directory));
    let (with, without) = (start(Some(&directory)), start(None));
    println!("accounts/start   {:?} with the file, {:?} without", with.0, without.0);
    println!("accounts/memory  {} kB with the file, {} kB without", with.1 / 1024, without.1 / 1024);
}

/// Returns the time for each account.
fn fill(directory: &Path) -> Duration {
    let config =
        StoreConfig { directory: directory.to_owned(), age: None, lines: 1, bytes: 256 * 1024 * 1024 };
    let (woken, wake) = mpsc::channel();
    let now = SystemTime::now();
    let opened = Store::open(&config, move || woken.send(()).unwrap_or_default(), now);
    let (mut store, _) = opened.expect("the directory is ours");
    let began = Instant::now();
    for n in 0..ACCOUNTS {
        store.ask_account(n.into(), AccountQuery::Change(account(n, now)));
    }
    store.flush(now);
    let mut ids = Vec::new();
    while ids.len() < ACCOUNTS as usize {
        match next(&mut store, &wake) {
            Reply::Account(_, AccountAnswer::Created(id)) => ids.push(id),
            other => panic!("{other:?}"),
        }
    }
    let each = began.elapsed() / ACCOUNTS;
    for (n, &id) in (0..).zip(&ids) {
        belongings(n, id, now).into_iter().for_each(|record| record_waiting(&mut store, &wake, record, now));
    }
    store.stop();
    while !matches!(next(&mut store, &wake), Reply::Stopped) {}
    each
}

/// Records this when the queue has room.
fn record_waiting(store: &mut Store, wake: &Receiver<()>, record: Record, now: SystemTime) {
    store.record(record);
    while store.is_full() {
        store.flush(now);
        next(store, wake);
    }
}

fn next(store: &mut Store, wake: &Receiver<()>) -> Reply {
    loop {
        if let Some(reply) = store.fetch() {
            return reply;
        }
        wake.recv_timeout(DEADLINE).expect("the store answers");
    }
}

fn account(n: u32, at: SystemTime) -> AccountChange {
    let scram = ScramKeys { salt: [1; 16], iterations: 64_000, stored_key: [2; 32], server_key: [3; 32] };
    let password = StoredPassword { hash: "x".repeat(97), scram };
    AccountChange::Create { name: user(n), password: Some(password), certificate: None, at }
}

/// What is recorded of the account with this number: all have a marker and a device, some a room, and some stay.
fn belongings(n: u32, id: AccountId, at: SystemTime) -> Vec<Record> {
    let mut records = vec![
        Record::Marker { account: id, of: "#room1".into(), at },
        Record::Heard { account: id, device: "phone".into(), event: EventId::before(at) },
    ];
    if n < ROOMS {
        records.push(Record::Room(Box::new(registered(n, id, at))));
    }
    if n < STAYING {
        records.push(Record::Stays(Box::new(staying(n, id, at))));
    }
    records
}

fn registered(n: u32, founder: AccountId, at: SystemTime) -> SavedRoom {
    let mask = |mask: &str| (MaskList::Bans, mask.into(), user(n), at);
    SavedRoom {
        name: room(n),
        registered: at,
        founder,
        ranks: vec![(founder, Rank::OPERATOR)],
        opened: EventId::before(at),
        created: at,
        topic: Some(("What is said here, and by whom".into(), "user!~user@host".into(), at)),
        flags: vec![RoomFlag::NoExternal, RoomFlag::TopicLocked],
        key: None,
        limit: None,
        history: None,
        masks: vec![mask("*!*@192.0.2.7"), mask("eve!*@*")],
        metadata: Vec::new(),
    }
}

fn staying(n: u32, id: AccountId, at: SystemTime) -> SavedUser {
    let account = Account {
        id,
        name: user(n),
        registered: at,
        always_on: Some(true),
        markers: Vec::new(),
        devices: Vec::new(),
        metadata: Vec::new(),
    };
    SavedUser {
        account,
        username: "~user".into(),
        host: "8f3ab2c1.77dd01ae.ip".into(),
        realname: "A User".into(),
        since: at,
        last_seen: at,
        seats: (0..SEATS).map(|seat| (room((n + seat) % ROOMS), Rank::NONE)).collect(),
    }
}

fn user(n: u32) -> UserName {
    UserName::new(&format!("user{n}")).expect("a name")
}

fn room(n: u32) -> RoomName {
    RoomName::new(&format!("#room{n}")).expect("a name")
}
