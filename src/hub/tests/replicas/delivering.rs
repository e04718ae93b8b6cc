//! Messages to and from other nodes.

use super::*;

const EVE: ConnectionId = ConnectionId(3);

#[test]
fn a_message_in_a_room_reaches_its_members_on_all_nodes_once() {
    let mut cluster = Cluster::new(3);
    for (n, at, text) in [(0, ANA, "kim"), (1, ANA, "lea"), (1, BOB, "max"), (2, ANA, "ned")] {
        cluster.log_in(n, at, text).unwrap();
        cluster.ask(n, at, join("#tea")).unwrap();
    }
    cluster.ask(1, BOB, part("#tea")).unwrap();
    cluster.ask(1, ANA, say("#tea", "hi")).unwrap();
    let mut hearers = cluster.hearers();
    hearers.sort_unstable();
    assert_eq!(hearers, [((0, ANA), "lea"), ((1, ANA), "lea"), ((2, ANA), "lea")]);
}

#[test]
fn a_message_to_a_rank_reaches_only_that_on_other_nodes() {
    let mut cluster = Cluster::new(2);
    for (n, at, text) in [(0, ANA, "kim"), (1, ANA, "lea"), (0, BOB, "max")] {
        cluster.log_in(n, at, text).unwrap();
        cluster.ask(n, at, join("#tea")).unwrap();
    }
    let command = Command::Say {
        room: room("#tea"),
        to_rank: Rank::OPERATOR,
        speech: Speech::message("hi"),
        unheard_by: Some(ANA),
    };
    cluster.ask(1, ANA, command).unwrap();
    assert_eq!(cluster.hearers(), [((0, ANA), "lea")]);
}

#[test]
fn a_private_message_reaches_its_addressee_and_the_authors_devices_on_other_nodes() {
    let mut cluster = Cluster::new(3);
    cluster.log_in(0, EVE, "eve").unwrap();
    for (n, at) in [(1, ANA), (1, BOB), (2, ANA)] {
        cluster.enter(n, at, account(1, "ana")).unwrap();
    }
    cluster.ask(1, ANA, whisper(ANA, "eve", "psst")).unwrap();
    let mut hearers = cluster.hearers();
    hearers.sort_unstable();
    assert_eq!(hearers, [((0, EVE), "ana"), ((1, BOB), "ana"), ((2, ANA), "ana")]);
    cluster.ask(0, EVE, whisper(EVE, "ana", "hm?")).unwrap();
    let mut hearers = cluster.hearers();
    hearers.sort_unstable();
    assert_eq!(hearers, [((1, ANA), "eve"), ((1, BOB), "eve"), ((2, ANA), "eve")]);
}

#[test]
fn a_private_message_between_users_of_one_node_stays_there() {
    let mut cluster = Cluster::new(2);
    cluster.log_in(0, ANA, "kim").unwrap();
    cluster.log_in(0, BOB, "lea").unwrap();
    let user = cluster.user(0, ANA);
    let mut out = Effects::default();
    cluster.hubs[0].handle(user, whisper(ANA, "lea", "psst"), cluster.now, &mut out).unwrap();
    let effects: Vec<_> = std::iter::from_fn(|| out.pop()).collect();
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Relay(_))), "{effects:?}");
}

#[test]
fn a_private_message_does_not_reach_somebody_who_has_got_the_id_of_its_addressee() {
    let mut cluster = Cluster::new(2);
    cluster.log_in(0, ANA, "kim").unwrap();
    cluster.log_in(1, ANA, "lea").unwrap();
    let (user, mut out) = (cluster.user(0, ANA), Effects::default());
    cluster.hubs[0].handle(user, whisper(ANA, "lea", "psst"), cluster.now, &mut out).unwrap();
    let relays = cluster.settle(0, out, true);
    let before = cluster.user(1, ANA);
    cluster.ask(1, ANA, leave()).unwrap();
    assert_eq!(cluster.log_in(1, ANA, "max"), Ok(before), "the id is used again");
    cluster.heard.clear();
    relays.into_iter().for_each(|relay| cluster.relay(0, relay));
    assert_eq!(cluster.hearers(), []);
}

#[test]
fn what_a_user_says_is_later_than_what_it_has_heard() {
    let mut cluster = Cluster::new(2);
    for (n, text) in [(0, "kim"), (1, "lea")] {
        cluster.log_in(n, ANA, text).unwrap();
        cluster.ask(n, ANA, join("#tea")).unwrap();
    }
    let last = |cluster: &Cluster, n: usize| cluster.hubs[n].last_event();
    cluster.ask(0, ANA, say("#tea", "one")).unwrap();
    assert_eq!(last(&cluster, 0), last(&cluster, 1));
    cluster.now.time -= Duration::from_secs(5);
    cluster.ask(1, ANA, say("#tea", "two")).unwrap();
    assert!(last(&cluster, 0) > last(&cluster, 1).previous() && last(&cluster, 0) == last(&cluster, 1));
}
