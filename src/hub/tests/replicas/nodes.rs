//! Nodes that come and go.

use super::*;

#[test]
fn the_users_of_a_node_that_is_down_leave() {
    let mut cluster = Cluster::new(3);
    for (n, at, text) in [(0, ANA, "kim"), (1, ANA, "lea"), (1, BOB, "max")] {
        cluster.log_in(n, at, text).unwrap();
        cluster.ask(n, at, join("#tea")).unwrap();
    }
    cluster.take_down(1);
    let left = EventKind::Left { reason: "The node n1 is down".into() };
    let heard: Vec<_> = cluster.heard.iter().map(|(at, from, kind)| (*at, from.as_str(), kind)).collect();
    assert_eq!(heard, [((0, ANA), "lea", &left), ((0, ANA), "max", &left)]);
    for hub in [&cluster.hubs[0], &cluster.hubs[2]] {
        assert_eq!(hub.users().len(), 1);
        assert_eq!(hub.nodes().count(), 2);
        hub.check();
    }
}

#[test]
fn a_user_with_devices_on_other_nodes_stays_when_one_is_down() {
    let mut cluster = Cluster::new(3);
    cluster.enter(0, ANA, account(1, "ana")).unwrap();
    cluster.enter(1, ANA, account(1, "ana")).unwrap();
    cluster.enter(1, BOB, account(2, "bob")).unwrap();
    cluster.take_down(1);
    let hub = &cluster.hubs[2];
    assert!(hub.users().find(&name("ana")).is_some() && hub.users().find(&name("bob")).is_none());
    assert_eq!(hub.node_of(hub.users().find(&name("ana")).unwrap()).unwrap().id, node_id(0));
}

#[test]
fn a_node_knows_on_which_others_users_are() {
    let mut cluster = Cluster::new(2);
    let kim = cluster.log_in(0, ANA, "kim").unwrap();
    let ana = cluster.enter(0, BOB, account(1, "ana")).unwrap();
    let node = |cluster: &Cluster, n: usize, id| cluster.hubs[n].node_of(id).map(|node| node.id);
    for n in 0..2 {
        assert_eq!([node(&cluster, n, kim), node(&cluster, n, ana)], [Some(node_id(0)); 2]);
    }
    cluster.enter(1, ANA, account(1, "ana")).unwrap();
    for n in 0..2 {
        assert_eq!(node(&cluster, n, ana), Some(node_id(n)), "the own one if possible");
    }
}

#[test]
fn a_node_that_is_down_already_is_not_noted_again() {
    let mut cluster = Cluster::new(2);
    let (node, mut out) = (cluster.hubs[1].own_node().unwrap().clone(), Effects::default());
    cluster.hubs[0].node_down(node.id, Epoch(99), cluster.now, &mut out);
    assert!(!cluster.hubs[0].has_operations(), "another life of it is up");
    for is_new in [true, false] {
        cluster.hubs[0].node_down(node.id, node.epoch, cluster.now, &mut out);
        assert_eq!(cluster.hubs[0].take_operations().len(), usize::from(is_new));
    }
}

#[test]
fn an_entry_with_other_numbers_or_of_an_unknown_node_is_not_that_of_this_state() {
    let mut cluster = Cluster::new(2);
    cluster.log_in(0, ANA, "kim").unwrap();
    let whole = entry(&cluster.hubs[0], Vec::new(), LogIndex(99), cluster.now);
    let mut replay = |entry: &LogEntry| cluster.hubs[1].replay(entry, cluster.now, &mut Effects::default());
    assert_eq!(replay(&whole), Ok(()));
    assert_eq!(replay(&LogEntry { users: u32::MAX, rooms: u32::MAX, ..whole.clone() }), Ok(()));
    for wrong in [
        LogEntry { users: 2, ..whole.clone() },
        LogEntry { rooms: 2, ..whole.clone() },
        LogEntry { epoch: Epoch(99), ..whole.clone() },
        LogEntry { node: node_id(1), ..whole.clone() },
        LogEntry { node: node_id(9), ..whole.clone() },
    ] {
        replay(&wrong).unwrap_err();
    }
}

#[test]
fn who_founds_the_cluster_anew_keeps_its_own_users_only() {
    let mut cluster = Cluster::new(2);
    cluster.log_in(0, ANA, "kim").unwrap();
    cluster.log_in(1, ANA, "lea").unwrap();
    for n in 0..2 {
        cluster.ask(n, ANA, join("#tea")).unwrap();
    }
    let node = cluster.enrol(0);
    let mut out = Effects::default();
    cluster.hubs[0].found(node.clone(), cluster.now, &mut out);
    cluster.heard.clear();
    cluster.settle(0, out, true);
    assert_eq!(cluster.hearers(), [((0, ANA), "lea")]);
    let hub = &cluster.hubs[0];
    hub.check();
    assert_eq!((hub.users().len(), hub.own_node(), hub.nodes().count()), (1, Some(&node), 1));
    assert!(!hub.has_operations());
}

#[test]
fn a_killed_user_is_gone_on_all_nodes_and_its_node_closes_the_connection() {
    let mut cluster = Cluster::new(2);
    cluster.log_in(0, ANA, "kim").unwrap();
    cluster.log_in(1, ANA, "lea").unwrap();
    cluster.ask(0, ANA, Command::Change(UserChange::Operator(true))).unwrap();
    cluster.ask(0, ANA, Command::Kill { who: name("lea"), reason: "x".into() }).unwrap();
    assert!(cluster.hubs.iter().all(|hub| hub.users().len() == 1));
    assert!(!cluster.users.contains_key(&(1, ANA)));
    let max = cluster.log_in(0, BOB, "max").unwrap();
    cluster.tell_ended(1);
    assert!(cluster.hubs.iter().all(|hub| hub.users().get(max).is_some()), "who has got its id stays");
}

#[test]
fn what_a_node_with_more_memory_allows_is_done_on_all_and_what_is_refused_on_none() {
    let mut cluster = Cluster::new(2);
    cluster.hubs[1].set_memory(0);
    cluster.log_in(1, ANA, "kim").unwrap();
    cluster.ask(1, ANA, join("#tea")).unwrap();
    cluster.log_in(0, ANA, "lea").unwrap();
    cluster.ask(0, ANA, join("#milk")).unwrap();
    let mask = |n: u32| RoomChange::Mask {
        list: MaskList::Bans,
        mask: format!("{n}{}", "x".repeat(4096)),
        added: true,
    };
    let (lea, masks) = (cluster.user(0, ANA), (0..40).map(mask).collect());
    let done = cluster.act(0, |hub, now, out| hub.change_room(lea, &room("#milk"), masks, now, out));
    assert_eq!(done, Ok(vec![]));
    let refused = Err(Refusal::NoMemoryForRoom { room: room("#beer"), most: 512 * 1024, of_address: false });
    assert_eq!(cluster.ask(1, ANA, join("#beer")), refused);
    let (user, r) = (cluster.user(1, ANA), room("#tea"));
    let changes = vec![mask(0), RoomChange::Flag(RoomFlag::Secret, true)];
    let refused = cluster.act(1, |hub, now, out| hub.change_room(user, &r, changes, now, out)).unwrap();
    assert_eq!(refused.len(), 1, "{refused:?}");
    for hub in &cluster.hubs {
        let tea = hub.rooms().get(hub.rooms().find(&r).unwrap());
        assert!(tea.settings.has(RoomFlag::Secret) && tea.settings.masks(MaskList::Bans).is_empty());
    }
}
