//! Registered rooms: what outlives their members, and who may do what.

use super::*;
use crate::hub::Arrival;
use crate::hub::metadata::{Described, Describer};
use crate::hub::registering::{Clearing, MOST_REGISTERED, ROOMS_PER_ACCOUNT};
use crate::hub::registration::{Holder, RANKS_PER_ROOM};
use crate::message::{Account, AccountId, HistoryLimit, Record, SavedRoom};

const EVE: ConnectionId = ConnectionId(3);

pub(super) fn account(number: u32, text: &str) -> Account {
    Account {
        id: AccountId(number),
        name: name(text),
        registered: SystemTime::UNIX_EPOCH,
        always_on: None,
        markers: Vec::new(),
        devices: Vec::new(),
        metadata: Vec::new(),
    }
}

fn holder(number: u32, text: &str) -> Holder {
    Holder { account: AccountId(number), name: name(text) }
}

pub(super) fn enter(scene: &mut Scene, at: ConnectionId, account: Account) {
    let (id, spelling, now) = (account.id, account.name.clone(), scene.now);
    scene.hub.add_account(id, &spelling);
    let arrival = Arrival { connection: at, device: "irc", profile: profile() };
    let entered = scene.hub.enter_account(&arrival, account, now, &mut scene.out).unwrap();
    scene.users.insert(at, entered.user);
    scene.hub.check();
}

/// Ana, who has the account 1, and Bob, who has 2, and Eve, who has none.
pub(super) fn scene() -> Scene {
    let mut scene = Scene::new();
    enter(&mut scene, ANA, account(1, "ana"));
    enter(&mut scene, BOB, account(2, "bob"));
    scene.handle(EVE, log_in("eve")).unwrap();
    scene
}

/// The same with Ana as the founder of `#tea`, and in it.
pub(super) fn scene_with_room() -> Scene {
    let mut scene = scene();
    scene.handle(ANA, join("#tea")).unwrap();
    register(&mut scene, ANA, "#tea").unwrap();
    scene
}

pub(super) fn register(scene: &mut Scene, at: ConnectionId, text: &str) -> Result<(), Refusal> {
    scene.out = Effects::default();
    let result = scene.hub.register_room(scene.user(at), &room(text), scene.now, &mut scene.out);
    scene.hub.check();
    result
}

fn set_lasting(
    scene: &mut Scene,
    at: ConnectionId,
    who: &Holder,
    rank: Rank,
    given: bool,
) -> Result<bool, Refusal> {
    scene.out = Effects::default();
    let (id, now) = (scene.user(at), scene.now);
    let changes = [(rank, given)];
    let result = scene.hub.set_lasting_ranks(id, &room("#tea"), who, &changes, now, &mut scene.out);
    scene.hub.check();
    result
}

fn clear(scene: &mut Scene, at: ConnectionId, what: Clearing) -> Result<usize, Refusal> {
    scene.out = Effects::default();
    let result = scene.hub.clear_room(scene.user(at), &room("#tea"), what, scene.now, &mut scene.out);
    scene.hub.check();
    result
}

/// The states of rooms that the last command has recorded.
fn recorded(scene: &mut Scene) -> Vec<SavedRoom> {
    let mut saved = Vec::new();
    while let Some(effect) = scene.out.pop() {
        if let Effect::Record(Record::Room(room)) = effect {
            saved.push(*room);
        }
    }
    saved
}

fn rank(scene: &Scene, at: ConnectionId, text: &str) -> Rank {
    let (rooms, users) = (scene.hub.rooms(), scene.hub.users());
    rooms.member(users, scene.user(at), rooms.find(&room(text)).unwrap()).unwrap().rank
}

#[test]
fn a_registered_room_keeps_everything_without_members_and_across_a_restart() {
    let mut scene = scene_with_room();
    scene.handle(ANA, Command::SetTopic { room: room("#tea"), topic: "green".into() }).unwrap();
    let changes = [
        RoomChange::Flag(RoomFlag::NoCtcp, true),
        RoomChange::Flag(RoomFlag::TopicLocked, false),
        RoomChange::Key(Some("k".into())),
        RoomChange::Limit(Some(7)),
        RoomChange::History(Some(HistoryLimit { lines: 5, age: std::time::Duration::from_secs(60) })),
        RoomChange::Mask { list: MaskList::Invited, mask: "x!*@*".into(), added: true },
    ];
    for made in changes {
        assert_eq!(change(&mut scene, ANA, "#tea", made), Ok(vec![]));
    }
    let id = scene.hub.rooms().find(&room("#tea")).expect("it is there");
    let by = Describer { user: scene.user(ANA), connection: ANA };
    let (of, now) = (Described::Room(id), scene.now);
    assert_eq!(scene.hub.set_metadata(by, of, "url", Some("x"), now, &mut scene.out), Ok(true));
    let with_metadata = recorded(&mut scene).pop().expect("the room is recorded");
    assert_eq!(with_metadata.metadata, [("url".into(), "x".into())]);
    assert_eq!(set_lasting(&mut scene, ANA, &holder(2, "bob"), Rank::VOICE, true), Ok(true));
    let before = recorded(&mut scene).pop().unwrap();
    scene.handle(ANA, part("#tea")).unwrap();
    let id = scene.hub.rooms().find(&room("#tea")).expect("the room stays");
    assert!(scene.hub.rooms().get(id).members().is_empty());

    let mut later = Scene::new();
    later.hub.continue_after(scene.hub.last_event());
    let accounts = [(AccountId(1), name("ana")), (AccountId(2), name("bob"))];
    later.hub.restore_rooms(vec![before.clone()], &accounts);
    later.hub.check();
    enter(&mut later, BOB, account(2, "bob"));
    assert_eq!(later.handle(BOB, join("#tea")), Err(Refusal::WrongKey(room("#tea"))));
    let key = Some("k".into());
    later.handle(BOB, Command::Join { room: room("#tea"), key }).unwrap();
    assert_eq!(rank(&later, BOB, "#tea"), Rank::VOICE);
    enter(&mut later, ANA, account(1, "ana"));
    later.handle(ANA, Command::Join { room: room("#tea"), key: Some("k".into()) }).unwrap();
    assert_eq!(change(&mut later, ANA, "#tea", RoomChange::Limit(Some(8))), Ok(vec![]));
    assert_eq!(recorded(&mut later), [SavedRoom { limit: Some(8), ..before }]);
}

#[test]
fn the_first_in_an_empty_registered_room_only_has_the_rank_of_its_account() {
    let mut scene = scene_with_room();
    assert_eq!(set_lasting(&mut scene, ANA, &holder(2, "bob"), Rank::OPERATOR, true), Ok(true));
    scene.handle(ANA, part("#tea")).unwrap();
    scene.handle(EVE, join("#tea")).unwrap();
    assert_eq!(rank(&scene, EVE, "#tea"), Rank::NONE);
    let gone = HistoryLimit { lines: 0, age: std::time::Duration::ZERO };
    assert_eq!(
        change(&mut scene, EVE, "#tea", RoomChange::History(Some(gone))),
        Err(Refusal::NotOperator(room("#tea"))),
        "she cannot delete its past"
    );
    scene.handle(BOB, join("#tea")).unwrap();
    let given = RoomChange::Rank { who: name("bob"), rank: Rank::OPERATOR, given: true };
    let told = EventKind::Changed { room: room("#tea"), changes: vec![given] };
    let heard = scene.heard();
    assert_eq!(heard[1], (vec![EVE, BOB], "server".into(), told), "{heard:?}");
    assert_eq!(rank(&scene, BOB, "#tea"), Rank::OPERATOR);
    scene.handle(ANA, join("#tea")).unwrap();
    assert_eq!(rank(&scene, ANA, "#tea"), Rank::OPERATOR, "the founder is an operator");
}

#[test]
fn each_command_records_a_registered_room_at_most_once_and_others_never() {
    let mut scene = scene_with_room();
    assert_eq!(recorded(&mut scene).len(), 1);
    let many = vec![flag(RoomFlag::Secret), flag(RoomFlag::Moderated), RoomChange::Limit(Some(3))];
    scene.hub.change_room(scene.user(ANA), &room("#tea"), many, scene.now, &mut scene.out).unwrap();
    assert_eq!(recorded(&mut scene).len(), 1);
    change(&mut scene, ANA, "#tea", flag(RoomFlag::Secret)).unwrap();
    assert_eq!(recorded(&mut scene), [], "nothing changes");
    let voice = RoomChange::Rank { who: name("ana"), rank: Rank::VOICE, given: true };
    change(&mut scene, ANA, "#tea", voice).unwrap();
    assert_eq!(recorded(&mut scene), [], "that ends when she leaves");
    scene.handle(ANA, join("#free")).unwrap();
    change(&mut scene, ANA, "#free", flag(RoomFlag::Secret)).unwrap();
    assert_eq!(recorded(&mut scene), []);
}

#[test]
fn only_an_operator_with_an_account_registers_a_room_and_only_once() {
    let mut scene = scene();
    scene.handle(EVE, join("#eve")).unwrap();
    assert_eq!(register(&mut scene, EVE, "#eve"), Err(Refusal::NoAccount));
    assert_eq!(register(&mut scene, ANA, "#eve"), Err(Refusal::NotInRoom(room("#eve"))));
    scene.handle(ANA, join("#eve")).unwrap();
    assert_eq!(register(&mut scene, ANA, "#eve"), Err(Refusal::NotOperator(room("#eve"))));
    assert_eq!(register(&mut scene, ANA, "#none"), Err(Refusal::NoSuchRoom(room("#none"))));
    scene.handle(ANA, Command::Change(UserChange::Operator(true))).unwrap();
    scene.handle(ANA, join("#lobby")).unwrap();
    assert_eq!(register(&mut scene, ANA, "#lobby"), Err(Refusal::RoomOfServer(room("#lobby"))));
    scene.handle(ANA, join("#tea")).unwrap();
    register(&mut scene, ANA, "#tea").unwrap();
    assert_eq!(register(&mut scene, ANA, "#tea"), Err(Refusal::RoomRegistered(room("#tea"))));
}

#[test]
fn rooms_of_an_account_and_ranks_in_a_room_are_limited() {
    let mut scene = scene_with_room();
    for n in 1..ROOMS_PER_ACCOUNT {
        let text = format!("#r{n}");
        scene.handle(ANA, join(&text)).unwrap();
        register(&mut scene, ANA, &text).unwrap();
    }
    scene.handle(ANA, join("#more")).unwrap();
    let most = ROOMS_PER_ACCOUNT;
    let full = |of_account, most, text| Refusal::TooManyRegistered { room: room(text), most, of_account };
    assert_eq!(register(&mut scene, ANA, "#more"), Err(full(true, most, "#more")));
    for n in 0..RANKS_PER_ROOM as u32 {
        let who = holder(100 + n, &format!("u{n}"));
        assert_eq!(set_lasting(&mut scene, ANA, &who, Rank::VOICE, true), Ok(true));
    }
    let refused = Refusal::RanksFull { room: room("#tea"), most: RANKS_PER_ROOM };
    assert_eq!(set_lasting(&mut scene, ANA, &holder(2, "bob"), Rank::VOICE, true), Err(refused));
    assert_eq!(set_lasting(&mut scene, ANA, &holder(100, "u0"), Rank::VOICE, false), Ok(true));
    assert_eq!(set_lasting(&mut scene, ANA, &holder(2, "bob"), Rank::VOICE, true), Ok(true));
}

#[test]
fn all_registered_rooms_together_are_limited() {
    let mut scene = scene();
    scene.handle(ANA, join("#tea")).unwrap();
    register(&mut scene, ANA, "#tea").unwrap();
    scene.hub.set_memory(1 << 30);
    let saved = recorded(&mut scene).pop().unwrap();
    let rooms = (1..MOST_REGISTERED).map(|n| SavedRoom {
        name: room(&format!("#r{n}")),
        founder: AccountId(1000 + n as u32),
        ..saved.clone()
    });
    let accounts: Vec<_> = (1..MOST_REGISTERED).map(|n| (AccountId(1000 + n as u32), name("x"))).collect();
    scene.hub.restore_rooms(rooms.collect(), &accounts);
    scene.handle(BOB, join("#one")).unwrap();
    let full = Refusal::TooManyRegistered { room: room("#one"), most: MOST_REGISTERED, of_account: false };
    assert_eq!(register(&mut scene, BOB, "#one"), Err(full));
}

#[test]
fn only_the_founder_and_operators_of_the_server_own_a_room() {
    let mut scene = scene_with_room();
    scene.handle(BOB, join("#tea")).unwrap();
    let not = || Err(Refusal::NotFounder(room("#tea")));
    assert_eq!(set_lasting(&mut scene, ANA, &holder(2, "bob"), Rank::OPERATOR, true), Ok(true));
    assert_eq!(rank(&scene, BOB, "#tea"), Rank::OPERATOR, "at once, because he is there");
    assert_eq!(set_lasting(&mut scene, BOB, &holder(2, "bob"), Rank::VOICE, true), not().map(|()| true));
    assert_eq!(clear(&mut scene, BOB, Clearing::Members), not().map(|()| 0));
    let tea = room("#tea");
    let (bob, eve) = (scene.user(BOB), scene.user(EVE));
    assert_eq!(scene.hub.unregister_room(bob, &tea, &mut scene.out), not());
    assert_eq!(scene.hub.offer_room(bob, &tea, holder(2, "bob")), not());
    let refused = scene.hub.transfer_room(scene.user(ANA), &tea, holder(2, "bob"), &mut scene.out);
    assert_eq!(refused, Err(Refusal::NotServerOperator), "only with the consent of the other");
    let not_offered = Err(Refusal::NotOffered(tea.clone()));
    assert_eq!(scene.hub.accept_room(bob, &tea, &mut scene.out), not_offered);
    let voice = |who| vec![RoomChange::Rank { who: name(who), rank: Rank::VOICE, given: true }];
    assert_eq!(scene.hub.set_ranks(bob, &tea, voice("ana"), scene.now, &mut scene.out), Ok(vec![]));
    assert_eq!(
        scene.hub.set_ranks(eve, &tea, voice("eve"), scene.now, &mut scene.out),
        Err(Refusal::NotOperator(tea.clone()))
    );
    scene.handle(EVE, Command::Change(UserChange::Operator(true))).unwrap();
    scene.hub.transfer_room(eve, &tea, holder(2, "bob"), &mut scene.out).unwrap();
    scene.hub.check();
    assert_eq!(scene.hub.unregister_room(scene.user(ANA), &tea, &mut scene.out), not());
    scene.hub.unregister_room(bob, &tea, &mut scene.out).unwrap();
    scene.hub.check();
    assert_eq!(
        scene.hub.unregister_room(bob, &tea, &mut scene.out),
        Err(Refusal::NotRegistered(tea.clone()))
    );
    scene.handle(ANA, part("#tea")).unwrap();
    scene.handle(BOB, part("#tea")).unwrap();
    assert!(scene.hub.rooms().find(&tea).is_none(), "it ends with its last member again");
}

#[test]
fn a_secret_registered_room_is_unknown_to_others_than_its_accounts() {
    let mut scene = scene_with_room();
    change(&mut scene, ANA, "#tea", flag(RoomFlag::Secret)).unwrap();
    scene.handle(ANA, part("#tea")).unwrap();
    let tea = room("#tea");
    for right in [Right::See, Right::Operate, Right::Own] {
        assert!(scene.hub.registered_room(scene.user(ANA), &tea, right).is_ok());
        assert_eq!(
            scene.hub.registered_room(scene.user(BOB), &tea, right),
            Err(Refusal::NoSuchRoom(tea.clone()))
        );
    }
}

#[test]
fn clearing_removes_members_masks_modes_or_operators() {
    let mut scene = scene_with_room();
    for id in [BOB, EVE] {
        scene.handle(id, join("#tea")).unwrap();
    }
    set_lasting(&mut scene, ANA, &holder(2, "bob"), Rank::OPERATOR, true).unwrap();
    let operator = RoomChange::Rank { who: name("eve"), rank: Rank::OPERATOR, given: true };
    change(&mut scene, ANA, "#tea", operator).unwrap();
    assert_eq!(clear(&mut scene, ANA, Clearing::Operators), Ok(1));
    assert_eq!((rank(&scene, EVE, "#tea"), rank(&scene, BOB, "#tea")), (Rank::NONE, Rank::OPERATOR));
    for list in MaskList::ALL {
        let mask = RoomChange::Mask { list, mask: "x!*@*".into(), added: true };
        change(&mut scene, ANA, "#tea", mask).unwrap();
    }
    assert_eq!(clear(&mut scene, ANA, Clearing::Masks), Ok(3));
    assert!(recorded(&mut scene)[0].masks.is_empty());
    for made in [flag(RoomFlag::Secret), RoomChange::Key(Some("k".into())), RoomChange::Limit(Some(5))] {
        change(&mut scene, ANA, "#tea", made).unwrap();
    }
    change(&mut scene, ANA, "#tea", RoomChange::Flag(RoomFlag::TopicLocked, false)).unwrap();
    assert_eq!(clear(&mut scene, ANA, Clearing::Modes), Ok(4));
    let saved = recorded(&mut scene).pop().unwrap();
    assert_eq!((saved.key, saved.limit, saved.flags.len()), (None, None, 2));
    assert_eq!(clear(&mut scene, ANA, Clearing::Modes), Ok(0));
    scene.hub.set_always_on(scene.user(BOB), Some(true), scene.now, &mut scene.out);
    assert_eq!(clear(&mut scene, ANA, Clearing::Members), Ok(2));
    let (mut heard, mut left) = (Vec::new(), Vec::new());
    while let Some(effect) = scene.out.pop() {
        match effect {
            Effect::Event(event, audience, _) => {
                if let EventKind::Kicked { who, .. } = event.kind {
                    heard.push((who, audience.iter().collect::<Vec<_>>()));
                }
            }
            Effect::Record(Record::Seat { account, rank: None, .. }) => left.push(account),
            _ => {}
        }
    }
    assert_eq!(left, [AccountId(2)], "the store forgets that he is there");
    heard.sort_by_key(|(_, hearers)| hearers[1]);
    assert_eq!(heard, [(name("bob"), vec![ANA, BOB]), (name("eve"), vec![ANA, EVE])]);
}

#[test]
fn rooms_and_ranks_of_a_deleted_account_end() {
    let mut scene = scene_with_room();
    set_lasting(&mut scene, ANA, &holder(2, "bob"), Rank::VOICE, true).unwrap();
    scene.handle(ANA, join("#other")).unwrap();
    register(&mut scene, ANA, "#other").unwrap();
    scene.handle(ANA, part("#other")).unwrap();
    scene.out = Effects::default();
    scene.hub.forget_account(AccountId(2), &mut scene.out);
    scene.hub.check();
    assert_eq!(recorded(&mut scene)[0].ranks, []);
    scene.hub.forget_account(AccountId(1), &mut scene.out);
    scene.hub.check();
    assert!(scene.hub.rooms().find(&room("#other")).is_none(), "nobody is there");
    let tea = scene.hub.rooms().find(&room("#tea")).unwrap();
    assert!(scene.hub.rooms().get(tea).registration().is_none());
}

#[test]
fn the_lobby_of_today_and_rooms_of_nobody_are_not_restored() {
    let mut scene = scene_with_room();
    let saved = recorded(&mut scene).pop().unwrap();
    let mut later = Scene::new();
    let lobby = SavedRoom { name: room("#lobby"), ..saved.clone() };
    later.hub.restore_rooms(vec![lobby, saved.clone()], &[]);
    later.hub.check();
    assert_eq!(later.hub.rooms().len(), 1);
    let accounts = [(AccountId(1), name("ana"))];
    later.hub.restore_rooms(vec![SavedRoom { name: room("#LOBBY"), ..saved }], &accounts);
    later.hub.check();
    assert!(later.hub.rooms().iter().all(|(_, room)| room.is_of_server()));
}

/// Steps of Ana, Bob and Eve with registered rooms.
#[derive(Clone, Debug)]
enum Deed {
    Ask(Command),
    Register,
    Unregister,
    Transfer(u32),
    Accept,
    Rank(u32, Rank, bool),
    Clear(Clearing),
    Limit(u32),
    Forget(u32),
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let topic = |text: String| Command::SetTopic { room: room("#tea"), topic: text };
    let ranks = prop::sample::select(vec![Rank::VOICE, Rank::OPERATOR]);
    let clearings = vec![Clearing::Members, Clearing::Masks, Clearing::Modes, Clearing::Operators];
    prop_oneof![
        4 => Just(Deed::Ask(join("#tea"))),
        2 => Just(Deed::Ask(part("#tea"))),
        1 => "[a-z]{0,90}".prop_map(topic).prop_map(Deed::Ask),
        4 => Just(Deed::Register),
        1 => Just(Deed::Unregister),
        2 => (1..3u32).prop_map(Deed::Transfer),
        2 => Just(Deed::Accept),
        2 => (1..3u32, ranks, any::<bool>()).prop_map(|(who, rank, given)| Deed::Rank(who, rank, given)),
        1 => prop::sample::select(clearings).prop_map(Deed::Clear),
        1 => (1..9u32).prop_map(Deed::Limit),
        1 => (1..3u32).prop_map(Deed::Forget),
    ]
}

proptest! {
    #[test]
    fn what_was_recorded_last_is_the_room_and_all_memory_is_returned(
        deeds in prop::collection::vec((1..4u32, any_deed()), 0..60)
    ) {
        let names = ["", "ana", "bob"];
        let mut scene = scene();
        let before = scene.hub.kept_bytes();
        let mut last: Option<SavedRoom> = None;
        for (who, deed) in deeds {
            let (id, tea, now) = (scene.user(ConnectionId(who)), room("#tea"), scene.now);
            let Scene { hub, out, .. } = &mut scene;
            let holder = |n: u32| holder(n, names[n as usize]);
            match deed {
                Deed::Ask(command) => drop(hub.handle(id, command, now, out)),
                Deed::Register => drop(hub.register_room(id, &tea, now, out)),
                Deed::Unregister => drop(hub.unregister_room(id, &tea, out)),
                Deed::Transfer(n) => drop(hub.offer_room(id, &tea, holder(n))),
                Deed::Accept => drop(hub.accept_room(id, &tea, out)),
                Deed::Rank(n, rank, given) => {
                    drop(hub.set_lasting_ranks(id, &tea, &holder(n), &[(rank, given)], now, out));
                }
                Deed::Clear(what) => drop(hub.clear_room(id, &tea, what, now, out)),
                Deed::Limit(n) => {
                    drop(hub.change_room(id, &tea, vec![RoomChange::Limit(Some(n))], now, out));
                }
                Deed::Forget(n) => hub.forget_account(AccountId(n), out),
            }
            scene.hub.check();
            let mut records = 0;
            while let Some(effect) = scene.out.pop() {
                match effect {
                    Effect::Record(Record::Room(saved)) => {
                        records += 1;
                        last = Some(*saved);
                    }
                    Effect::Record(Record::RoomDropped(_)) => last = None,
                    _ => {}
                }
            }
            prop_assert!(records <= 1);
            let there = scene.hub.rooms().find(&tea).map(|id| scene.hub.rooms().get(id));
            let registration = there.and_then(|room| room.registration());
            prop_assert_eq!(registration.is_some(), last.is_some());
            if let (Some(saved), Some(registration), Some(there)) = (&last, registration, there) {
                prop_assert_eq!(saved.founder, registration.founder.account);
                prop_assert_eq!(saved.limit, there.settings.limit);
                let topic = there.settings.topic.as_ref().map(|topic| &*topic.text);
                prop_assert_eq!(saved.topic.as_ref().map(|(text, ..)| &**text), topic);
                prop_assert_eq!(saved.ranks.len(), registration.ranks().len());
            }
        }
        for n in 1..3 {
            scene.hub.forget_account(AccountId(n), &mut scene.out);
        }
        for n in 1..4 {
            let _ = scene.handle(ConnectionId(n), part("#tea"));
        }
        prop_assert_eq!(scene.hub.kept_bytes(), before);
    }
}
