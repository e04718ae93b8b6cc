//! Users who come back with their node.

use super::*;

fn change(cluster: &mut Cluster, n: usize, change: RoomChange) {
    let user = cluster.user(n, ANA);
    let done = cluster.act(n, |hub, now, out| hub.change_room(user, &room("#tea"), vec![change], now, out));
    assert_eq!(done, Ok(vec![]));
}

/// Kim and Lea in the same room, on different nodes of three.
fn scene() -> Cluster {
    let mut cluster = Cluster::new(3);
    for (n, text) in [(0, "kim"), (1, "lea")] {
        cluster.log_in(n, ANA, text).unwrap();
        cluster.ask(n, ANA, join("#tea")).unwrap();
    }
    cluster
}

/// Lets the node `n` do something of which the node `cut_off` does not learn.
fn without(cluster: &mut Cluster, cut_off: usize, act: impl FnOnce(&mut Cluster)) {
    let hub = cluster.hubs.remove(cut_off);
    let users = std::mem::take(&mut cluster.users);
    let (theirs, others) = users.into_iter().partition(|((n, _), _)| *n == cut_off);
    cluster.users = others;
    act(cluster);
    cluster.hubs.insert(cut_off, hub);
    let theirs: BTreeMap<_, _> = theirs;
    cluster.users.extend(theirs);
}

fn told(cluster: &Cluster, n: usize) -> Vec<(String, EventKind)> {
    let told = cluster.heard.iter().filter(|((node, _), ..)| *node == n);
    told.map(|(_, from, kind)| (from.clone(), kind.clone())).collect()
}

#[test]
fn who_comes_back_has_its_name_rooms_and_rank_and_others_see_it_join() {
    let mut cluster = scene();
    change(&mut cluster, 0, RoomChange::Rank { who: name("lea"), rank: Rank::VOICE, given: true });
    cluster.ask(1, ANA, join("#milk")).unwrap();
    cluster.rejoin(1);
    let hub = &cluster.hubs[0];
    let lea = hub.users().find(&name("lea")).unwrap();
    assert_eq!(hub.users().connections(lea), []);
    for (text, rank) in [("#tea", Rank::VOICE), ("#milk", Rank::OPERATOR)] {
        let there = hub.rooms().find(&room(text)).unwrap();
        assert_eq!(hub.rooms().member(hub.users(), lea, there).unwrap().rank, rank);
    }
    assert_eq!(told(&cluster, 1), [], "nothing has changed for Lea");
    let joined = EventKind::Joined { room: room("#tea"), away: None };
    let heard = told(&cluster, 0);
    assert!(heard.contains(&("lea".into(), joined)), "{heard:?}");
    assert_eq!(heard.len(), 2, "with her rank: {heard:?}");
    cluster.ask(1, ANA, say("#tea", "back")).unwrap();
    assert_eq!(cluster.hearers().len(), 2);
}

#[test]
fn who_comes_back_to_a_taken_name_is_a_guest_and_told_so() {
    let mut cluster = scene();
    let homecoming = cluster.hubs[1].leave_state();
    cluster.take_down(1);
    without(&mut cluster, 1, |cluster| {
        cluster.log_in(0, BOB, "lea").unwrap();
    });
    let node = cluster.enrol(1);
    cluster.load(1, node, &[0, 2]);
    cluster.bring_back(1, homecoming);
    let renamed = EventKind::Renamed { to: name("guest1") };
    assert_eq!(told(&cluster, 1), [("lea".into(), renamed)]);
    let lea = cluster.user(1, ANA);
    assert_eq!(cluster.hubs[0].users().get(lea).unwrap().name(), &name("guest1"));
}

#[test]
fn who_comes_back_is_told_what_has_changed() {
    let mut cluster = scene();
    for (at, text) in [(BOB, "max"), (ConnectionId(3), "ned")] {
        cluster.log_in(0, at, text).unwrap();
        cluster.ask(0, at, join("#tea")).unwrap();
    }
    cluster.log_in(0, ConnectionId(0), "pia").unwrap();
    let homecoming = cluster.hubs[1].leave_state();
    cluster.take_down(1);
    without(&mut cluster, 1, |cluster| {
        let topic = Command::SetTopic { room: room("#tea"), topic: "milk".into() };
        cluster.ask(0, ANA, topic).unwrap();
        change(cluster, 0, RoomChange::Flag(RoomFlag::Moderated, true));
        cluster.ask(0, BOB, leave()).unwrap();
        cluster.ask(0, ConnectionId(3), part("#tea")).unwrap();
        cluster.ask(0, ConnectionId(0), join("#tea")).unwrap();
    });
    let node = cluster.enrol(1);
    cluster.load(1, node, &[0, 2]);
    cluster.bring_back(1, homecoming);
    let tea = || room("#tea");
    let mut told = told(&cluster, 1);
    told.sort_by_key(|(from, kind)| (from.clone(), format!("{kind:?}")));
    let moderated = vec![RoomChange::Flag(RoomFlag::Moderated, true)];
    assert_eq!(
        told,
        [
            ("max".into(), EventKind::Left { reason: "Left while this server was cut off".into() }),
            ("ned".into(), EventKind::Parted { room: tea(), reason: String::new() }),
            ("pia".into(), EventKind::Joined { room: tea(), away: None }),
            ("server".into(), EventKind::Changed { room: tea(), changes: moderated }),
            ("server".into(), EventKind::TopicSet { room: tea(), topic: "milk".into() }),
        ]
    );
}

#[test]
fn the_devices_of_an_account_come_back_to_its_user_where_that_stays() {
    let mut cluster = Cluster::new(2);
    cluster.enter(0, ANA, account(1, "ana")).unwrap();
    cluster.enter(1, ANA, account(1, "ana")).unwrap();
    cluster.ask(0, ANA, join("#tea")).unwrap();
    cluster.rejoin(1);
    let ana = cluster.user(0, ANA);
    assert_eq!(cluster.user(1, ANA), ana);
    assert_eq!(cluster.hubs[0].devices(ana).len(), 2);
    cluster.log_in(0, BOB, "kim").unwrap();
    cluster.ask(0, BOB, whisper(BOB, "ana", "psst")).unwrap();
    assert_eq!(cluster.hearers(), [((0, ANA), "kim"), ((1, ANA), "kim")]);
}

#[test]
fn rooms_that_an_account_has_joined_elsewhere_are_shown_on_all_nodes() {
    let mut cluster = Cluster::new(2);
    cluster.enter(0, ANA, account(1, "ana")).unwrap();
    cluster.enter(1, BOB, account(1, "ana")).unwrap();
    cluster.ask(0, ANA, join("#tea")).unwrap();
    assert_eq!(cluster.shown, [((1, BOB), room("#tea"))]);
    cluster.ask(0, ANA, join("#tea")).unwrap();
    assert_eq!(cluster.shown, [], "once");
}

#[test]
fn watch_lists_and_connections_that_are_left_come_back() {
    let mut cluster = scene();
    cluster.log_in(1, BOB, "max").unwrap();
    let (lea, max) = (cluster.user(1, ANA), cluster.user(1, BOB));
    for text in ["pia", "kim", "ned"] {
        cluster.hubs[1].watch(lea, &name(text)).unwrap();
    }
    assert!(cluster.hubs[1].users().get(max).is_some());
    let mut homecoming = cluster.hubs[1].leave_state();
    homecoming.retain(|at| at != BOB);
    cluster.users.remove(&(1, BOB));
    cluster.take_down(1);
    without(&mut cluster, 1, |cluster| {
        cluster.ask(0, ANA, part("#tea")).unwrap();
        cluster.ask(0, ANA, leave()).unwrap();
        cluster.log_in(0, ANA, "ned").unwrap();
    });
    let node = cluster.enrol(1);
    cluster.load(1, node, &[0, 2]);
    cluster.bring_back(1, homecoming);
    assert_eq!(cluster.user(1, BOB), UserId::NOBODY);
    let told = told(&cluster, 1);
    let is_told = |kind: EventKind| told.iter().any(|(_, told)| *told == kind);
    assert!(is_told(EventKind::Appeared { watcher: name("lea") }), "{told:?}");
    assert!(is_told(EventKind::Vanished { name: name("kim"), watcher: name("lea") }), "{told:?}");
    assert!(cluster.hubs[0].users().find(&name("max")).is_none());
    cluster.log_in(0, BOB, "pia").unwrap();
    assert_eq!(cluster.hearers(), [((1, ANA), "pia")]);
}

#[test]
fn a_private_message_that_was_on_its_way_reaches_whoever_has_come_back_meanwhile() {
    let mut cluster = scene();
    let (kim, mut out) = (cluster.user(0, ANA), Effects::default());
    let whisper = Command::Whisper { to: name("lea"), speech: Speech::message("psst"), unheard_by: None };
    cluster.hubs[0].handle(kim, whisper, cluster.now, &mut out).unwrap();
    let effects = std::iter::from_fn(|| out.pop());
    let relays: Vec<_> = effects
        .filter_map(|effect| if let Effect::Relay(relay) = effect { Some(*relay) } else { None })
        .collect();
    let [relay] = &relays[..] else { panic!("{relays:?}") };
    for times in 0..4 {
        cluster.heard.clear();
        cluster.relay(0, relay.clone());
        let is_heard = !told(&cluster, 1).is_empty();
        assert_eq!(is_heard, times < 3, "after {times} times");
        cluster.rejoin(1);
    }
}
