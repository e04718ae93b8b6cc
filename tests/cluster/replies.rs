//! One member, which hears what the test makes up for the broker.

use std::time::Duration;

use parlor::broker::sha1_hex;
use parlor::cluster::codec::encode_entry;
use parlor::cluster::{Member, MemberConfig, News, Reply, Request};
use parlor::message::{
    AccountId, Dated, Epoch, EventId, LogEntry, LogIndex, Node, NodeId, Now, Operation, Snapshot,
};

use crate::members::{Lister, number_name};

/// Takes the requests that a member has for the broker.
fn requests(member: &mut Member) -> Vec<Request> {
    std::iter::from_fn(|| member.request()).collect()
}

fn asks_for_lock(member: &mut Member) -> bool {
    requests(member).iter().any(|request| matches!(request, Request::Lock { .. }))
}

/// The number of the entry that the broker is asked to append, the SHA-1 of the one before it, and its bytes.
fn appended(member: &mut Member) -> Option<(LogIndex, Box<str>, Vec<u8>)> {
    requests(member).into_iter().find_map(|request| match request {
        Request::Append { index, before, entry, .. } => Some((index, before, entry)),
        _ => None,
    })
}

/// This node, and another that is older.
fn nodes() -> [Node; 2] {
    let node = Node { id: NodeId(1), epoch: Epoch(2), name: "attic".into() };
    [node, Node { id: NodeId(2), epoch: Epoch(1), name: "barn".into() }]
}

/// A snapshot that another node makes, which knows these nodes, after this entry.
fn snapshot_of_another(nodes: &[Node], index: LogIndex, entry: &[u8], now: Now) -> Reply {
    let mut barn = Lister::new("barn", now);
    barn.nodes = nodes.to_vec();
    barn.member.offer(nodes[0].epoch, &Snapshot { index, digest: sha1_hex(entry), ..barn.snapshot() });
    let snapshot = requests(&mut barn.member).into_iter().find_map(|request| match request {
        Request::PutSnapshot { snapshot, .. } => Some(snapshot),
        _ => None,
    });
    Reply::Snapshot(Some(snapshot.expect("it hands out a snapshot")))
}

#[test]
fn a_newcomer_that_gets_an_old_snapshot_late_does_not_take_its_own_greeting_for_anothers() {
    let mut now = Now::read();
    let [node, other] = nodes();
    let mut attic = Lister::new("attic", now).member;
    let (id, epoch, last, others) = (node.id, node.epoch, LogIndex(9), vec![other.clone()]);
    attic.heard(Reply::Enrolled { id, epoch, log: "log".into(), last, others, clock: now.time }, now);
    let mut greetings = Vec::new();
    for last in [9, 10].map(LogIndex) {
        assert!(asks_for_lock(&mut attic));
        attic.heard(Reply::Locked { last }, now);
        let (_, _, entry) = appended(&mut attic).expect("it greets");
        greetings.push(entry);
        attic.heard(Reply::Appended { is_wanted: false }, now);
        if last == LogIndex(9) {
            now.instant += Duration::from_millis(600);
            attic.expire(now);
        }
    }
    attic.heard(snapshot_of_another(&[node, other], LogIndex(10), &greetings[0], now), now);
    assert!(matches!(attic.news(), Some(News::Load { .. })));
    let (before, entry) = (sha1_hex(&greetings[0]).as_bytes().to_vec(), greetings.remove(1));
    attic.heard(Reply::Entry { index: LogIndex(11), before, entry }, now);
    assert!(attic.news().is_none());
    assert_eq!(attic.applied(), LogIndex(11));
}

/// A member that has founded a cluster, and the bytes of the entry with which it did.
fn founder(now: Now) -> (Member, Vec<u8>) {
    let config = MemberConfig { name: "attic".into(), shards: 16, settings: 1, buffer_bytes: 1024 };
    let mut member = Member::new(config, now);
    let (id, epoch, log, last) = (NodeId(1), Epoch(1), "log".into(), LogIndex(0));
    member.heard(Reply::Enrolled { id, epoch, log, last, others: Vec::new(), clock: now.time }, now);
    member.heard(Reply::Locked { last }, now);
    let (_, _, entry) = appended(&mut member).expect("it greets");
    member.heard(Reply::Appended { is_wanted: false }, now);
    while member.news().is_some() {}
    (member, entry)
}

/// Ends the use of the lock with an operation.
fn append(member: &mut Member, now: Now) {
    let operation = Operation::AddAccount(AccountId(1), number_name(1));
    member.append(vec![Dated { after: EventId::MIN, operation }], 0, 1, now);
}

/// An entry of another node, which made it behind one with this SHA-1.
fn entry_of_another(index: u64, before: &str, now: Now) -> Reply {
    let operation = Operation::AddAccount(AccountId(2), number_name(2));
    let operations = vec![Dated { after: EventId::MIN, operation }];
    let (index, node, epoch) = (LogIndex(index), NodeId(2), Epoch(2));
    let entry = LogEntry { index, node, epoch, time: now.time, operations, users: 1, rooms: 0 };
    Reply::Entry { index, before: before.as_bytes().to_vec(), entry: encode_entry(&entry) }
}

/// The broker has this at the place of the entry that was asked for when the link was back, and this number of entries.
fn check(member: &mut Member, entry: Option<Vec<u8>>, last: u64, now: Now) -> Vec<Request> {
    member.heard(Reply::Renewed { clock: now.time, alive: vec![Epoch(1)], log: "log".into() }, now);
    member.heard(Reply::Checked { entry, last: LogIndex(last) }, now);
    requests(member)
}

fn lose_link(member: &mut Member, now: Now) {
    member.heard(Reply::Down("cut".into()), now);
    member.heard(Reply::Up, now);
}

fn rejoins(member: &mut Member) -> bool {
    std::iter::from_fn(|| member.news()).any(|news| matches!(news, News::Rejoins(_)))
}

/// A founder that has the lock.
fn founder_with_lock(now: Now) -> (Member, Vec<u8>) {
    let (mut member, first) = founder(now);
    member.want_lock(now);
    assert!(asks_for_lock(&mut member));
    member.heard(Reply::Locked { last: LogIndex(1) }, now);
    assert!(member.has_lock());
    (member, first)
}

#[test]
fn a_node_whose_entry_was_lost_reads_the_one_in_its_place_and_rejoins() {
    let now = Now::read();
    let (mut member, first) = founder_with_lock(now);
    append(&mut member, now);
    lose_link(&mut member, now);
    let requests = check(&mut member, None, 1, now);
    let reads = |request: &&Request| matches!(request, Request::Read { after: LogIndex(1), .. });
    assert_eq!(requests.iter().filter(reads).count(), 1, "{requests:?}");
    member.heard(entry_of_another(2, &sha1_hex(&first), now), now);
    assert!(rejoins(&mut member));
}

#[test]
fn an_entry_is_sent_again_behind_the_one_that_its_node_knows_and_no_other() {
    let now = Now::read();
    let (mut member, first) = founder_with_lock(now);
    append(&mut member, now);
    lose_link(&mut member, now);
    let requests = check(&mut member, None, 1, now);
    assert_eq!(requests.iter().filter(|request| matches!(request, Request::Lock { .. })).count(), 1);
    member.heard(Reply::Locked { last: LogIndex(1) }, now);
    let (_, before, _) = appended(&mut member).expect("it has the lock again");
    assert_eq!(before, sha1_hex(&first));
    member.heard(Reply::NotAppended { last: LogIndex(0) }, now);
    assert!(rejoins(&mut member));
}

#[test]
fn a_node_that_reads_an_entry_behind_another_than_it_knows_rejoins() {
    let now = Now::read();
    let (mut member, first) = founder(now);
    member.heard(entry_of_another(2, &sha1_hex(&first), now), now);
    assert!(!rejoins(&mut member));
    member.heard(entry_of_another(3, &sha1_hex(b"another"), now), now);
    assert!(rejoins(&mut member));
}

#[test]
fn a_node_whose_use_of_the_lock_is_overtaken_by_an_entry_rejoins_and_appends_nothing() {
    let now = Now::read();
    let (mut member, first) = founder_with_lock(now);
    member.heard(entry_of_another(2, &sha1_hex(&first), now), now);
    assert!(rejoins(&mut member) && !member.has_lock());
    append(&mut member, now);
    assert_eq!(appended(&mut member), None);
}

#[test]
fn a_lock_that_comes_late_or_is_late_when_all_entries_are_known_is_asked_for_again_once() {
    let now = Now::read();
    let after = |milliseconds| Now { instant: now.instant + Duration::from_millis(milliseconds), ..now };
    let (mut member, first) = founder(now);
    member.want_lock(now);
    assert!(asks_for_lock(&mut member));
    member.heard(Reply::Locked { last: LogIndex(2) }, after(10));
    member.heard(entry_of_another(2, &sha1_hex(&first), now), after(1_500));
    assert!(!member.has_lock());
    assert!(asks_for_lock(&mut member));
    // All its locks are late, so it may use this one.
    member.heard(Reply::Locked { last: LogIndex(2) }, after(3_000));
    assert!(member.has_lock());
}

#[test]
fn an_own_entry_is_known_to_be_there_by_one_behind_it() {
    let now = Now::read();
    let (mut member, _) = founder_with_lock(now);
    append(&mut member, now);
    let (_, _, own) = appended(&mut member).expect("it has the lock");
    let another = entry_of_another(3, &sha1_hex(&own), now);
    member.heard(another.clone(), now);
    lose_link(&mut member, now);
    let entry = if let Reply::Entry { entry, .. } = another { Some(entry) } else { None };
    check(&mut member, entry, 3, now);
    member.want_lock(now);
    assert!(asks_for_lock(&mut member));
}

#[test]
fn a_lock_is_asked_for_again_if_an_entry_does_not_come() {
    let now = Now::read();
    let (mut member, _) = founder(now);
    member.want_lock(now);
    assert!(asks_for_lock(&mut member));
    member.heard(Reply::Locked { last: LogIndex(2) }, now);
    let later = Now { instant: now.instant + Duration::from_millis(1_500), ..now };
    assert!(member.deadline().is_some_and(|at| at <= later.instant));
    member.expire(later);
    assert!(asks_for_lock(&mut member));
}

#[test]
fn a_link_that_is_lost_and_back_while_the_node_has_the_lock_does_not_matter() {
    let now = Now::read();
    let (mut member, first) = founder_with_lock(now);
    lose_link(&mut member, now);
    append(&mut member, now);
    check(&mut member, Some(first), 1, now);
    assert!(!rejoins(&mut member));
}

#[test]
fn an_entry_that_is_read_before_it_is_known_what_the_broker_has_does_not_matter() {
    let now = Now::read();
    let (mut member, first) = founder(now);
    lose_link(&mut member, now);
    member.heard(entry_of_another(2, &sha1_hex(&first), now), now);
    check(&mut member, Some(first), 2, now);
    assert!(!rejoins(&mut member));
}

#[test]
fn a_node_whose_users_are_not_back_is_not_heard_after_the_link_was_lost() {
    let now = Now::read();
    let [node, other] = nodes();
    let mut attic = Lister::new("attic", now);
    attic.member = founder(now).0;
    attic.member.heard(Reply::Down("cut".into()), now);
    attic.say("before", now);
    attic.member.heard(Reply::Up, now);
    check(&mut attic.member, None, 0, now);
    assert!(rejoins(&mut attic.member));
    let (id, epoch, last, others) = (node.id, node.epoch, LogIndex(9), vec![other.clone()]);
    attic.member.heard(Reply::Enrolled { id, epoch, log: "log".into(), last, others, clock: now.time }, now);
    attic.member.heard(Reply::Locked { last }, now);
    let (index, _, entry) = appended(&mut attic.member).expect("it greets");
    attic.member.heard(Reply::Appended { is_wanted: false }, now);
    attic.member.heard(snapshot_of_another(&[node, other], index, &entry, now), now);
    attic.say("too early", now);
    lose_link(&mut attic.member, now);
    let requests = check(&mut attic.member, Some(entry), index.0, now);
    assert!(!rejoins(&mut attic.member));
    assert!(!requests.iter().any(|request| matches!(request, Request::Send { .. })), "{requests:?}");
}
