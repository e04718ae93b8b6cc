//! Users whose places are kept for a while when their connections end.

use std::time::Duration;

use super::devices::{ANAS_PHONE, account, scene, staying};
use super::*;
use crate::message::{Account, EventId};

/// How long places are kept.
const KEPT: Duration = Duration::from_secs(60);

/// Ends a connection, keeping the place of its user. True when its user has left with it.
fn end_keeping(scene: &mut Scene, at: ConnectionId) -> bool {
    let user = scene.user(at);
    scene.hub.keep_place(user, scene.now.instant + KEPT);
    scene.end(at, true)
}

/// Ana, who keeps her place without connections, and Bob in the lobby.
fn scene_of_absent(ana: &Account) -> (Scene, UserId) {
    let mut scene = Scene::with(&[(BOB, "bob")]);
    scene.register(ana);
    let user = scene.enter(ANA, ana, "desk").unwrap().user;
    scene.handle(ANA, join("#lobby")).unwrap();
    assert!(!end_keeping(&mut scene, ANA));
    assert!(scene.heard().is_empty(), "nobody hears of it");
    (scene, user)
}

fn wait(scene: &mut Scene, span: Duration) -> Vec<UserId> {
    scene.now = Now { instant: scene.now.instant + span, time: scene.now.time + span };
    scene.out = Effects::default();
    let ended = scene.hub.end_kept_places(scene.now, &mut scene.out);
    scene.hub.check();
    ended
}

#[test]
fn a_user_whose_place_is_kept_comes_back_unnoticed_and_knows_what_it_has_heard() {
    let ana = account(1, "ana");
    let (mut scene, user) = scene_of_absent(&ana);
    let heard = scene.hub.last_event();
    assert_eq!(scene.hub.users().get(user).unwrap().away(), None, "she is not away");
    scene.handle(BOB, say("#lobby", "hi")).unwrap();
    assert!(wait(&mut scene, KEPT - Duration::from_secs(1)).is_empty());
    let entered = scene.enter(ANAS_PHONE, &ana, "desk").unwrap();
    let last = scene.hub.last_event();
    assert_eq!((entered.user, entered.was_here, entered.heard), (user, true, Some(heard)));
    assert!(scene.heard().is_empty(), "nobody hears of it");
    assert!(last > heard && entered.heard_by_any == heard);
    assert!(wait(&mut scene, KEPT).is_empty());
    assert_eq!(scene.hub.next_place_end(), None);
    assert!(scene.end(ANAS_PHONE, true), "she leaves like others");
}

#[test]
fn a_user_who_does_not_come_back_in_time_leaves() {
    let (mut scene, user) = scene_of_absent(&account(1, "ana"));
    assert_eq!(scene.hub.next_place_end(), Some(scene.now.instant + KEPT));
    assert!(!scene.hub.is_overdue(user, scene.now.time), "she may still come");
    assert_eq!(wait(&mut scene, KEPT), [user]);
    assert!(scene.heard().is_empty(), "the caller lets her leave");
    assert_eq!(scene.hub.next_place_end(), None);
    assert!(wait(&mut scene, KEPT).is_empty());
}

#[test]
fn a_user_who_stays_anyway_is_away_after_its_time() {
    let (mut scene, user) = scene_of_absent(&staying("ana"));
    assert_eq!(scene.hub.users().get(user).unwrap().away(), None);
    assert!(wait(&mut scene, KEPT).is_empty());
    let away = scene.hub.users().get(user).unwrap().away().cloned();
    assert!(away.is_some());
    assert_eq!(scene.heard(), [(vec![BOB], "ana".into(), EventKind::Away(away))]);
}

#[test]
fn a_user_who_was_away_remains_so() {
    let (mut scene, ana) = (scene(), account(1, "ana"));
    let user = scene.user(ANA);
    for at in [ANA, ANAS_PHONE] {
        scene.hub.leave_device(user, at, Some("tea"), scene.now, &mut scene.out).unwrap();
    }
    assert!(!end_keeping(&mut scene, ANA) && !end_keeping(&mut scene, ANAS_PHONE));
    assert_eq!(scene.hub.users().get(user).unwrap().away().unwrap().as_ref(), "tea");
    scene.enter(ANA, &ana, "desk").unwrap();
    assert_eq!(scene.heard(), [(vec![BOB], "ana".into(), EventKind::Away(None))], "she is back");
}

#[test]
fn while_a_user_has_another_connection_its_place_is_no_matter() {
    let mut scene = scene();
    assert!(!end_keeping(&mut scene, ANA));
    assert!(wait(&mut scene, KEPT).is_empty());
    assert!(scene.end(ANAS_PHONE, true));
}

#[test]
fn users_without_accounts_and_those_who_are_killed_keep_no_place() {
    let mut scene = Scene::with(&[(ANA, "ana")]);
    assert!(end_keeping(&mut scene, ANA));
    assert_eq!(scene.hub.next_place_end(), None);

    let (mut scene, _) = scene_of_absent(&account(1, "ana"));
    scene.handle(BOB, Command::Change(UserChange::Operator(true))).unwrap();
    scene.handle(BOB, Command::Kill { who: name("ana"), reason: "x".into() }).unwrap();
    assert_eq!(scene.hub.users().find(&name("ana")), None);
}

#[test]
fn a_kept_place_is_still_kept_after_a_handover() {
    let ana = account(1, "ana");
    let (scene, user) = scene_of_absent(&ana);
    let later = Now { instant: scene.now.instant + KEPT / 2, ..scene.now };
    let mut hub = super::handover::handed_over(&scene.hub, later);
    assert_eq!(hub.next_place_end(), Some(scene.now.instant + KEPT));
    let end = Now { instant: scene.now.instant + KEPT, ..scene.now };
    assert_eq!(hub.end_kept_places(end, &mut Effects::default()), [user]);
    assert!(hub.last_event() > EventId::MIN);
}
