//! Users with several connections, and with none.

use super::*;

/// Ana's second connection.
const ANAS_PHONE: ConnectionId = ConnectionId(9);

/// Ana with two connections, and Bob, in the lobby.
fn scene() -> Scene {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    let ana = scene.user(ANA);
    scene.hub.attach(ana, ANAS_PHONE);
    scene.users.insert(ANAS_PHONE, ana);
    scene.hub.check();
    scene
}

fn hearers(scene: &mut Scene) -> Vec<Vec<ConnectionId>> {
    scene
        .heard()
        .into_iter()
        .map(|(mut hearers, ..)| {
            hearers.sort_unstable();
            hearers
        })
        .collect()
}

#[test]
fn all_connections_of_a_user_hear_its_messages_and_its_rooms() {
    let mut scene = scene();
    scene.handle(BOB, say("#lobby", "hi")).unwrap();
    assert_eq!(hearers(&mut scene), [[ANA, BOB, ANAS_PHONE]]);
    scene.handle(BOB, whisper(BOB, "ana", "psst")).unwrap();
    assert_eq!(hearers(&mut scene), [[ANA, ANAS_PHONE]]);
}

#[test]
fn the_other_connections_of_a_speaker_hear_its_messages() {
    let mut scene = scene();
    let say = Command::Say {
        room: room("#lobby"),
        to_rank: Rank::NONE,
        speech: Speech::message("hi"),
        unheard_by: Some(ANA),
    };
    scene.handle(ANA, say).unwrap();
    assert_eq!(hearers(&mut scene), [[BOB, ANAS_PHONE]]);
    scene.handle(ANA, whisper(ANA, "bob", "psst")).unwrap();
    assert_eq!(hearers(&mut scene), [[BOB, ANAS_PHONE]]);
    scene.handle(ANA, whisper(ANA, "ana", "note to myself")).unwrap();
    assert_eq!(hearers(&mut scene), [[ANA, ANAS_PHONE, ANAS_PHONE]]);
}

#[test]
fn an_audience_follows_the_connections_of_its_members() {
    let mut scene = scene();
    let ana = scene.user(ANA);
    assert!(!scene.hub.detach(ana, ANA), "ana has another connection");
    scene.hub.check();
    scene.handle(BOB, say("#lobby", "hi")).unwrap();
    assert_eq!(hearers(&mut scene), [[BOB, ANAS_PHONE]]);
    assert!(scene.hub.detach(ana, ANAS_PHONE), "that was the last");
    scene.hub.check();
    scene.handle(BOB, say("#lobby", "hi")).unwrap();
    assert_eq!(hearers(&mut scene), [[BOB]]);
}

#[test]
fn a_user_who_stays_remains_without_connections_and_its_events_still_happen() {
    let mut scene = scene();
    let ana = scene.user(ANA);
    scene.hub.set_stays(ana, true);
    scene.handle(BOB, part("#lobby")).unwrap();
    assert!(!scene.hub.detach(ana, ANAS_PHONE) && !scene.hub.detach(ana, ANA));
    scene.hub.check();
    let speech = Speech::message("to nobody");
    let say = Command::Say { room: room("#lobby"), to_rank: Rank::NONE, speech, unheard_by: None };
    scene.out = Effects::default();
    scene.hub.handle(ana, say, scene.now, &mut scene.out).unwrap();
    let Some(Effect::Event(event, audience, _)) = scene.out.pop() else { panic!("it did not happen") };
    assert!(matches!(event.kind, EventKind::Said { .. }) && audience.iter().next().is_none());
    scene.hub.attach(ana, ANA);
    scene.handle(BOB, whisper(BOB, "ana", "welcome back")).unwrap();
    assert_eq!(hearers(&mut scene), [[ANA]]);
    scene.hub.check();
}

#[test]
fn a_kill_ends_all_connections_of_a_user_or_removes_a_user_without_any() {
    let mut scene = scene();
    scene.handle(BOB, Command::Change(UserChange::Operator(true))).unwrap();
    let kill = Command::Kill { who: name("ana"), reason: "x".into() };
    scene.handle(BOB, kill.clone()).unwrap();
    assert_eq!(hearers(&mut scene), [[ANA], [ANAS_PHONE]]);
    let ana = scene.user(ANA);
    scene.hub.set_stays(ana, true);
    assert!(!scene.hub.detach(ana, ANAS_PHONE) && !scene.hub.detach(ana, ANA));
    scene.handle(BOB, kill).unwrap();
    assert!(scene.hub.users().get(ana).is_none());
    scene.hub.check();
}
