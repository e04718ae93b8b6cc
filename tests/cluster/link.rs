//! The link to the broker, with a real server.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(feature = "tls")]
use parlor::broker::Authorities;
use parlor::broker::{Broker, Command, TIMEOUT, sha1_hex};
use parlor::cluster::{Link, Reply, Request, Stream};
use parlor::message::{Epoch, LogIndex, Node, NodeId};

#[cfg(feature = "tls")]
use crate::support::Scratch;
use crate::support::redis_cluster::RedisCluster;
use crate::support::redis_server::{RedisServer, documented_rule};
#[cfg(feature = "tls")]
use crate::support::tls::Certificate;
use crate::support::{DEADLINE, text};

const SETTINGS: u64 = u64::MAX;

/// A link whose replies are waited for.
struct Asking {
    link: Link,
    woken: Receiver<()>,
    /// The SHA-1s that came with the entries, taken out of the replies.
    befores: Vec<Vec<u8>>,
}

impl Asking {
    fn open(url: &str) -> Self {
        Self::to(&url.parse().expect("the test has a good URL"))
    }

    fn to(broker: &Broker) -> Self {
        let (wakes, woken): (Sender<()>, _) = channel();
        let link = Link::open(broker, move || _ = wakes.send(())).expect("the broker can be reached");
        Self { link, woken, befores: Vec::new() }
    }

    fn send(&mut self, request: Request) {
        self.link.send([request]);
    }

    /// The next reply.
    #[track_caller]
    fn reply(&mut self) -> Reply {
        self.reply_within(DEADLINE).expect("a reply")
    }

    fn reply_within(&mut self, time: Duration) -> Option<Reply> {
        let by = Instant::now() + time;
        loop {
            if let Some(mut reply) = self.link.fetch() {
                if let Reply::Entry { before, .. } = &mut reply {
                    self.befores.push(std::mem::take(before));
                }
                return Some(reply);
            }
            self.woken.recv_timeout(by.saturating_duration_since(Instant::now())).ok()?;
        }
    }

    #[track_caller]
    fn ask(&mut self, request: Request) -> Reply {
        self.send(request);
        self.reply()
    }

    #[track_caller]
    fn enrol(&mut self, name: &str) -> Enrolled {
        match self.ask(enrol(name)) {
            Reply::Enrolled { id, epoch, log, last, others, .. } => Enrolled { id, epoch, log, last, others },
            other => panic!("{other:?}"),
        }
    }

    /// Takes the lock and appends this.
    #[track_caller]
    fn append(&mut self, epoch: Epoch, entry: &[u8]) -> LogIndex {
        let Reply::Locked { last } = self.ask(Request::Lock { epoch }) else { panic!("it is free") };
        let index = last.following();
        let appended = self.ask(Request::Append { epoch, index, before: "".into(), entry: entry.to_vec() });
        assert_eq!(appended, Reply::Appended { is_wanted: false });
        index
    }

    fn say(&mut self, stream: &Stream, number: u64) {
        let message = format!("message {number}").into_bytes();
        self.send(Request::Send { stream: stream.clone(), number, message });
    }

    #[track_caller]
    fn down_and_up(&mut self) -> String {
        let Reply::Down(why) = self.reply() else { panic!("it is down") };
        assert_eq!(self.reply(), Reply::Up);
        why
    }
}

#[derive(Debug)]
struct Enrolled {
    id: NodeId,
    epoch: Epoch,
    log: Box<str>,
    last: LogIndex,
    others: Vec<Node>,
}

fn enrol(name: &str) -> Request {
    Request::Enrol { name: name.into(), version: 3, settings: SETTINGS }
}

fn entry(index: u64, entry: &str) -> Reply {
    Reply::Entry { index: LogIndex(index), before: Vec::new(), entry: entry.into() }
}

fn message(stream: &Stream, number: u64) -> Reply {
    Reply::Message { stream: stream.clone(), message: format!("message {number}").into_bytes() }
}

#[test]
fn nodes_get_numbers_and_epochs() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let cellar = link.enrol("cellar");
    assert_eq!((cellar.id, cellar.last, cellar.others.len()), (NodeId(1), LogIndex(0), 0));
    assert_eq!(link.ask(enrol("cellar")), Reply::NameInUse);
    let attic = link.enrol("attic");
    assert_eq!(attic.id, NodeId(2));
    assert!(attic.epoch > cellar.epoch);
    assert_eq!(attic.log, cellar.log);
    assert_eq!(attic.others, [Node { id: cellar.id, epoch: cellar.epoch, name: "cellar".into() }]);
    // A name keeps its number.
    let leave = |epoch| Request::Leave { name: "cellar".into(), epoch };
    assert_eq!(link.ask(leave(cellar.epoch)), Reply::Left);
    let again = link.enrol("cellar");
    assert_eq!(again.id, cellar.id);
    assert!(again.epoch > attic.epoch);
    // An earlier life cannot end this one.
    assert_eq!(link.ask(leave(cellar.epoch)), Reply::Left);
    assert_eq!(link.ask(enrol("cellar")), Reply::NameInUse);
}

#[test]
fn numbers_are_given_again_when_there_are_no_others() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let nodes: Vec<_> = (1..=63).map(|n| (n, link.enrol(&format!("node{n}")))).collect();
    assert!(nodes.iter().all(|(n, node)| node.id == NodeId(*n)));
    let Reply::NotEnrolled(why) = link.ask(enrol("another")) else { panic!("there is no number") };
    assert_eq!(why, "63 nodes are up, which is the limit: stop one of them");
    for n in [40, 30] {
        let name = format!("node{n}").into();
        link.ask(Request::Leave { name, epoch: nodes[n - 1].1.epoch });
    }
    // That of the node that enrolled first.
    assert_eq!(link.enrol("another").id, NodeId(30));
    assert_eq!(link.enrol("node30").id, NodeId(40));
}

#[test]
fn a_node_that_differs_from_others_is_told_what_to_do() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    link.enrol("cellar");
    let enrol = |version, settings| Request::Enrol { name: "attic".into(), version, settings };
    let Reply::NotEnrolled(why) = link.ask(enrol(5, SETTINGS)) else { panic!("it is too new") };
    assert!(why.contains("node cellar has version 3") && why.contains("update"), "{why}");
    let Reply::NotEnrolled(why) = link.ask(enrol(3, SETTINGS - 1)) else { panic!("it has other settings") };
    assert!(why.contains("node cellar") && why.contains("--shards"), "{why}");
    assert!(matches!(link.ask(enrol(4, SETTINGS)), Reply::Enrolled { .. }));
}

#[test]
fn a_lease_is_renewed_unless_the_name_is_anothers() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let (cellar, attic) = (link.enrol("cellar"), link.enrol("attic"));
    let renew = |epoch| Request::Renew { name: "cellar".into(), epoch };
    let Reply::Renewed { alive, log, .. } = link.ask(renew(cellar.epoch)) else { panic!("it is its own") };
    assert_eq!((alive, log), (vec![cellar.epoch, attic.epoch], cellar.log.clone()));
    // It has expired, and nobody has taken the name.
    server.ask("DEL parlor:{log}:lease:cellar");
    assert!(matches!(link.ask(renew(cellar.epoch)), Reply::Renewed { .. }));
    assert_eq!(server.ask("EXISTS parlor:{log}:lease:cellar"), ":1");
    server.ask("DEL parlor:{log}:lease:cellar");
    let second = link.enrol("cellar");
    assert_eq!(link.ask(renew(cellar.epoch)), Reply::Deposed);
    // Even if the other has gone.
    server.ask("DEL parlor:{log}:lease:cellar");
    assert_eq!(link.ask(renew(cellar.epoch)), Reply::Deposed);
    assert!(matches!(link.ask(renew(second.epoch)), Reply::Renewed { .. }));
}

#[test]
fn the_lock_has_one_owner_who_hears_that_others_wait() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let (cellar, attic) = (link.enrol("cellar").epoch, link.enrol("attic").epoch);
    let lock = |epoch| Request::Lock { epoch };
    let locked = |last| Reply::Locked { last: LogIndex(last) };
    assert_eq!(link.ask(lock(cellar)), locked(0));
    assert_eq!(link.ask(lock(cellar)), locked(0));
    // So that the wish is not too old, whatever the machine does.
    server.ask("SET parlor:{log}:wanted x");
    assert_eq!(link.ask(lock(attic)), Reply::NotLocked);
    server.ask("PERSIST parlor:{log}:wanted");
    let append = |epoch, index| Request::Append {
        epoch,
        index: LogIndex(index),
        before: "".into(),
        entry: b"entry".to_vec(),
    };
    assert_eq!(link.ask(append(cellar, 1)), Reply::Appended { is_wanted: true });
    // Nobody else waits for the one who waited.
    assert_eq!(link.ask(lock(attic)), locked(1));
    assert_eq!(link.ask(append(attic, 2)), Reply::Appended { is_wanted: false });
    assert_eq!(link.ask(lock(cellar)), locked(2));
    assert_eq!(link.ask(Request::Unlock { epoch: attic }), Reply::Unlocked);
    assert_eq!(link.ask(lock(attic)), Reply::NotLocked);
    assert_eq!(link.ask(Request::Unlock { epoch: cellar }), Reply::Unlocked);
    assert_eq!(link.ask(lock(attic)), locked(2));
}

#[test]
fn the_lock_expires() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let (cellar, attic) = (link.enrol("cellar").epoch, link.enrol("attic").epoch);
    let begun = Instant::now();
    link.ask(Request::Lock { epoch: cellar });
    while link.ask(Request::Lock { epoch: attic }) == Reply::NotLocked {
        assert!(begun.elapsed() < DEADLINE);
    }
    assert!(begun.elapsed() > Duration::from_millis(1_900), "{:?}", begun.elapsed());
    let late =
        Request::Append { epoch: cellar, index: LogIndex(1), before: "".into(), entry: b"late".to_vec() };
    assert_eq!(link.ask(late), Reply::NotAppended { last: LogIndex(0) });
    // It is still the other's.
    let append =
        Request::Append { epoch: attic, index: LogIndex(1), before: "".into(), entry: b"entry".to_vec() };
    assert_eq!(link.ask(append), Reply::Appended { is_wanted: false });
}

#[test]
fn only_the_entry_with_the_next_number_is_appended() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let epoch = link.enrol("cellar").epoch;
    assert_eq!(link.append(epoch, b"one"), LogIndex(1));
    for (index, last) in [(1, 1), (3, 1), (0, 1)] {
        link.ask(Request::Lock { epoch });
        let append =
            Request::Append { epoch, index: LogIndex(index), before: "".into(), entry: b"wrong".to_vec() };
        assert_eq!(link.ask(append), Reply::NotAppended { last: LogIndex(last) }, "{index}");
        // It has released the lock.
        assert_eq!(server.ask("EXISTS parlor:{log}:lock"), ":0");
    }
    assert_eq!(link.append(epoch, &vec![b'x'; 16 << 20]), LogIndex(2));
    let checked =
        |entry: Option<&[u8]>| Reply::Checked { entry: entry.map(<[u8]>::to_vec), last: LogIndex(2) };
    assert_eq!(link.ask(Request::Check { index: LogIndex(1) }), checked(Some(b"one")));
    assert_eq!(link.ask(Request::Check { index: LogIndex(3) }), checked(None));
}

#[test]
fn an_entry_is_appended_only_behind_the_one_that_its_node_knows_and_tells_which_that_was() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let epoch = link.enrol("cellar").epoch;
    link.append(epoch, b"one");
    let append = |before: &[u8]| {
        let (index, before, entry) = (LogIndex(2), sha1_hex(before), b"two".to_vec());
        Request::Append { epoch, index, before, entry }
    };
    link.ask(Request::Lock { epoch });
    assert_eq!(link.ask(append(b"another")), Reply::NotAppended { last: LogIndex(0) });
    assert_eq!(server.ask("EXISTS parlor:{log}:lock"), ":0");
    link.ask(Request::Lock { epoch });
    assert_eq!(link.ask(append(b"one")), Reply::Appended { is_wanted: false });
    link.send(Request::Read { after: LogIndex(0), streams: Vec::new() });
    assert_eq!([link.reply(), link.reply()], [entry(1, "one"), entry(2, "two")]);
    assert_eq!(link.befores, [b"", sha1_hex(b"one").as_bytes()]);
}

#[test]
fn snapshots_are_kept_for_a_minute() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let get = || Request::GetSnapshot { epoch: Epoch(7) };
    assert_eq!(link.ask(get()), Reply::Snapshot(None));
    let snapshot = vec![0xFF; 20 << 20];
    let put = Request::PutSnapshot { epoch: Epoch(7), snapshot: snapshot.clone() };
    assert_eq!(link.ask(put), Reply::SnapshotPut);
    assert_eq!(link.ask(get()), Reply::Snapshot(Some(snapshot)));
    let left: u64 = server.ask("TTL parlor:{log}:snapshot:7")[1..].parse().unwrap();
    assert!((50..=60).contains(&left), "{left}");
}

#[test]
fn messages_arrive_in_order_before_the_entry_after_them() {
    let Some(server) = RedisServer::start() else { return };
    let mut cellar = Asking::open(&server.url());
    let epoch = cellar.enrol("cellar").epoch;
    let (shard, inbox) = (Stream::Shard(3), Stream::Inbox("attic".into()));
    // More than is read together, before anybody reads.
    for number in 0..600 {
        cellar.say(&shard, number);
    }
    cellar.say(&inbox, 600);
    (0..=600).for_each(|number| assert_eq!(cellar.reply(), Reply::Sent { number }));
    cellar.append(epoch, b"one");
    let mut attic = Asking::open(&server.url());
    let streams = vec![shard.clone(), inbox.clone()];
    attic.send(Request::Read { after: LogIndex(0), streams });
    let mut heard: Vec<_> = (0..=600).map(|_| attic.reply()).collect();
    assert_eq!(attic.reply(), entry(1, "one"));
    heard.retain(|heard| *heard != message(&inbox, 600));
    assert!(heard.into_iter().eq((0..600).map(|number| message(&shard, number))));
    // What comes later is read as well.
    cellar.say(&shard, 601);
    assert_eq!(attic.reply(), message(&shard, 601));
    cellar.reply();
    cellar.append(epoch, b"two");
    assert_eq!(attic.reply(), entry(2, "two"));
}

#[test]
fn other_streams_are_read_at_once_and_positions_are_kept() {
    let Some(server) = RedisServer::start() else { return };
    let mut cellar = Asking::open(&server.url());
    let epoch = cellar.enrol("cellar").epoch;
    cellar.append(epoch, b"one");
    let mut attic = Asking::open(&server.url());
    let [three, four] = [3, 4].map(Stream::Shard);
    attic.send(Request::Read { after: LogIndex(1), streams: vec![three.clone()] });
    cellar.say(&three, 0);
    assert_eq!(attic.reply(), message(&three, 0));
    cellar.say(&four, 1);
    cellar.reply();
    cellar.reply();
    // It must not wait until the broker has something of the streams of before.
    for after in [1, 0] {
        let begun = Instant::now();
        attic.send(Request::Read { after: LogIndex(after), streams: vec![three.clone(), four.clone()] });
        let expected = if after == 1 { message(&four, 1) } else { entry(1, "one") };
        assert_eq!(attic.reply(), expected);
        assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
    }
    cellar.say(&three, 2);
    assert_eq!(attic.reply(), message(&three, 2));
}

#[test]
fn what_was_said_long_ago_is_not_read() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let shard = Stream::Shard(0);
    server.ask("XADD parlor:{shard-0}:messages 1000-0 m old");
    link.say(&shard, 1);
    assert_eq!(link.reply(), Reply::Sent { number: 1 });
    link.send(Request::Read { after: LogIndex(0), streams: vec![shard.clone()] });
    assert_eq!(link.reply(), message(&shard, 1));
}

#[test]
fn entries_that_are_trimmed_are_left_out() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let epoch = link.enrol("cellar").epoch;
    for entry in ["one", "two", "three"] {
        link.append(epoch, entry.as_bytes());
    }
    server.ask("XTRIM parlor:{log}:entries MAXLEN 1");
    link.send(Request::Read { after: LogIndex(1), streams: Vec::new() });
    assert_eq!(link.reply(), entry(3, "three"));
}

#[test]
fn an_entry_without_its_field_is_empty_and_a_message_is_left_out() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    server.ask("XADD parlor:{log}:entries 1-0 other field");
    server.ask("XADD parlor:{log}:entries 2-0 e two");
    server.ask("XADD parlor:{shard-0}:messages * other field");
    let shard = Stream::Shard(0);
    link.say(&shard, 1);
    assert_eq!(link.reply(), Reply::Sent { number: 1 });
    link.send(Request::Read { after: LogIndex(0), streams: vec![shard.clone()] });
    assert_eq!(
        [link.reply(), link.reply(), link.reply()],
        [message(&shard, 1), entry(1, ""), entry(2, "two")]
    );
}

#[test]
fn a_log_whose_last_entries_were_removed_begins_anew() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let before = link.enrol("cellar");
    link.append(before.epoch, b"one");
    server.ask("XTRIM parlor:{log}:entries MAXLEN 0");
    let Reply::Locked { last } = link.ask(Request::Lock { epoch: before.epoch }) else {
        panic!("it is free")
    };
    let append = Request::Append {
        epoch: before.epoch,
        index: last.following(),
        before: "".into(),
        entry: b"another".to_vec(),
    };
    assert_eq!(link.ask(append), Reply::NotAppended { last: LogIndex(0) });
    let after = link.enrol("attic");
    assert_ne!(before.log, after.log);
    assert_eq!(link.append(after.epoch, b"one"), LogIndex(1));
}

#[test]
fn the_link_comes_back_when_the_broker_was_killed() {
    let Some(mut server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let (epoch, shard) = (link.enrol("cellar").epoch, Stream::Shard(1));
    let read = |after| Request::Read { after: LogIndex(after), streams: vec![Stream::Shard(1)] };
    link.send(read(0));
    link.say(&shard, 1);
    let mut both = [link.reply(), link.reply()];
    both.sort_by_key(|reply| matches!(reply, Reply::Sent { .. }));
    assert_eq!(both, [message(&shard, 1), Reply::Sent { number: 1 }]);
    server.kill();
    let Reply::Down(why) = link.reply() else { panic!("it is down") };
    assert!(why.contains(&format!("127.0.0.1:{}", server.port())), "{why}");
    // Nobody answers this, not even later.
    link.send(Request::Lock { epoch });
    server.restart();
    assert_eq!(link.reply(), Reply::Up);
    link.append(epoch, b"one");
    // Reading goes on where it was.
    link.say(&shard, 2);
    assert_eq!(link.reply(), Reply::Sent { number: 2 });
    link.send(read(0));
    assert_eq!([link.reply(), link.reply()], [message(&shard, 2), entry(1, "one")]);
}

#[test]
fn a_paused_broker_is_noticed() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let epoch = link.enrol("cellar").epoch;
    server.pause();
    let begun = Instant::now();
    link.send(Request::Lock { epoch });
    link.send(Request::Send { stream: Stream::Shard(0), number: 1, message: vec![0] });
    let Reply::Down(why) = link.reply() else { panic!("it is down") };
    assert!(why.contains("does not answer in time"), "{why}");
    assert!(begun.elapsed() < TIMEOUT + Duration::from_secs(2), "{:?}", begun.elapsed());
    server.resume();
    assert_eq!(link.reply(), Reply::Up);
    assert!(matches!(link.ask(Request::Lock { epoch }), Reply::Locked { .. }));
}

#[test]
fn a_reader_that_is_cut_off_is_noticed() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let epoch = link.enrol("cellar").epoch;
    link.append(epoch, b"one");
    link.send(Request::Read { after: LogIndex(0), streams: Vec::new() });
    assert_eq!(link.reply(), entry(1, "one"));
    server.ask("CLIENT KILL TYPE normal SKIPME yes");
    link.down_and_up();
    link.send(Request::Read { after: LogIndex(0), streams: Vec::new() });
    assert_eq!(link.reply(), entry(1, "one"));
}

#[test]
fn a_broker_that_has_lost_everything_is_another_log() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let begun = Instant::now();
    let before = link.enrol("cellar");
    link.append(before.epoch, b"one");
    // Without its data, the broker has only its clock, in milliseconds, to tell the epochs apart.
    until("some milliseconds have passed", || begun.elapsed() > Duration::from_millis(3));
    server.ask("FLUSHALL");
    let renew = Request::Renew { name: "cellar".into(), epoch: before.epoch };
    let Reply::Renewed { log, .. } = link.ask(renew) else { panic!("nobody else has it") };
    assert_ne!(log, before.log);
    let late = Request::Append {
        epoch: before.epoch,
        index: LogIndex(2),
        before: "".into(),
        entry: b"two".to_vec(),
    };
    assert_eq!(link.ask(late), Reply::NotAppended { last: LogIndex(0) });
    link.ask(Request::Leave { name: "cellar".into(), epoch: before.epoch });
    let after = link.enrol("cellar");
    assert_ne!(after.log, before.log);
    assert!(after.epoch > before.epoch);
    assert_eq!(after.last, LogIndex(0));
}

#[test]
fn a_broker_that_forgets_scripts_gets_them_again() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let epoch = link.enrol("cellar").epoch;
    link.append(epoch, b"one");
    server.ask("SCRIPT FLUSH");
    link.append(epoch, b"two");
}

#[test]
fn a_broker_that_refuses_something_is_down() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    server.ask("CONFIG SET maxmemory 1");
    link.say(&Stream::Shard(0), 1);
    let why = link.down_and_up();
    assert!(why.contains("OOM"), "{why}");
    server.ask("CONFIG SET maxmemory 0");
    link.say(&Stream::Shard(0), 1);
    assert_eq!(link.reply(), Reply::Sent { number: 1 });
}

#[test]
fn numbers_that_no_node_gives_are_not_counted_on() {
    let Some(server) = RedisServer::start() else { return };
    let mut link = Asking::open(&server.url());
    let before = link.enrol("cellar");
    link.append(before.epoch, b"one");
    server.ask("XADD parlor:{log}:entries 9007199254740993-0 e two");
    let Reply::Locked { last } = link.ask(Request::Lock { epoch: before.epoch }) else {
        panic!("it is free")
    };
    let append = Request::Append {
        epoch: before.epoch,
        index: last.following(),
        before: "".into(),
        entry: b"three".to_vec(),
    };
    assert_eq!(link.ask(append), Reply::NotAppended { last: LogIndex(0) });
    for (name, text) in [("attic", "text"), ("barn", "18446744073709551615")] {
        server.ask(&format!("SET parlor:{{log}}:epoch {text}"));
        let node = link.enrol(name);
        assert!(node.epoch > before.epoch && node.log != before.log, "{node:?}");
    }
}

#[test]
fn a_broker_that_goes_on_refusing_is_asked_less_and_less_often() {
    let Some(server) = RedisServer::start() else { return };
    server.ask("ACL SETUSER ann on >secret ~* +@all -xadd");
    let mut link = Asking::open(&format!("redis://ann:secret@127.0.0.1:{}", server.port()));
    let begun = Instant::now();
    for _ in 0..4 {
        link.say(&Stream::Shard(0), 1);
        let why = link.down_and_up();
        assert!(why.contains("NOPERM"), "{why}");
    }
    assert!(begun.elapsed() >= Duration::from_millis(100 + 200 + 400 + 800), "{:?}", begun.elapsed());
    server.ask("ACL SETUSER ann +xadd -xread");
    let url = format!("redis://ann:secret@127.0.0.1:{}", server.port());
    let error = Link::open(&url.parse().unwrap(), || {}).map(drop).unwrap_err();
    assert!(error.contains("NOPERM"), "{error}");
}

#[test]
fn a_wrong_password_is_one_line_without_it() {
    let Some(server) = RedisServer::start() else { return };
    let open = |login: &str| {
        let url = format!("redis://{login}127.0.0.1:{}/0", server.port());
        Link::open(&url.parse().unwrap(), || {}).map(drop)
    };
    server.ask("ACL SETUSER ann on >secret ~* +@all");
    assert_eq!(open("ann:secret@"), Ok(()));
    let error = open("ann:hush@").unwrap_err();
    assert!(error.contains("WRONGPASS") && !error.contains("hush"), "{error}");
    server.ask("CONFIG SET requirepass hush");
    let error = open("").unwrap_err();
    assert!(error.contains("NOAUTH") && error.lines().count() == 1, "{error}");
    assert_eq!(open(":hush@"), Ok(()));
}

#[test]
fn the_documented_permissions_suffice() {
    let Some(server) = RedisServer::start() else { return };
    let rule = documented_rule();
    assert_eq!(server.ask(&format!("ACL SETUSER {rule}")), "+OK");
    let url = format!("redis://parlor:PASSWORD@127.0.0.1:{}/0", server.port());
    let mut link = Asking::open(&url);
    let epoch = link.enrol("cellar").epoch;
    link.ask(Request::Renew { name: "cellar".into(), epoch });
    link.append(epoch, b"one");
    link.send(Request::Read { after: LogIndex(0), streams: vec![Stream::Inbox("cellar".into())] });
    assert_eq!(link.reply(), entry(1, "one"));
    assert!(matches!(link.ask(Request::Check { index: LogIndex(1) }), Reply::Checked { .. }));
    link.ask(Request::PutSnapshot { epoch, snapshot: vec![1] });
    assert_eq!(link.ask(Request::GetSnapshot { epoch }), Reply::Snapshot(Some(vec![1])));
    link.say(&Stream::Shard(0), 1);
    assert_eq!(link.reply(), Reply::Sent { number: 1 });
    link.ask(Request::Lock { epoch });
    assert_eq!(link.ask(Request::Unlock { epoch }), Reply::Unlocked);
    let begun = Instant::now();
    link.send(Request::Read { after: LogIndex(1), streams: vec![Stream::Shard(0)] });
    assert_eq!(link.reply(), message(&Stream::Shard(0), 1));
    assert!(begun.elapsed() < Duration::from_millis(900), "it may interrupt the reader");
    assert_eq!(link.ask(Request::Leave { name: "cellar".into(), epoch }), Reply::Left);
    // Keys of others, and whatever else, are out of its reach.
    let mut connection = url.parse::<Broker>().unwrap().open().unwrap();
    for command in [Command::new("GET").key("other"), Command::new("FLUSHALL"), Command::new("KEYS").arg("*")]
    {
        assert!(connection.ask(&command).is_err_and(|error| error.has_code("NOPERM")), "{command:?}");
    }
}

#[test]
fn a_unix_socket_is_reached_by_its_path() {
    let Some(server) = RedisServer::start_with(&["--unixsocket", "redis.sock"]) else { return };
    let path = server.path("redis.sock");
    let url = |path: &str| format!("redis+unix://{path}?db=1");
    let mut link = Asking::open(&url(text(&path)));
    link.enrol("cellar");
    let error = Link::open(&url("/nowhere").parse().unwrap(), || {}).map(drop).unwrap_err();
    assert!(error.contains("unix:/nowhere"), "{error}");
}

#[cfg(feature = "tls")]
#[test]
fn tls_is_for_brokers_with_a_certificate_that_is_trusted() {
    let scratch = Scratch::new();
    let certificate = Certificate::new(&scratch, "broker");
    let tls_port = free_port();
    let options = ["--tls-port", &tls_port.to_string(), "--tls-auth-clients", "no"];
    let files = ["--tls-cert-file", text(&certificate.cert), "--tls-key-file", text(&certificate.key)];
    let Some(mut server) = RedisServer::start_with(&[&options[..], &files].concat()) else { return };
    let mut broker: Broker = format!("rediss://localhost:{tls_port}").parse().unwrap();
    let pem = std::fs::read_to_string(&certificate.cert).unwrap();
    broker.trust(Authorities::parse(&pem).unwrap());
    let mut link = Asking::to(&broker);
    let epoch = link.enrol("cellar").epoch;
    link.append(epoch, &vec![b'x'; 3 << 20]);
    link.send(Request::Read { after: LogIndex(0), streams: Vec::new() });
    assert!(matches!(link.reply(), Reply::Entry { entry, .. } if entry.len() == 3 << 20));
    server.kill();
    assert!(matches!(link.reply(), Reply::Down(_)));
    server.restart();
    assert_eq!(link.reply(), Reply::Up);
    assert!(matches!(link.ask(Request::Lock { epoch }), Reply::Locked { .. }));
    let other = Certificate::new(&scratch, "other");
    broker.trust(Authorities::parse(&std::fs::read_to_string(&other.cert).unwrap()).unwrap());
    let error = Link::open(&broker, || {}).map(drop).unwrap_err();
    assert!(error.contains("certificate") && error.lines().count() == 1, "{error}");
    // What speaks no TLS is noticed, too.
    let plain = format!("rediss://localhost:{}", server.port());
    assert!(Link::open(&plain.parse().unwrap(), || {}).is_err());
}

/// A free port for what servers of a cluster tell each other.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Waits until this is so.
#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let by = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < by, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn sentinels_tell_where_the_broker_has_gone() {
    let Some(mut primary) = RedisServer::start() else { return };
    let at = primary.port().to_string();
    let Some(replica) = RedisServer::start_with(&["--replicaof", "127.0.0.1", &at]) else { return };
    let Some(sentinel) = RedisServer::sentinel(&primary) else { return };
    // The first does not exist.
    let brokers =
        [free_port(), sentinel.port()].map(|port| format!("redis+sentinel://127.0.0.1:{port}/chat"));
    let [first, second] = brokers.map(|url| url.parse::<Broker>().unwrap());
    let mut link = Asking::to(&first.with(second).unwrap());
    let epoch = link.enrol("cellar").epoch;
    link.append(epoch, b"one");
    until("the sentinel knows the replica", || sentinel.text("SENTINEL REPLICAS chat").contains("slave"));
    until("the replica has everything", || primary.ask("WAIT 1 1000") == ":1");
    primary.kill();
    link.send(Request::Lock { epoch });
    let Reply::Down(_) = link.reply() else { panic!("it is down") };
    assert_eq!(link.reply(), Reply::Up);
    assert_eq!(replica.ask("ROLE"), "*3");
    link.append(epoch, b"two");
    link.send(Request::Read { after: LogIndex(0), streams: Vec::new() });
    assert_eq!([link.reply(), link.reply()], [entry(1, "one"), entry(2, "two")]);
    let unknown = format!("redis+sentinel://127.0.0.1:{}/tea", sentinel.port());
    let error = Link::open(&unknown.parse().unwrap(), || {}).map(drop).unwrap_err();
    assert!(error.contains("knows no service tea"), "{error}");
}

#[test]
fn the_streams_of_a_redis_cluster_are_on_several_servers() {
    let Some(cluster) = RedisCluster::start() else { return };
    let ([one, two, three], url) = (&cluster.servers, cluster.url());
    let mut cellar = Asking::open(&url);
    let epoch = cellar.enrol("cellar").epoch;
    let streams: Vec<_> = (0..16).map(Stream::Shard).chain([Stream::Inbox("attic".into())]).collect();
    let mut attic = Asking::open(&url);
    attic.send(Request::Read { after: LogIndex(0), streams: streams.clone() });
    for (number, stream) in (1..).zip(&streams) {
        cellar.say(stream, number);
    }
    for number in 1..=17 {
        assert_eq!(cellar.reply(), Reply::Sent { number });
    }
    let mut heard: Vec<_> = (0..17).map(|_| attic.reply()).collect();
    for (number, stream) in (1..).zip(&streams) {
        let n = heard.iter().position(|heard| *heard == message(stream, number));
        heard.remove(n.expect("it arrives"));
    }
    cellar.append(epoch, b"one");
    assert_eq!(attic.reply(), entry(1, "one"));
    assert!(cluster.servers.iter().all(|server| server.ask("DBSIZE") != ":0"));
    // The slot of a shard moves to another server.
    let slot = one.ask("CLUSTER KEYSLOT {shard-3}")[1..].to_owned();
    let is_in = |range: std::ops::RangeInclusive<u16>| range.contains(&slot.parse().unwrap());
    let (from, to) = if is_in(0..=5000) {
        (one, two)
    } else if is_in(5001..=10000) {
        (two, three)
    } else {
        (three, one)
    };
    let [from_id, id] = [from, to].map(|server| {
        let answer = server.text("CLUSTER MYID");
        answer.lines().nth(1).expect("an id").to_owned()
    });
    from.ask("DEL {shard-3}");
    to.ask(&format!("CLUSTER SETSLOT {slot} IMPORTING {from_id}"));
    from.ask(&format!("CLUSTER SETSLOT {slot} MIGRATING {id}"));
    let moved = from.ask(&format!("MIGRATE 127.0.0.1 {} parlor:{{shard-3}}:messages 0 5000", to.port()));
    assert_eq!(moved, "+OK");
    // Now it asks the other for this time, and then for good.
    cellar.say(&streams[3], 18);
    assert_eq!(cellar.reply(), Reply::Sent { number: 18 });
    assert_eq!(attic.reply(), message(&streams[3], 18));
    for server in [to, from] {
        assert_eq!(server.ask(&format!("CLUSTER SETSLOT {slot} NODE {id}")), "+OK");
    }
    cellar.say(&streams[3], 19);
    assert_eq!(cellar.reply(), Reply::Sent { number: 19 });
    assert_eq!(attic.reply(), message(&streams[3], 19));
}
