use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::{decode_entry, decode_message, decode_snapshot, encode_entry, encode_message, encode_snapshot};
use crate::cbor::any::{Any, Choices};
use crate::cbor::tests::{choices, keeps_promises};
use crate::message::{
    AccountId, Dated, Epoch, Event, EventId, EventKind, Identity, LogEntry, LogIndex, Login, NodeId,
    Operation, Rank, Relayed, Snapshot, Source, Speech, UserId,
};
use crate::name::{RoomName, UserName};

fn alice() -> Source {
    let name = UserName::new("alice").unwrap();
    Source::User(Arc::new(Identity::new(name, "alice", "192.0.2.7", "Alice")))
}

/// What `alice` said in `#tea`.
fn message() -> Relayed {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_713_600_123);
    let speech = Speech::message("hello, is anybody here?");
    let kind = EventKind::Said { room: RoomName::new("#tea").unwrap(), to_rank: Rank::NONE, speech };
    Relayed {
        node: NodeId(2),
        epoch: Epoch(1_795_713_000_000),
        number: 17,
        after: LogIndex(1234),
        event: Event { id: EventId::default().next(time), time, from: alice(), watched: false, kind },
        from: Login { user: UserId(5), login: 6 },
        to: None,
    }
}

/// Gives what is in it ids and names that fit together.
fn fitting(mut snapshot: Snapshot) -> Snapshot {
    let Snapshot { nodes, users, vacant, rooms, accounts, .. } = &mut snapshot;
    let name = |n: u32| UserName::new(&format!("u{n}")).unwrap();
    let most = users.len().max(1) as u32;
    (1..).zip(nodes).for_each(|(n, node)| node.id = NodeId(n));
    (0..).zip(accounts).for_each(|(n, account)| *account = (AccountId(n), name(n)));
    *vacant = (0..users.len() as u32).map(|id| UserId(2 * id + 1)).rev().collect();
    (0..).zip(&mut *users).for_each(|(id, user)| (user.id, user.state.name) = (UserId(2 * id), name(id)));
    for (n, (room, members)) in rooms.iter_mut().enumerate() {
        room.saved.name = RoomName::new(&format!("#r{n}")).unwrap();
        members.iter_mut().for_each(|(member, _)| member.0 = 2 * (member.0 % most));
        members.sort_by_key(|(member, _)| *member);
        members.dedup_by_key(|(member, _)| *member);
        members.retain(|_| !users.is_empty());
    }
    snapshot
}

fn any_snapshot(input: &[u8]) -> Snapshot {
    fitting(Snapshot::any(&mut Choices(input)))
}

proptest! {
    #[test]
    fn operations_keep_promises(input in choices()) {
        keeps_promises::<Vec<Operation>>(&input);
    }

    #[test]
    fn snapshots_keep_promises(input in choices()) {
        keeps_promises::<Snapshot>(&input);
        let snapshot = any_snapshot(&input);
        let again = decode_snapshot(&encode_snapshot(&snapshot)).unwrap();
        prop_assert_eq!(format!("{snapshot:?}"), format!("{again:?}"));
    }

    #[test]
    fn entries_read_back(input in choices()) {
        let entry = LogEntry::any(&mut Choices(&input));
        let again = decode_entry(entry.index, &encode_entry(&entry)).unwrap();
        prop_assert_eq!(format!("{entry:?}"), format!("{again:?}"));
    }

    #[test]
    fn messages_are_messages_of_users(input in choices()) {
        let message = Relayed::any(&mut Choices(&input));
        let is_message = message.event.kind.is_speech() && message.event.from != Source::Server;
        let again = decode_message(&encode_message(&message));
        prop_assert_eq!(again.is_ok(), is_message);
        if let Ok(again) = again {
            prop_assert_eq!(format!("{message:?}"), format!("{again:?}"));
        }
    }

    #[test]
    fn random_bytes_are_no_panic(input in choices()) {
        let _ = decode_entry(LogIndex(1), &input);
        let _ = decode_message(&input);
        let _ = decode_snapshot(&input);
    }
}

#[test]
fn an_unknown_operation_is_an_error_that_names_its_number() {
    let operations = vec![Dated { after: EventId::MIN, operation: Operation::Reset }];
    let time = SystemTime::UNIX_EPOCH;
    let entry = LogEntry {
        index: LogIndex(1),
        node: NodeId(1),
        epoch: Epoch(2),
        time,
        operations,
        users: 0,
        rooms: 0,
    };
    let mut bytes = encode_entry(&entry);
    let place = bytes.windows(4).position(|four| four == [0, 0x82, 2, 0xa0]).unwrap();
    bytes[place + 2] = 23;
    assert_eq!(decode_entry(LogIndex(1), &bytes).unwrap_err(), "operations: user: it is missing");
    bytes.splice(place + 2..place + 3, [0x18, 200]);
    let error = decode_entry(LogIndex(1), &bytes).unwrap_err();
    assert_eq!(error, "operations: the operation 200 is unknown");
}

/// Nodes of other versions depend on these bytes.
#[test]
fn the_form_of_a_message_stays() {
    let bytes: &[u8] = b"\xa6\x00\x02\x01\x1b\x00\x00\x01\xa2\x18\xd5\xe2@\x02\x11\x03\x19\x04\xd2\x04\xa4\x00\x1b\x1a!\x8d\xf0\xa7\xb0\
        \x00\x00\
        \x01\x82\x1ak\x08j@\x1a\x07T\xd4\xc0\x02\xa4\x00ealice\x01ealice\x02i192.0.2.7\x03eAlice\
        \x04\x82\x01\xa2\x00d#tea\x02\xa2\x00\x00\x01whello, is anybody here?\x05\x82\x05\x06";
    assert_eq!(encode_message(&message()).escape_ascii().to_string(), bytes.escape_ascii().to_string());
    assert_eq!(bytes.len(), 120);
}

/// The fuzzer begins with the same ones. The first three bytes are its own.
#[test]
fn what_earlier_versions_wrote_can_be_read() {
    let [entry, message, snapshot] = [
        &include_bytes!("../../../tests/fuzz/seeds/cluster/entry")[3..],
        &include_bytes!("../../../tests/fuzz/seeds/cluster/message")[3..],
        &include_bytes!("../../../tests/fuzz/seeds/cluster/snapshot")[3..],
    ];
    assert_eq!(decode_entry(LogIndex(1), entry).unwrap().operations.len(), 33, "one of each kind");
    assert_eq!(decode_message(message).unwrap().number, 17);
    assert_eq!(decode_snapshot(snapshot).unwrap().users.len(), 2);
}

#[test]
fn a_node_has_a_number_between_1_and_63() {
    for (node, is_valid) in [(0, false), (1, true), (63, true), (64, false)] {
        let bytes = encode_message(&Relayed { node: NodeId(node), ..message() });
        assert_eq!(decode_message(&bytes).is_ok(), is_valid, "{node}");
    }
}

#[test]
fn a_snapshot_whose_parts_do_not_fit_together_is_refused() {
    let good = any_snapshot(&[2; 20_000]);
    let is_valid = |snapshot: &Snapshot| decode_snapshot(&encode_snapshot(snapshot)).is_ok();
    assert!(good.users.len() == 2 && !good.rooms.is_empty() && is_valid(&good));
    let spoilt: [fn(&mut Snapshot); 11] = [
        |snapshot| snapshot.users.swap(0, 1),
        |snapshot| snapshot.users[1].id = snapshot.users[0].id,
        |snapshot| snapshot.users[1].id = UserId(u32::MAX),
        |snapshot| snapshot.vacant.push(UserId(0)),
        |snapshot| snapshot.vacant[0] = snapshot.vacant[1],
        |snapshot| snapshot.rooms[0].1.push((snapshot.vacant[0], Rank::NONE)),
        |snapshot| snapshot.rooms[0].1.extend([(UserId(0), Rank::NONE); 2]),
        |snapshot| snapshot.rooms[1].0.saved.name = RoomName::new("#R0").unwrap(),
        |snapshot| snapshot.users[1].state.name = UserName::new("U0").unwrap(),
        |snapshot| snapshot.accounts[1].0 = snapshot.accounts[0].0,
        |snapshot| snapshot.nodes[1].id = snapshot.nodes[0].id,
    ];
    for (n, spoil) in spoilt.into_iter().enumerate() {
        let mut snapshot = good.clone();
        spoil(&mut snapshot);
        assert!(!is_valid(&snapshot), "{n}");
    }
}
