//! The store in a broker: several nodes, and a broker that is killed, paused or emptied.

#[cfg(feature = "tls")]
use std::fs;
#[cfg(feature = "tls")]
use std::net::TcpListener;
use std::time::{Duration, Instant};

#[cfg(feature = "tls")]
use parlor::broker::{Authorities, Broker};
use parlor::message::{
    AccountAnswer, AccountChange, AccountId, AccountQuery, Answer, EventId, EventKind, HistoryLimit,
    Interval, Query, Rank, Record, SavedRoom, Scope, Selection, Speech,
};
use parlor::store::{BrokerConfig, Reply};

use crate::helpers::*;
use crate::saved::{registered, staying};
use crate::sites::{Keeps, Site};
use crate::support::redis_cluster::RedisCluster;
use crate::support::redis_server::RedisServer;
#[cfg(feature = "tls")]
use crate::support::text;
#[cfg(feature = "tls")]
use crate::support::tls::Certificate;

/// Two nodes over one broker; `None` if there is no such program.
fn two() -> Option<(RedisServer, [Kept; 2])> {
    let server = <RedisServer as Site>::new()?;
    let nodes = [server.open().0, server.open().0];
    Some((server, nodes))
}

/// Waits until all that was recorded is committed.
fn commit(kept: &mut Kept) {
    kept.store.save_bans(Vec::new());
    kept.store.flush(start());
    loop {
        if let Reply::BansSaved(saved) = kept.next() {
            return saved.unwrap();
        }
    }
}

/// Waits for the end of the first sweep. The next begins after a minute.
fn wait_for_sweep(server: &RedisServer, kept: &mut Kept) {
    let by = Instant::now() + DEADLINE;
    while server.ask("EXISTS parlor:{store}:figures") != ":1" {
        assert!(Instant::now() < by, "there is no sweep");
    }
    // The store has heard the broker's last answer.
    commit(kept);
}

fn said(kept: &mut Kept, room: &str) -> Vec<String> {
    texts(&kept.select(latest(room, 1_000), start()).events).iter().map(|text| text.to_string()).collect()
}

fn limit(lines: u32) -> Option<HistoryLimit> {
    Some(HistoryLimit { lines, age: DAY })
}

#[test]
fn two_nodes_have_the_same_history_in_the_order_of_ids_whoever_writes_first() {
    let Some((_server, [mut one, mut other])) = two() else { return };
    let mut events = Events::default();
    let records: Vec<_> =
        (0..40).map(|n| events.say("#tea", &user("bob"), &n.to_string(), start())).collect();
    for (n, record) in records.into_iter().enumerate().rev() {
        if n % 2 == 0 { one.store.record(record) } else { other.store.record(record) }
    }
    commit(&mut one);
    commit(&mut other);
    let expected: Vec<_> = (0..40).map(|n| n.to_string()).collect();
    assert_eq!(said(&mut one, "#tea"), expected);
    assert_eq!(said(&mut other, "#tea"), expected);
}

#[test]
fn a_name_or_certificate_that_a_node_has_registered_is_taken_on_all() {
    let Some((server, [mut one, mut other])) = two() else { return };
    let ana = one.create("Ana");
    let create = |name: &str, certificate| AccountChange::Create {
        name: name.parse().unwrap(),
        password: Some(password(9)),
        certificate,
        at: start(),
    };
    assert!(matches!(other.change(create("aNA", None)), AccountAnswer::Conflict));
    let bob = other.create("bob");
    assert_ne!(ana, bob);
    assert!(matches!(one.change(AccountChange::AddCertificate(ana, [7; 32])), AccountAnswer::Changed));
    assert!(matches!(other.change(AccountChange::AddCertificate(bob, [7; 32])), AccountAnswer::Conflict));
    assert!(matches!(other.change(create("zoe", Some([7; 32]))), AccountAnswer::Conflict));
    match other.account(AccountQuery::OfCertificate([7; 32])) {
        AccountAnswer::Account(account, _) => assert_eq!(account.id, ana),
        answer => panic!("{answer:?}"),
    }
    let (mut third, opened) = server.open();
    assert_eq!(opened.accounts.len(), 2);
    match third.account(AccountQuery::All) {
        AccountAnswer::All(all) => assert_eq!(all, opened.accounts),
        answer => panic!("{answer:?}"),
    }
    [one, other, third].into_iter().for_each(Kept::stop);
}

#[test]
fn of_two_records_of_the_same_thing_the_later_prevails_though_it_comes_first() {
    let Some((server, [mut one, mut other])) = two() else { return };
    let ana = one.create("ana");
    let at = |n: u64| Record::After(EventId::from_number(n));
    let seat = |rank| Record::Seat { account: ana, room: room("#tea"), rank };
    let metadata =
        |value: &str| Record::Metadata { account: ana, key: "url".into(), value: Some(value.into()) };
    let named = |topic: &str| {
        let topic = Some((topic.into(), "ana".into(), start()));
        Record::Room(Box::new(SavedRoom { topic, ..registered("#tea", ana) }))
    };
    // The first was later.
    let stays = |realname: &str| {
        Record::Stays(Box::new(parlor::message::SavedUser {
            realname: realname.into(),
            ..staying(ana, "ana")
        }))
    };
    for record in [at(8), stays("new"), at(9), seat(Some(Rank::VOICE)), metadata("new"), named("new")] {
        one.store.record(record);
    }
    one.store.record(Record::RoomDropped(room("#gone")));
    one.store.record(Record::Limit { room: room("#tea"), limit: limit(2), at: start() });
    commit(&mut one);
    for record in [at(7), stays("old"), seat(None), metadata("old"), named("old")] {
        other.store.record(record);
    }
    other.store.record(Record::Room(Box::new(registered("#gone", ana))));
    other.store.record(Record::StaysNot(ana));
    other.store.record(Record::Limit { room: room("#tea"), limit: None, at: start() });
    let mut events = Events::default();
    for n in 0..4 {
        other.store.record(events.say("#tea", &user("bob"), &n.to_string(), start()));
    }
    commit(&mut other);
    assert_eq!(said(&mut one, "#tea"), ["2", "3"]);
    let opened = server.open().1;
    assert_eq!(opened.rooms.len(), 1);
    assert_eq!(opened.rooms[0].topic.as_ref().map(|(topic, ..)| &**topic), Some("new"));
    assert_eq!((opened.users.len(), &*opened.users[0].realname), (1, "new"));
    assert!(opened.users[0].seats.contains(&(room("#tea"), Rank::VOICE)), "{:?}", opened.users[0].seats);
    assert_eq!(opened.users[0].account.metadata, [("url".into(), "new".into())]);
}

#[test]
fn a_message_that_was_removed_does_not_come_back_with_a_node_that_is_late() {
    let Some((_server, [mut one, mut other])) = two() else { return };
    let mut events = Events::default();
    let late = events.say("#tea", &user("bob"), "removed", start());
    one.store.record(Record::Redaction { room: room("#tea"), id: events.last });
    commit(&mut one);
    other.store.record(late);
    other.store.record(events.say("#tea", &user("bob"), "stays", start()));
    commit(&mut other);
    assert_eq!(said(&mut one, "#tea"), ["stays"]);
}

#[test]
fn a_broker_that_is_killed_loses_nothing_and_what_is_said_meanwhile_follows() {
    let Some(mut server) = <RedisServer as Site>::new() else { return };
    let (mut kept, mut events) = (server.open().0, Events::default());
    let ana = kept.create("ana");
    kept.store.record(events.say("#tea", &user("bob"), "before", start()));
    commit(&mut kept);
    server.kill();
    kept.store.record(events.say("#tea", &user("bob"), "meanwhile", start()));
    kept.store.flush(start());
    let failure = loop {
        if let Reply::Failing(failure) = kept.next() {
            break failure;
        }
    };
    assert!(failure.contains(&server.port().to_string()) && failure.lines().count() == 1, "{failure}");
    assert!(matches!(kept.ask(Query::Events(vec![latest("#tea", 9)]), start()), Answer::Failed));
    let change = kept.change(AccountChange::SetAlwaysOn(ana, Some(true)));
    assert!(matches!(change, AccountAnswer::Failed(_)), "{change:?}");
    server.restart();
    while !matches!(kept.next(), Reply::Recovered { lost: 0 }) {}
    kept.store.record(events.say("#tea", &user("bob"), "after", start()));
    assert_eq!(said(&mut kept, "#tea"), ["before", "meanwhile", "after"]);
    assert_eq!(kept.info(ana).account.name.as_str(), "ana");
}

#[test]
fn a_connection_that_has_ended_meanwhile_is_replaced_without_a_word() {
    let Some(mut server) = <RedisServer as Site>::new() else { return };
    let (mut kept, mut events) = (server.open().0, Events::default());
    kept.store.record(events.say("#tea", &user("bob"), "before", start()));
    commit(&mut kept);
    wait_for_sweep(&server, &mut kept);
    server.restart();
    kept.store.record(events.say("#tea", &user("bob"), "after", start()));
    assert_eq!(said(&mut kept, "#tea"), ["before", "after"]);
    let ana = kept.create("ana");
    server.restart();
    assert!(matches!(kept.change(AccountChange::Drop(ana)), AccountAnswer::Changed));
    assert!(kept.store.fetch().is_none(), "nothing has failed");
}

#[cfg(feature = "tls")]
#[test]
fn over_tls_the_store_connects_again_in_its_thread() {
    let scratch = Scratch::new();
    let certificate = Certificate::new(&scratch, "broker");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let files = ["--tls-cert-file", text(&certificate.cert), "--tls-key-file", text(&certificate.key)];
    let options = [&["--tls-port", &*port, "--tls-auth-clients", "no"], &files[..]].concat();
    let Some(mut server) = RedisServer::start_with(&options) else { return };
    let mut broker: Broker = format!("rediss://localhost:{port}").parse().unwrap();
    broker.trust(Authorities::parse(&fs::read_to_string(&certificate.cert).unwrap()).unwrap());
    let Keeps { age, lines, bytes } = Keeps::default();
    let (mut kept, _) = Kept::open_broker(&BrokerConfig { broker, age, lines, bytes }, start()).unwrap();
    let mut events = Events::default();
    for text in ["one", "two"] {
        kept.store.record(events.say("#tea", &user("bob"), text, start()));
        commit(&mut kept);
        wait_for_sweep(&server, &mut kept);
        server.restart();
    }
    assert_eq!(said(&mut kept, "#tea"), ["one", "two"]);
}

#[test]
fn a_paused_broker_is_a_failure_after_a_few_seconds() {
    let Some(server) = <RedisServer as Site>::new() else { return };
    let (mut kept, mut events) = (server.open().0, Events::default());
    commit(&mut kept);
    server.pause();
    kept.store.record(events.say("#tea", &user("bob"), "meanwhile", start()));
    kept.store.flush(start());
    while !matches!(kept.next(), Reply::Failing(_)) {}
    server.resume();
    while !matches!(kept.next(), Reply::Recovered { lost: 0 }) {}
    assert_eq!(said(&mut kept, "#tea"), ["meanwhile"]);
}

#[test]
fn a_broker_that_has_lost_everything_is_filled_again_and_numbers_are_not_given_twice() {
    let Some(server) = <RedisServer as Site>::new() else { return };
    let (mut kept, mut events) = (server.open().0, Events::default());
    let ana = kept.create("ana");
    kept.store.record(events.say("#tea", &user("bob"), "before", start()));
    commit(&mut kept);
    assert_eq!(server.ask("FLUSHALL"), "+OK");
    assert_eq!(said(&mut kept, "#tea"), [""; 0]);
    kept.store.record(events.say("#tea", &user("bob"), "after", start()));
    assert_eq!(said(&mut kept, "#tea"), ["after"]);
    let create = AccountChange::Create {
        name: "ana".parse().unwrap(),
        password: None,
        certificate: None,
        at: start() + Duration::from_secs(2),
    };
    match kept.change(create) {
        AccountAnswer::Created(id) => assert_ne!(id, ana),
        answer => panic!("{answer:?}"),
    }
}

#[test]
fn values_that_make_no_sense_are_left_out_and_told() {
    let Some(server) = <RedisServer as Site>::new() else { return };
    let (mut kept, mut events) = (server.open().0, Events::default());
    let ana = kept.create("ana");
    kept.store.record(events.say("#tea", &user("bob"), "good", start()));
    kept.store.record(Record::Room(Box::new(registered("#tea", ana))));
    kept.store.record(Record::Stays(Box::new(staying(ana, "ana"))));
    commit(&mut kept);
    let account = format!("parlor:{{store}}:account:{}", ana.0);
    for command in [
        "ZADD parlor:{room-#tea}:messages 0 x".to_owned(),
        format!("ZADD parlor:{{room-#tea}}:messages 0 {}o", events.last),
        format!("ZADD parlor:{{room-#tea}}:messages 0 {}onothing", events.last.following()),
        "HSET parlor:{store}:rooms #wine nothing".to_owned(),
        "HSET parlor:{store}:accounts x y".to_owned(),
        "SADD parlor:{store}:staying nobody 99".to_owned(),
        "SET parlor:{store}:bans nothing".to_owned(),
        format!("HSET {account}:devices phone nothing"),
        format!("HSET {account}:stay #wine nothing"),
        format!("ZADD {account}:talks 5 nobody"),
    ] {
        assert!(server.ask(&command).starts_with([':', '+']), "{command}");
    }
    assert_eq!(said(&mut kept, "#tea"), ["good"]);
    assert_eq!(kept.info(ana).account.devices, []);
    let all = Selection { of: Scope::Talks(ana), ..latest("#tea", 9) };
    assert_eq!(kept.select(all, start()).events.len(), 0);
    let (other, opened) = server.open();
    assert_eq!((opened.rooms.len(), opened.accounts.len(), opened.users.len()), (1, 1, 1));
    assert_eq!(opened.users[0].seats.len(), 2);
    assert!(opened.notes.iter().any(|note| note.starts_with("3 values")), "{:?}", opened.notes);
    [kept, other].into_iter().for_each(Kept::stop);
}

#[test]
fn a_key_of_another_type_spoils_only_what_belongs_there() {
    let Some(server) = <RedisServer as Site>::new() else { return };
    assert_eq!(server.ask("SET parlor:{room-#tea}:messages x"), "+OK");
    let (mut kept, mut events) = (server.open().0, Events::default());
    kept.store.record(events.say("#tea", &user("bob"), "spoilt", start()));
    kept.store.record(events.say("#coffee", &user("bob"), "good", start()));
    commit(&mut kept);
    assert_eq!(said(&mut kept, "#coffee"), ["good"]);
    assert!(matches!(kept.ask(Query::Events(vec![latest("#tea", 9)]), start()), Answer::Failed));
    wait_for(&mut kept, start() + DAY, |figures| figures.messages == 1 && figures.file_bytes > 0);
    assert_eq!(kept.store.status().failure, None);
    assert_eq!(server.ask("DEL parlor:{room-#tea}:messages"), ":1");
    kept.store.record(events.say("#tea", &user("bob"), "again", start()));
    assert_eq!(said(&mut kept, "#tea"), ["again"]);
}

#[test]
fn a_broker_that_is_not_there_or_wants_a_password_is_an_error_of_one_line() {
    let Some(server) = <RedisServer as Site>::new() else { return };
    assert_eq!(server.ask("CONFIG SET requirepass secret"), "+OK");
    let Keeps { age, lines, bytes } = Keeps::default();
    let open = |url: &str| {
        let broker = url.parse().unwrap();
        Kept::open_broker(&BrokerConfig { broker, age, lines, bytes }, start()).err().map(|e| e.to_string())
    };
    let address = format!("127.0.0.1:{}", server.port());
    for url in
        [format!("redis://{address}"), format!("redis://:geheim@{address}"), "redis://127.0.0.1:1".into()]
    {
        let error = open(&url).unwrap_or_else(|| panic!("{url}"));
        assert!(error.contains("127.0.0.1:") && error.lines().count() == 1, "{error}");
        assert!(!error.contains("geheim"), "{error}");
    }
    assert_eq!(open(&format!("redis://:secret@{address}")), None);
}

#[test]
fn what_is_too_old_or_too_much_is_deleted_and_empty_places_are_forgotten() {
    let Some(server) = <RedisServer as Site>::new() else { return };
    let keeps = Keeps { lines: 100, ..Keeps::default() };
    let (mut kept, mut events) = (server.open_with(keeps, start()).0, Events::default());
    for n in 0..150 {
        kept.store.record(events.say("#tea", &user("bob"), &n.to_string(), start()));
    }
    for _ in 0..150 {
        let kind = EventKind::Joined { room: room("#tea"), away: None };
        let event = events.next(&user("ana"), kind, start());
        kept.store.record(Record::Event { room: room("#tea"), is_closed: false, event });
    }
    kept.store.record(events.say("#coffee", &user("ana"), "young", start() + 4 * DAY));
    wait_for(&mut kept, start() + 4 * DAY, |figures| (figures.messages, figures.events) == (101, 100));
    assert_eq!(said(&mut kept, "#tea")[0], "50");
    // Another node sees them, too.
    let (mut other, _) = server.open_with(keeps, start() + 5 * DAY);
    wait_for(&mut other, start() + 5 * DAY, |figures| (figures.messages, figures.events) == (101, 100));
    wait_for(&mut kept, start() + 8 * DAY, |figures| (figures.messages, figures.events) == (1, 0));
    assert_eq!(server.ask("ZCARD parlor:{store}:places"), ":1");
    wait_for(&mut kept, start() + 12 * DAY, |figures| figures.messages == 0);
    assert_eq!(server.ask("ZCARD parlor:{store}:places"), ":0");
    assert_eq!(server.ask("KEYS parlor:{room*"), "*0");
}

#[test]
fn history_that_takes_too_much_memory_loses_its_oldest_events() {
    let Some(server) = <RedisServer as Site>::new() else { return };
    let keeps = Keeps { bytes: 256 * 1024, ..Keeps::default() };
    let (mut kept, mut events) = (server.open_with(keeps, start()).0, Events::default());
    for n in 0..2_000 {
        let time = start() + Duration::from_secs(n);
        let text = format!("{n} {}", "x".repeat(200));
        kept.store.record(events.say(&format!("#room{}", n % 7), &user("bob"), &text, time));
        while kept.store.is_full() {
            kept.store.flush(start());
            kept.next();
        }
    }
    let now = start() + DAY;
    wait_for(&mut kept, now, |figures| (1..=keeps.bytes).contains(&figures.file_bytes));
    let left = kept.store.status().figures.messages;
    assert!((200..1_500).contains(&left), "{left}");
    for n in 0..7 {
        let found = kept.select(latest(&format!("#room{n}"), 9), now).events;
        let last: u64 = texts(&found).last().unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(last >= 1_993, "{last}");
    }
}

#[test]
fn private_messages_of_a_dropped_account_are_deleted_at_the_next_sweep() {
    let Some((server, [mut one, mut other])) = two() else { return };
    let (ana, bob) = (one.create("ana"), other.create("bob"));
    let mut events = Events::default();
    let mut whisper = |between: [AccountId; 2]| {
        let kind = EventKind::Whispered { to: "bob".parse().unwrap(), speech: Speech::message("psst") };
        Record::Whispered { between, event: events.next(&user("ana"), kind, start()) }
    };
    one.store.record(whisper(AccountId::sorted(ana, bob)));
    one.store.record(whisper([AccountId::NONE, bob]));
    commit(&mut one);
    let all = Selection { of: Scope::Talks(bob), interval: Interval::LATEST, with_events: false, most: 9 };
    assert_eq!(other.select(all.clone(), start()).events.len(), 2);
    assert!(matches!(other.change(AccountChange::Drop(ana)), AccountAnswer::Changed));
    assert_eq!(one.select(all.clone(), start()).events.len(), 1, "at once");
    wait_for(&mut one, start() + DAY, |figures| figures.messages == 1);
    assert_eq!(server.ask(&format!("ZCARD parlor:{{store}}:account:{}:talks", bob.0)), ":1");
    assert_eq!(one.select(all, start()).events.len(), 1);
}

#[test]
fn a_long_history_follows_a_room_to_its_new_name() {
    let Some((_server, [mut one, mut other])) = two() else { return };
    let mut events = Events::default();
    for n in 0..1_200 {
        one.store.record(events.say("#tea", &user("bob"), &n.to_string(), start()));
    }
    one.store.record(events.say("#coffee", &user("bob"), "of an earlier room", start()));
    one.store.record(Record::Limit { room: room("#tea"), limit: limit(1_100), at: start() });
    one.store.record(Record::RoomRenamed { from: room("#tea"), to: room("#Coffee") });
    one.store.record(events.say("#coffee", &user("bob"), "moved", start()));
    commit(&mut one);
    let all = |kept: &mut Kept, name: &str| {
        kept.select(Selection { most: 2_000, ..latest(name, 0) }, start()).events.len()
    };
    assert_eq!((all(&mut other, "#tea"), all(&mut other, "#coffee")), (0, 1_100));
    assert_eq!(said(&mut other, "#coffee").last().unwrap(), "moved");
    assert_eq!(one.store.status().figures.messages, 1_100);
}

#[test]
fn a_redis_cluster_is_a_store_like_one_server() {
    let Some(cluster) = RedisCluster::start() else { return };
    let emptied = || {
        cluster.flush();
        &cluster
    };
    crate::accounts::at_each(emptied);
    crate::saved::at_each(emptied);
    crate::renaming::at_each(emptied);
}
