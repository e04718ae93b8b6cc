//! A node with a fault, or with a damaged memory, may write anything: nothing panics, and the hub stays whole.

use super::*;
use crate::message::{
    AccountId, ConnectionId, Dated, Described, DeviceState, EventId, Returning, RoomState, SavedRoom,
};

fn ids() -> impl Strategy<Value = UserId> {
    prop_oneof![9 => (0..5u32).prop_map(UserId), 1 => any::<u32>().prop_map(UserId)]
}

fn connections() -> impl Strategy<Value = ConnectionId> {
    prop_oneof![9 => (0..4u32).prop_map(ConnectionId), 1 => any::<u32>().prop_map(ConnectionId)]
}

fn names() -> impl Strategy<Value = UserName> {
    prop::sample::select(vec!["ana", "Bob", "eve", "guest1", "kim"]).prop_map(name)
}

fn rooms() -> impl Strategy<Value = RoomName> {
    prop::sample::select(vec!["#lobby", "#tea", "#TEA", "#milk"]).prop_map(room)
}

fn accounts() -> impl Strategy<Value = Box<Account>> {
    let device = (Box::<str>::from("irc"), EventId::MAX);
    (0..4u32, names(), 0..33usize).prop_map(move |(number, name, devices)| {
        let devices = vec![device.clone(); devices];
        Box::new(Account { id: AccountId(number), name, devices, ..account(number, "x") })
    })
}

fn holders() -> impl Strategy<Value = (AccountId, UserName)> {
    ((0..4u32).prop_map(AccountId), names())
}

fn states() -> impl Strategy<Value = Box<RoomState>> {
    (rooms(), 0..3u32, prop::option::of(holders()), prop::collection::vec(holders(), 0..3)).prop_map(
        |(name, founder, heir, names)| {
            let saved = SavedRoom {
                name,
                registered: SystemTime::UNIX_EPOCH,
                founder: AccountId(founder),
                ranks: vec![(AccountId(1), Rank::VOICE), (AccountId(1), Rank::OPERATOR)],
                opened: EventId::MAX,
                created: SystemTime::UNIX_EPOCH,
                topic: Some(("x".into(), "y".into(), SystemTime::UNIX_EPOCH)),
                flags: vec![RoomFlag::Secret, RoomFlag::Secret],
                key: None,
                limit: Some(0),
                history: None,
                masks: vec![(
                    MaskList::Bans,
                    "*!*@*".into(),
                    UserName::new("x").unwrap(),
                    SystemTime::UNIX_EPOCH,
                )],
                metadata: Vec::new(),
            };
            Box::new(RoomState { saved, heir, names })
        },
    )
}

fn devices() -> impl Strategy<Value = Vec<DeviceState>> {
    let device = connections().prop_map(|connection| DeviceState {
        connection,
        name: "irc".into(),
        peer: Peer::Unix,
        is_secure: true,
        since: SystemTime::UNIX_EPOCH,
        heard: EventId::MAX,
        away: None,
    });
    prop::collection::vec(device, 0..3)
}

fn returning() -> impl Strategy<Value = Operation> {
    let account = prop::option::of((accounts(), devices()));
    let rooms = prop::collection::vec((states(), Just(Rank::OPERATOR)), 0..3);
    (names(), prop::option::of(connections()), account, rooms).prop_map(
        |(name, connection, account, rooms)| {
            Operation::Return(Box::new(Returning {
                name,
                profile: profile(),
                is_invisible: true,
                is_operator: true,
                is_bot: true,
                hears_wallops: true,
                since: SystemTime::UNIX_EPOCH,
                spoke: SystemTime::UNIX_EPOCH,
                connection,
                account,
                rooms,
                metadata: vec![("a".into(), "b".into())],
            }))
        },
    )
}

fn logins() -> impl Strategy<Value = Operation> {
    let device = || Box::<str>::from("irc");
    prop_oneof![
        (connections(), names()).prop_map(|(connection, name)| Operation::LogIn {
            connection,
            name,
            profile: profile()
        }),
        (connections(), accounts()).prop_map(move |(connection, account)| Operation::EnterAccount {
            connection,
            device: device(),
            profile: profile(),
            account
        }),
        (ids(), connections(), accounts()).prop_map(move |(user, connection, account)| Operation::Identify {
            user,
            connection,
            device: device(),
            profile: profile(),
            account,
            heard: None
        }),
        (ids(), connections()).prop_map(|(user, connection)| Operation::LogOut {
            user,
            connection,
            profile: profile(),
            heard: Some(EventId::MAX)
        }),
        (ids(), connections()).prop_map(|(user, connection)| Operation::Detach {
            user,
            connection,
            heard: None
        }),
        (ids(), connections()).prop_map(|(user, connection)| Operation::LeaveDevice {
            user,
            connection,
            away: Some("x".into())
        }),
        (ids(), prop::option::of(any::<bool>()))
            .prop_map(|(user, always_on)| Operation::SetAlwaysOn { user, always_on }),
        holders().prop_map(|(account, name)| Operation::AddAccount(account, name)),
        names().prop_map(Operation::RemoveAccount),
        names().prop_map(Operation::DropAccount),
        prop::collection::vec(ids(), 0..3)
            .prop_map(|ids| Operation::Leave(ids.into_iter().map(|id| (id, "x".into())).collect())),
        (ids(), any_command()).prop_map(|(id, command)| Operation::Command(id, command)),
        (0..5u8, 0..5u64)
            .prop_map(|(node, epoch)| Operation::Down { node: NodeId(node), epoch: Epoch(epoch) }),
        (0..5u8, 0..5u64).prop_map(|(id, epoch)| {
            let node = Node { id: NodeId(id), epoch: Epoch(epoch), name: format!("n{id}").into() };
            Operation::Hello { node, attempt: 0 }
        }),
        (ids(), 0..5u8, connections()).prop_map(|(user, node, connection)| Operation::EndDevices {
            user,
            devices: vec![(NodeId(node), connection)],
            by: "x".into(),
            reason: "y".into()
        }),
    ]
}

fn changes() -> impl Strategy<Value = Operation> {
    let of = prop_oneof![ids().prop_map(Described::User), rooms().prop_map(Described::Room)];
    prop_oneof![
        (ids(), rooms()).prop_map(|(user, room)| Operation::RegisterRoom { user, room }),
        (ids(), rooms()).prop_map(|(user, room)| Operation::UnregisterRoom { user, room }),
        (ids(), rooms(), holders()).prop_map(|(user, room, heir)| Operation::OfferRoom { user, room, heir }),
        (ids(), rooms()).prop_map(|(user, room)| Operation::AcceptRoom { user, room }),
        (ids(), rooms(), holders()).prop_map(|(user, room, heir)| Operation::TransferRoom {
            user,
            room,
            heir
        }),
        (ids(), rooms(), holders()).prop_map(|(user, room, who)| Operation::SetLastingRanks {
            user,
            room,
            who,
            changes: vec![(Rank::OPERATOR, true)]
        }),
        (ids(), rooms(), names()).prop_map(|(user, room, who)| Operation::SetRanks {
            user,
            room,
            changes: vec![RoomChange::Rank { who, rank: Rank::VOICE, given: true }]
        }),
        (ids(), rooms(), 0..9u8).prop_map(|(user, room, what)| Operation::ClearRoom { user, room, what }),
        (ids(), rooms(), rooms()).prop_map(|(user, from, to)| Operation::RenameRoom {
            user,
            from,
            to,
            reason: "x".into()
        }),
        (ids(), rooms()).prop_map(|(user, room)| Operation::Redact {
            user,
            room,
            message: EventId::MAX,
            reason: "x".into()
        }),
        ids().prop_map(|user| Operation::MarkRead {
            user,
            of: "#tea".into(),
            target: "#tea".into(),
            at: SystemTime::UNIX_EPOCH
        }),
        (ids(), of).prop_map(|(user, of)| Operation::SetMetadata {
            user,
            of,
            key: "k".into(),
            value: Some("v".into())
        }),
        Just(Operation::TellOperators("x".into())),
    ]
}

fn operations() -> impl Strategy<Value = Operation> {
    prop_oneof![3 => logins(), 2 => changes(), 1 => returning()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_another_node_has_done_the_hub_stays_whole(
        operations in prop::collection::vec((operations(), any::<bool>()), 0..60)
    ) {
        let mut cluster = Cluster::new(2);
        cluster.log_in(0, ANA, "kim").unwrap();
        cluster.enter(0, BOB, account(1, "ana")).unwrap();
        cluster.ask(0, ANA, join("#tea")).unwrap();
        let whole = entry(&cluster.hubs[1], Vec::new(), LogIndex(1), cluster.now);
        for (operation, is_late) in operations {
            let after = if is_late { EventId::MAX } else { EventId::MIN };
            let operations = vec![Dated { after, operation }];
            let entry = LogEntry { operations, users: u32::MAX, rooms: u32::MAX, ..whole.clone() };
            let _ = cluster.hubs[0].replay(&entry, cluster.now, &mut Effects::default());
            cluster.hubs[0].check();
        }
    }

    #[test]
    fn a_damaged_snapshot_is_refused_or_leads_to_a_whole_hub(
        damages in prop::collection::vec((0..12u8, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4)
    ) {
        let mut cluster = Cluster::new(3);
        for (n, at, text) in [(0, ANA, "kim"), (1, ANA, "lea"), (1, BOB, "max")] {
            cluster.log_in(n, at, text).unwrap();
            cluster.ask(n, at, join("#tea")).unwrap();
        }
        cluster.enter(0, BOB, account(1, "ana")).unwrap();
        cluster.enter(1, ConnectionId(3), account(1, "ana")).unwrap();
        cluster.ask(0, BOB, join("#milk")).unwrap();
        cluster.ask(1, BOB, leave()).unwrap();
        // The node 2 has no users.
        let mut snapshot = cluster.hubs[0].snapshot(LogIndex(1));
        for (damage, one, other) in damages {
            if snapshot.users.is_empty() || snapshot.rooms.is_empty() {
                break;
            }
            let (user, room) = (one.index(snapshot.users.len()), other.index(snapshot.rooms.len()));
            match damage {
                0 => drop(snapshot.users.remove(user)),
                1 => snapshot.users[user].id = UserId(other.index(9) as u32),
                2 => snapshot.users[user].id = UserId(u32::MAX),
                3 => snapshot.vacant.push(UserId(other.index(9) as u32)),
                4 => snapshot.users[user].state.account = None,
                5 => snapshot.users[user].node = Some(NodeId(other.index(4) as u8)),
                6 => drop(snapshot.rooms.remove(room)),
                7 => snapshot.rooms[room].1.push((UserId(one.index(9) as u32), Rank::VOICE)),
                8 => snapshot.rooms[room].1.clear(),
                9 => snapshot.accounts.clear(),
                10 => snapshot.users[user].state.name = name(["kim", "ana", "zoe"][other.index(3)]),
                _ => snapshot.nodes.clear(),
            }
        }
        let node = cluster.hubs[2].own_node().unwrap().clone();
        let before = format!("{:?}", shared(&cluster.hubs[2]));
        match cluster.hubs[2].load(&snapshot, node, cluster.now) {
            Ok(_) => {}
            Err(_) => prop_assert_eq!(before, format!("{:?}", shared(&cluster.hubs[2]))),
        }
        cluster.hubs[2].check();
    }
}
