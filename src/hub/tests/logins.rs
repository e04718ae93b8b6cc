//! Connections that enter and leave accounts, and users that are sent away.

use super::devices::{ANAS_PHONE, account, hearers, scene, scene_of, staying};
use super::*;
use crate::hub::Arrival;
use crate::message::Record;

#[test]
fn a_connection_that_leaves_an_account_is_where_it_is_and_not_where_other_devices_are() {
    let (mut scene, eve) = (scene(), account(2, "eve"));
    scene.register(&eve);
    let far = Profile { peer: Peer::Tcp([192, 0, 2, 7].into(), 1), host: "far".into(), ..profile() };
    let (user, now) = (scene.user(ANAS_PHONE), scene.now);
    let arrival = Arrival { connection: ANAS_PHONE, device: "phone", profile: far.clone() };
    let entered = scene.hub.identify(user, &arrival, eve, now, &mut scene.out).unwrap();
    assert_eq!(scene.hub.devices(entered.user)[0].peer, far.peer);
    assert_eq!(scene.hub.users().get(entered.user).unwrap().identity.host(), "far");
    let guest = scene.hub.log_out(scene.user(ANA), ANA, far.clone(), now, &mut scene.out).unwrap();
    assert_eq!(guest, scene.user(ANA), "the only connection keeps its user");
    let (ana, bob) = (account(1, "ana"), scene.user(BOB));
    let arrival = Arrival { connection: BOB, device: "a", profile: profile() };
    scene.hub.identify(bob, &arrival, ana.clone(), now, &mut scene.out).unwrap();
    scene.enter(ANAS_PHONE, &ana, "b").unwrap();
    let guest = scene.hub.log_out(bob, BOB, far.clone(), now, &mut scene.out).unwrap();
    assert_eq!(scene.hub.users().get(guest).unwrap().peer, far.peer);
}

#[test]
fn nobody_enters_an_account_that_was_deleted_after_they_had_proven_to_be_its_owner() {
    let (mut scene, old) = (scene(), account(1, "ana"));
    scene.hub.drop_account(&old.name, scene.now, &mut scene.out);
    for at in [ANA, ANAS_PHONE] {
        scene.end(at, true);
    }
    let gone = Refusal::AccountDropped(old.name.clone());
    assert_eq!(scene.enter(ConnectionId(30), &old, "desk"), Err(gone.clone()));
    assert_eq!(scene.identify(BOB, &old), Err(gone.clone()));
    let new = account(7, "ana");
    scene.register(&new);
    scene.enter(ConnectionId(31), &new, "desk").unwrap();
    assert_eq!(scene.enter(ConnectionId(30), &old, "desk"), Err(gone.clone()));
    assert_eq!(scene.identify(BOB, &old), Err(gone));
    assert_eq!((scene.name_at(ConnectionId(31)), scene.name_at(BOB)), ("ana".into(), "bob".into()));
}

#[test]
fn a_user_is_where_its_oldest_connection_is() {
    let (mut scene, bob) = (scene(), account(2, "bob"));
    scene.register(&bob);
    let at = |n| Profile { peer: Peer::Tcp([192, 0, 2, n].into(), 1), ..profile() };
    let (user, now) = (scene.user(BOB), scene.now);
    let first = Arrival { connection: BOB, device: "a", profile: at(1) };
    scene.hub.identify(user, &first, bob.clone(), now, &mut scene.out).unwrap();
    let second = Arrival { connection: ConnectionId(30), device: "b", profile: at(2) };
    scene.hub.enter_account(&second, bob, now, &mut scene.out).unwrap();
    scene.hub.detach(user, BOB, true, now, &mut scene.out);
    assert_eq!(scene.hub.users().get(user).unwrap().peer, at(2).peer);
    scene.hub.check();
}

#[test]
fn a_user_that_stays_without_connections_is_no_operator_of_the_server() {
    let mut scene = scene_of(&staying("ana"));
    let ana = scene.user(ANA);
    scene.handle(ANA, Command::Change(UserChange::Operator(true))).unwrap();
    scene.end(ANAS_PHONE, true);
    assert!(scene.hub.users().get(ana).unwrap().is_operator);
    scene.end(ANA, true);
    scene.enter(ANA, &staying("ana"), "desk").unwrap();
    assert!(
        !scene.hub.users().get(ana).unwrap().is_operator,
        "the password of the account is not that of OPER"
    );
}

#[test]
fn a_kill_ends_all_connections_of_a_user_and_removes_it_even_if_it_stays() {
    let mut scene = scene_of(&staying("ana"));
    scene.handle(BOB, Command::Change(UserChange::Operator(true))).unwrap();
    let kill = Command::Kill { who: name("ana"), reason: "x".into() };
    scene.handle(BOB, kill.clone()).unwrap();
    assert_eq!(hearers(&mut scene), [[ANA], [ANAS_PHONE]]);
    assert!(!scene.end(ANA, true) && scene.end(ANAS_PHONE, true));
    assert!(scene.recorded().iter().any(|record| matches!(record, Record::StaysNot(_))));
    scene.enter(ANA, &staying("ana"), "desk").unwrap();
    assert!(!scene.end(ANA, true), "who comes again stays again");
    scene.handle(BOB, kill).unwrap();
    assert!(scene.hub.users().find(&name("ana")).is_none());
}
