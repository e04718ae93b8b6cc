//! Rooms that get another name.

use super::registered_rooms::{account, enter, register, scene, scene_with_room};
use super::*;
pub(super) use crate::hub::renaming::PAUSE;
use crate::hub::renaming::{NotRenamed, Renaming};
use crate::message::{Account, Record, SavedRoom};

const EVE: ConnectionId = ConnectionId(3);

pub(super) fn rename(scene: &mut Scene, at: ConnectionId, from: &str, to: &str) -> Result<(), NotRenamed> {
    scene.out = Effects::default();
    let renaming = Renaming { from: room(from), to: room(to), reason: "typo".into(), by: at };
    let result = scene.hub.rename_room(scene.user(at), renaming, scene.now, &mut scene.out);
    scene.hub.check();
    result
}

fn records(scene: &mut Scene) -> Vec<Record> {
    let mut records = Vec::new();
    while let Some(effect) = scene.out.pop() {
        if let Effect::Record(record) = effect {
            records.push(record);
        }
    }
    records
}

#[test]
fn all_members_hear_it_and_then_those_who_do_not_know_renames_are_moved() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    for id in [ANA, BOB] {
        scene.handle(id, join("#tea")).unwrap();
    }
    rename(&mut scene, ANA, "#TEA", "#milk").unwrap();
    let renamed = EventKind::RoomRenamed { from: room("#tea"), to: room("#milk"), reason: "typo".into() };
    let Some(Effect::Record(Record::RoomRenamed { from, to })) = scene.out.pop() else { panic!() };
    assert_eq!((from.as_str(), to.as_str()), ("#tea", "#milk"));
    let Some(Effect::Event(event, audience, None)) = scene.out.pop() else { panic!() };
    assert_eq!((event.kind, audience.iter().collect()), (renamed.clone(), vec![ANA, BOB]));
    let Some(Effect::Move(event, audience)) = scene.out.pop() else { panic!() };
    assert_eq!((event.kind, audience.iter().collect()), (renamed, vec![BOB]), "Ana's session has the answer");
    assert!(scene.out.is_empty());
    scene.handle(BOB, say("#milk", "hi")).unwrap();
    assert_eq!(scene.handle(BOB, say("#tea", "hi")), Err(Refusal::NoSuchRoom(room("#tea"))));
}

#[test]
fn a_change_of_letter_case_moves_nobody_and_the_same_name_changes_nothing() {
    let mut scene = Scene::with(&[(ANA, "ana")]);
    scene.handle(ANA, join("#tea")).unwrap();
    rename(&mut scene, ANA, "#tea", "#Tea").unwrap();
    let mut effects = std::iter::from_fn(|| scene.out.pop());
    assert!(effects.all(|effect| !matches!(effect, Effect::Move(..))));
    rename(&mut scene, ANA, "#tea", "#Tea").expect_err("it was renamed a moment ago");
    scene.now.instant += PAUSE;
    rename(&mut scene, ANA, "#tea", "#Tea").unwrap();
    assert!(scene.out.is_empty());
    rename(&mut scene, ANA, "#tea", "#b").unwrap();
}

#[test]
fn only_operators_rename_a_room_and_nobody_the_lobby() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    scene.handle(ANA, join("#tea")).unwrap();
    scene.handle(BOB, join("#Milk")).unwrap();
    scene.handle(ANA, Command::Change(UserChange::Operator(true))).unwrap();
    assert_eq!(rename(&mut scene, ANA, "#lobby", "#x"), Err(NotRenamed::Lobby));
    assert_eq!(rename(&mut scene, ANA, "#lobby", "#Lobby"), Err(NotRenamed::Lobby));
    let not_there = NotRenamed::Refused(Refusal::NotInRoom(room("#milk")));
    assert_eq!(rename(&mut scene, ANA, "#milk", "#x"), Err(not_there));
    assert_eq!(rename(&mut scene, ANA, "#tea", "#milk"), Err(NotRenamed::Taken));
    assert_eq!(rename(&mut scene, ANA, "#tea", "#LOBBY"), Err(NotRenamed::Taken));
    scene.handle(BOB, join("#tea")).unwrap();
    let no_operator = NotRenamed::Refused(Refusal::NotOperator(room("#tea")));
    assert_eq!(rename(&mut scene, BOB, "#tea", "#x"), Err(no_operator));
    assert!(scene.out.is_empty());
}

#[test]
fn an_invitation_is_to_the_room_and_not_to_the_next_of_its_name() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob"), (EVE, "eve")]);
    scene.handle(ANA, join("#tea")).unwrap();
    change(&mut scene, ANA, "#tea", flag(RoomFlag::InviteOnly)).unwrap();
    scene.handle(ANA, Command::Invite { room: room("#tea"), who: name("bob") }).unwrap();
    rename(&mut scene, ANA, "#tea", "#milk").unwrap();
    // Opened in the same moment, so only its name tells it from the other.
    scene.handle(EVE, join("#tea")).unwrap();
    change(&mut scene, EVE, "#tea", flag(RoomFlag::InviteOnly)).unwrap();
    assert_eq!(scene.handle(BOB, join("#tea")), Err(Refusal::InviteOnly(room("#tea"))));
    scene.handle(BOB, join("#milk")).unwrap();
}

#[test]
fn a_longer_name_is_charged() {
    let mut scene = Scene::with(&[(ANA, "ana")]);
    scene.handle(ANA, join("#a")).unwrap();
    let before = scene.hub.kept_bytes();
    rename(&mut scene, ANA, "#a", &format!("#{}", "é".repeat(60))).unwrap();
    // The shorter one was rounded up.
    assert!(scene.hub.kept_bytes() >= before + 2 * 60 - 16);
}

#[test]
fn only_its_founder_renames_a_registered_room_even_from_outside() {
    let mut scene = scene_with_room();
    scene.handle(BOB, join("#tea")).unwrap();
    let given = RoomChange::Rank { who: name("bob"), rank: Rank::OPERATOR, given: true };
    change(&mut scene, ANA, "#tea", given).unwrap();
    let refused = NotRenamed::Refused(Refusal::NotFounder(room("#tea")));
    assert_eq!(rename(&mut scene, BOB, "#tea", "#milk"), Err(refused));
    scene.handle(ANA, part("#tea")).unwrap();
    rename(&mut scene, ANA, "#tea", "#milk").unwrap();
    assert_eq!(scene.hub.rooms().find(&room("#tea")), None);
}

#[test]
fn the_store_forgets_a_registered_room_of_the_old_name_and_keeps_one_of_the_new() {
    let mut scene = scene_with_room();
    rename(&mut scene, ANA, "#tea", "#Milk").unwrap();
    let records = records(&mut scene);
    let [Record::RoomDropped(dropped), Record::RoomRenamed { from, to }, Record::Room(saved)] = &records[..]
    else {
        panic!("{records:?}")
    };
    assert_eq!([dropped, from, to].map(RoomName::as_str), ["#tea", "#tea", "#Milk"]);
    let SavedRoom { name, founder, .. } = &**saved;
    assert_eq!((name.as_str(), founder.0), ("#Milk", 1));
}

#[test]
fn an_empty_registered_room_keeps_its_name_from_others() {
    let mut scene = scene();
    scene.handle(ANA, join("#tea")).unwrap();
    register(&mut scene, ANA, "#tea").unwrap();
    scene.handle(ANA, part("#tea")).unwrap();
    scene.handle(EVE, join("#milk")).unwrap();
    assert_eq!(rename(&mut scene, EVE, "#milk", "#tea"), Err(NotRenamed::Taken));
}

#[test]
fn how_far_accounts_have_read_goes_along() {
    let mut scene = Scene::new();
    let marked =
        |of: &str, seconds| (of.into(), SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds));
    let markers = vec![marked("#tea", 1), marked("#milk", 2), marked("bob", 3)];
    enter(&mut scene, ANA, Account { markers, ..account(1, "ana") });
    scene.handle(ANA, join("#tea")).unwrap();
    rename(&mut scene, ANA, "#tea", "#Milk").unwrap();
    let account = scene.hub.account_of(scene.user(ANA)).unwrap();
    assert_eq!(account.markers, [marked("#milk", 1), marked("bob", 3)]);
}
