//! Tests of the hub as a whole.

#[cfg(feature = "store")]
mod devices;
#[cfg(feature = "upgrade")]
mod handover;
#[cfg(feature = "upgrade")]
mod kept_places;
#[cfg(feature = "store")]
mod logins;
mod memory;
#[cfg(feature = "store")]
mod metadata;
#[cfg(feature = "store")]
mod registered_rooms;
#[cfg(feature = "store")]
mod renaming;
#[cfg(feature = "cluster")]
mod replicas;
#[cfg(feature = "store")]
mod staying;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::message::{Effect, MaskList, Mute, Peer, Profile, Rank, RoomChange, RoomFlag, Speech, UserChange};

/// Connections, named after their users.
const ANA: ConnectionId = ConnectionId(1);
const BOB: ConnectionId = ConnectionId(2);

fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

fn room(text: &str) -> RoomName {
    RoomName::new(text).unwrap()
}

/// A profile for any user.
pub(super) fn profile() -> Profile {
    Profile {
        is_secure: false,
        username: "u".into(),
        host: "h.ip".into(),
        realname: "R".into(),
        peer: Peer::Unix,
        #[cfg(feature = "store")]
        away: None,
    }
}

/// One random action of a connection.
#[derive(Clone, Debug)]
enum Step {
    LogIn(UserName, Profile),
    Ask(Command),
}

impl From<Command> for Step {
    fn from(command: Command) -> Self {
        Self::Ask(command)
    }
}

fn log_in(text: &str) -> Step {
    Step::LogIn(name(text), profile())
}

fn join(text: &str) -> Command {
    Command::Join { room: room(text), key: None }
}

fn part(text: &str) -> Command {
    Command::Part { room: room(text), reason: String::new() }
}

fn say(to: &str, text: &str) -> Command {
    Command::Say { room: room(to), to_rank: Rank::NONE, speech: Speech::message(text), unheard_by: None }
}

fn whisper(from: ConnectionId, to: &str, text: &str) -> Command {
    Command::Whisper { to: name(to), speech: Speech::message(text), unheard_by: Some(from) }
}

fn leave() -> Command {
    Command::Leave { reason: "bye".into() }
}

fn source(source: &Source) -> String {
    match source {
        Source::User(identity) => identity.name.to_string(),
        Source::Server => "server".into(),
    }
}

/// A hub with the effects of its last command.
struct Scene {
    hub: Hub,
    users: BTreeMap<ConnectionId, UserId>,
    out: Effects,
    now: Now,
    /// What was recorded, as far as `heard` has found it.
    #[cfg(feature = "store")]
    records: Vec<crate::message::Record>,
}

impl Scene {
    fn new() -> Self {
        Self {
            hub: Hub::new(room("#lobby"), SystemTime::now()),
            users: BTreeMap::new(),
            out: Effects::default(),
            now: Now::read(),
            #[cfg(feature = "store")]
            records: Vec::new(),
        }
    }

    fn with(users: &[(ConnectionId, &str)]) -> Self {
        let mut scene = Self::new();
        for (id, text) in users {
            scene.handle(*id, log_in(text)).unwrap();
            scene.handle(*id, join("#lobby")).unwrap();
        }
        scene
    }

    /// The user of a connection.
    fn user(&self, at: ConnectionId) -> UserId {
        self.users.get(&at).copied().unwrap_or(UserId::NOBODY)
    }

    fn handle(&mut self, at: ConnectionId, step: impl Into<Step>) -> Result<(), Refusal> {
        self.out = Effects::default();
        let result = match step.into() {
            Step::LogIn(..) if self.users.contains_key(&at) => Err(Refusal::AlreadyLoggedIn),
            Step::LogIn(name, profile) => {
                let id = self.hub.log_in(at, name, profile, self.now, &mut self.out);
                id.map(|id| {
                    self.users.insert(at, id);
                })
            }
            Step::Ask(command) => {
                let leaves = matches!(command, Command::Leave { .. });
                let result = self.hub.handle(self.user(at), command, self.now, &mut self.out);
                if leaves {
                    self.users.remove(&at);
                }
                result
            }
        };
        self.hub.check();
        result
    }

    /// Who heard what from whom, in order.
    fn heard(&mut self) -> Vec<(Vec<ConnectionId>, String, EventKind)> {
        let mut heard = Vec::new();
        while let Some(effect) = self.out.pop() {
            match effect {
                Effect::Event(event, audience, _) => {
                    heard.push((audience.iter().collect(), source(&event.from), event.kind));
                }
                Effect::Close(who, reason) => {
                    let kind = EventKind::Left { reason: reason.to_string() };
                    heard.push((vec![who], "close".into(), kind));
                }
                #[cfg(feature = "store")]
                Effect::Record(record) => self.records.push(record),
                other => panic!("the hub knows no bytes, no files and no errands: {other:?}"),
            }
        }
        heard.retain(|(hearers, ..)| !hearers.is_empty());
        heard
    }
}

#[test]
fn a_message_reaches_everybody_in_the_room_including_the_speaker() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    scene.handle(ANA, say("#Lobby", "hi")).unwrap();
    let said = EventKind::Said { room: room("#lobby"), to_rank: Rank::NONE, speech: Speech::message("hi") };
    assert_eq!(scene.heard(), [(vec![ANA, BOB], "ana".into(), said)]);
}

#[test]
fn a_whisper_only_reaches_its_addressee() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    scene.handle(ANA, whisper(ANA, "BOB", "psst")).unwrap();
    let whispered = EventKind::Whispered { to: name("bob"), speech: Speech::message("psst") };
    assert_eq!(scene.heard(), [(vec![BOB], "ana".into(), whispered)]);
}

#[test]
fn a_whisper_to_an_unknown_name_is_refused_and_heard_by_nobody() {
    let mut scene = Scene::with(&[(ANA, "ana")]);
    assert_eq!(scene.handle(ANA, whisper(ANA, "bob", "psst")), Err(Refusal::NobodyCalled(name("bob"))));
    assert!(scene.out.is_empty());
}

#[test]
fn only_members_speak_in_a_room() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    scene.handle(BOB, join("#tea")).unwrap();
    let refused = Err(Refusal::CannotSpeak(room("#tea"), Mute::Outside));
    assert_eq!(scene.handle(ANA, say("#tea", "hi")), refused);
    assert_eq!(scene.handle(ANA, say("#none", "hi")), Err(Refusal::NoSuchRoom(room("#none"))));
}

#[test]
fn without_a_name_a_user_can_only_log_in() {
    let mut scene = Scene::new();
    for command in [say("#lobby", "hi"), whisper(ANA, "ana", "hi"), Command::Rename(name("x")), join("#a")] {
        assert_eq!(scene.handle(ANA, command), Err(Refusal::NotLoggedIn));
    }
    scene.handle(ANA, log_in("ana")).unwrap();
    assert_eq!(scene.handle(ANA, log_in("eva")), Err(Refusal::AlreadyLoggedIn));
}

#[test]
fn a_name_is_free_as_soon_as_its_owner_leaves() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    assert_eq!(scene.handle(BOB, Command::Rename(name("Ana"))), Err(Refusal::NameTaken(name("ana"))));
    scene.handle(ANA, leave()).unwrap();
    scene.handle(BOB, Command::Rename(name("Ana"))).unwrap();
    scene.handle(BOB, say("#lobby", "hi")).unwrap();
    assert_eq!(scene.heard()[0].0, [BOB]);
}

#[test]
fn events_are_numbered_in_order_and_carry_the_time_given() {
    let mut scene = Scene::with(&[(ANA, "ana")]);
    let mut ids = Vec::new();
    for _ in 0..3 {
        scene.handle(ANA, say("#lobby", "hi")).unwrap();
        let Some(Effect::Event(event, ..)) = scene.out.pop() else { panic!("nothing was sent") };
        assert_eq!(event.time, scene.now.time);
        ids.push(event.id);
    }
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

fn change(
    scene: &mut Scene,
    id: ConnectionId,
    to: &str,
    change: RoomChange,
) -> Result<Vec<Refusal>, Refusal> {
    scene.out = Effects::default();
    let result = scene.hub.change_room(scene.user(id), &room(to), vec![change], scene.now, &mut scene.out);
    scene.hub.check();
    result
}

fn flag(flag: RoomFlag) -> RoomChange {
    RoomChange::Flag(flag, true)
}

#[test]
fn a_room_admits_only_whom_its_settings_allow() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    scene.handle(ANA, join("#tea")).unwrap();
    let ban = |added| RoomChange::Mask { list: MaskList::Bans, mask: "BOB!*@*".into(), added };
    let cases = [
        (flag(RoomFlag::InviteOnly), Refusal::InviteOnly(room("#tea"))),
        (RoomChange::Limit(Some(1)), Refusal::RoomIsFull(room("#tea"))),
        (RoomChange::Key(Some("k".into())), Refusal::WrongKey(room("#tea"))),
        (ban(true), Refusal::Banned(room("#tea"))),
    ];
    for (closed, why) in cases {
        assert_eq!(change(&mut scene, ANA, "#tea", closed.clone()), Ok(vec![]));
        assert_eq!(scene.handle(BOB, join("#tea")), Err(why));
        scene.handle(ANA, Command::Invite { room: room("#tea"), who: name("bob") }).unwrap();
        if closed == ban(true) {
            assert!(scene.handle(BOB, join("#tea")).is_err(), "an invitation does not undo a ban");
        } else {
            scene.handle(BOB, join("#tea")).unwrap();
            scene.handle(BOB, part("#tea")).unwrap();
            assert!(scene.handle(BOB, join("#tea")).is_err(), "an invitation is good once");
        }
        let open = match closed {
            RoomChange::Flag(flag, _) => RoomChange::Flag(flag, false),
            RoomChange::Limit(_) => RoomChange::Limit(None),
            RoomChange::Key(_) => RoomChange::Key(None),
            #[cfg(feature = "store")]
            RoomChange::History(_) => RoomChange::History(None),
            RoomChange::Mask { .. } | RoomChange::Rank { .. } => ban(false),
        };
        assert_eq!(change(&mut scene, ANA, "#tea", open), Ok(vec![]));
        scene.handle(BOB, join("#tea")).unwrap();
        scene.handle(BOB, part("#tea")).unwrap();
    }
    assert_eq!(scene.handle(BOB, Command::Join { room: room("#tea"), key: Some("x".into()) }), Ok(()));
}

#[test]
fn an_invitation_is_not_valid_for_a_later_room_of_the_same_name() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    scene.handle(ANA, join("#tea")).unwrap();
    scene.handle(ANA, Command::Invite { room: room("#tea"), who: name("bob") }).unwrap();
    scene.handle(ANA, part("#tea")).unwrap();
    scene.now.time += std::time::Duration::from_secs(1);
    scene.handle(ANA, join("#tea")).unwrap();
    change(&mut scene, ANA, "#tea", flag(RoomFlag::InviteOnly)).unwrap();
    assert_eq!(scene.handle(BOB, join("#tea")), Err(Refusal::InviteOnly(room("#tea"))));
}

#[test]
fn only_those_whom_the_settings_allow_speak_in_a_room() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    for id in [ANA, BOB] {
        scene.handle(id, join("#tea")).unwrap();
    }
    let cannot = |why| Err(Refusal::CannotSpeak(room("#tea"), why));
    let ctcp = || say("#tea", "\x01VERSION\x01");
    assert_eq!(scene.handle(BOB, ctcp()), Ok(()));
    change(&mut scene, ANA, "#tea", flag(RoomFlag::NoCtcp)).unwrap();
    assert_eq!(scene.handle(BOB, ctcp()), cannot(Mute::Ctcp));
    assert_eq!(scene.handle(BOB, say("#tea", "\x01ACTION waves\x01")), Ok(()));
    change(&mut scene, ANA, "#tea", flag(RoomFlag::Moderated)).unwrap();
    assert_eq!(scene.handle(BOB, say("#tea", "hi")), cannot(Mute::Moderated));
    let voice = |given| RoomChange::Rank { who: name("bob"), rank: Rank::VOICE, given };
    change(&mut scene, ANA, "#tea", voice(true)).unwrap();
    assert_eq!(scene.handle(BOB, say("#tea", "hi")), Ok(()));
    change(&mut scene, ANA, "#tea", voice(false)).unwrap();
    assert_eq!(scene.handle(BOB, say("#tea", "hi")), cannot(Mute::Moderated));
}

#[test]
fn a_secret_room_is_unknown_to_outsiders() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    scene.handle(ANA, join("#tea")).unwrap();
    change(&mut scene, ANA, "#tea", flag(RoomFlag::Secret)).unwrap();
    let unknown = Err(Refusal::NoSuchRoom(room("#tea")));
    assert_eq!(scene.handle(BOB, say("#tea", "hi")), unknown);
    assert_eq!(scene.handle(BOB, part("#tea")), unknown);
    scene.handle(BOB, join("#tea")).unwrap();
}

#[test]
fn only_server_operators_change_the_settings_of_the_lobby() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    let not = Refusal::NotOperator(room("#lobby"));
    assert_eq!(change(&mut scene, ANA, "#lobby", flag(RoomFlag::Secret)), Err(not.clone()));
    let topic = || Command::SetTopic { room: room("#lobby"), topic: "tea".into() };
    assert_eq!(scene.handle(ANA, topic()), Err(not.clone()));
    let kick = || Command::Kick { room: room("#lobby"), who: name("bob"), reason: "x".into() };
    assert_eq!(scene.handle(ANA, kick()), Err(not));
    scene.handle(ANA, Command::Change(UserChange::Operator(true))).unwrap();
    scene.handle(ANA, topic()).unwrap();
    scene.handle(ANA, kick()).unwrap();
    let closing = [
        flag(RoomFlag::InviteOnly),
        flag(RoomFlag::Secret),
        RoomChange::Key(Some("k".into())),
        RoomChange::Limit(Some(1)),
        RoomChange::Rank { who: name("ana"), rank: Rank::OPERATOR, given: true },
    ];
    for closed in closing {
        let refused = vec![Refusal::NotOperator(room("#lobby"))];
        assert_eq!(change(&mut scene, ANA, "#lobby", closed), Ok(refused), "not even by its operators");
    }
}

#[test]
fn a_user_in_several_shared_rooms_hears_of_a_departure_once() {
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
    for id in [ANA, BOB] {
        scene.handle(id, join("#tea")).unwrap();
    }
    scene.handle(ANA, leave()).unwrap();
    assert_eq!(scene.heard(), [(vec![BOB], "ana".into(), EventKind::Left { reason: "bye".into() })]);
    assert_eq!(scene.hub.past(&name("ANA")).count(), 1);
}

#[test]
fn watchers_hear_of_logins_renames_and_departures() {
    let mut scene = Scene::with(&[(ANA, "ana")]);
    scene.hub.watch(scene.user(ANA), &name("Bob")).unwrap();
    let kinds =
        |scene: &mut Scene| -> Vec<_> { scene.heard().into_iter().map(|(_, _, kind)| kind).collect() };
    let watcher = || name("ana");
    scene.handle(BOB, log_in("bob")).unwrap();
    assert_eq!(kinds(&mut scene), [EventKind::Appeared { watcher: watcher() }]);
    scene.handle(BOB, Command::Rename(name("rob"))).unwrap();
    assert!(kinds(&mut scene).contains(&EventKind::Vanished { name: name("bob"), watcher: watcher() }));
    scene.handle(BOB, Command::Rename(name("bob"))).unwrap();
    assert!(kinds(&mut scene).contains(&EventKind::Appeared { watcher: watcher() }));
    scene.handle(BOB, leave()).unwrap();
    assert_eq!(kinds(&mut scene), [EventKind::Vanished { name: name("bob"), watcher: watcher() }]);
    scene.hub.unwatch(scene.user(ANA), &name("bob"));
    scene.handle(BOB, log_in("bob")).unwrap();
    assert!(scene.out.is_empty());
}

#[test]
fn every_list_has_a_limit() {
    let mut scene = Scene::with(&[(ANA, "ana")]);
    scene.handle(ANA, join("#tea")).unwrap();
    for n in 0..MASKS_PER_LIST {
        let mask = RoomChange::Mask { list: MaskList::Bans, mask: format!("x{n}!*@*"), added: true };
        assert_eq!(change(&mut scene, ANA, "#tea", mask), Ok(vec![]));
    }
    let mask = RoomChange::Mask { list: MaskList::Bans, mask: "y!*@*".into(), added: true };
    let full = Refusal::ListFull {
        room: room("#tea"),
        list: MaskList::Bans,
        mask: "y!*@*".into(),
        most: MASKS_PER_LIST,
    };
    assert_eq!(change(&mut scene, ANA, "#tea", mask), Ok(vec![full]));
    for n in 0..WATCHED_NAMES {
        scene.hub.watch(scene.user(ANA), &name(&format!("w{n}"))).unwrap();
    }
    let full = Refusal::WatchListFull { name: name("z"), most: WATCHED_NAMES };
    assert_eq!(scene.hub.watch(scene.user(ANA), &name("z")), Err(full));
    for n in 2..ROOMS_PER_USER {
        scene.handle(ANA, join(&format!("#r{n}"))).unwrap();
    }
    let full = Refusal::TooManyRooms { room: room("#z"), most: ROOMS_PER_USER };
    assert_eq!(scene.handle(ANA, join("#z")), Err(full));
}

fn any_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["ana", "ANA", "bob", "张三", "Аня", "аня"])
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => any_name().prop_map(log_in),
        12 => any_command().prop_map(Step::from),
    ]
}

fn any_command() -> impl Strategy<Value = Command> {
    let names = any_name;
    let rooms = || prop::sample::select(vec!["#lobby", "#tea", "#TEA", "#大厅"]);
    prop_oneof![
        names().prop_map(|n| Command::Rename(name(n))),
        rooms().prop_map(join),
        rooms().prop_map(part),
        rooms().prop_map(|r| say(r, "x")),
        names().prop_map(|n| whisper(ANA, n, "x")),
        (rooms(), names()).prop_map(|(r, n)| Command::Kick {
            room: room(r),
            who: name(n),
            reason: "x".into()
        }),
        (rooms(), names()).prop_map(|(r, n)| Command::Invite { room: room(r), who: name(n) }),
        rooms().prop_map(|r| Command::SetTopic { room: room(r), topic: "x".into() }),
        any::<bool>().prop_map(|on| Command::Change(UserChange::Operator(on))),
        any::<bool>().prop_map(|on| Command::Change(UserChange::Away(on.then(|| "x".into())))),
        names().prop_map(|n| Command::Kill { who: name(n), reason: "x".into() }),
        Just(leave()),
    ]
}

#[test]
fn users_leaving_together_do_not_hear_of_each_other_but_all_others_do() {
    let [eve, kim] = [ConnectionId(3), ConnectionId(4)];
    let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob"), (eve, "eve"), (kim, "kim")]);
    for id in [BOB, eve, kim] {
        scene.handle(id, join("#tea")).unwrap();
    }
    scene.handle(BOB, part("#lobby")).unwrap();
    // The founder leaves, and the room is empty.
    scene.handle(kim, join("#empty")).unwrap();
    scene.out = Effects::default();
    let leavers = vec![
        (scene.user(eve), "one".into()),
        (scene.user(kim), "two".into()),
        (UserId(99), "never here".into()),
    ];
    scene.hub.leave_together(leavers, scene.now, &mut scene.out);
    scene.hub.check();
    let left = |reason: &str| EventKind::Left { reason: reason.into() };
    assert_eq!(
        scene.heard(),
        [(vec![ANA, BOB], "eve".into(), left("one")), (vec![ANA, BOB], "kim".into(), left("two"))]
    );
    assert_eq!(scene.handle(ANA, Command::Rename(name("kim"))), Ok(()), "the names are free");
}

proptest! {
    #[test]
    fn after_any_commands_all_indexes_agree_and_nobody_remains(
        steps in prop::collection::vec((0..6u32, any_step(), 0..9u8), 0..120)
    ) {
        let mut scene = Scene::new();
        for (id, step, extra) in steps {
            let _ = scene.handle(ConnectionId(id), step);
            for (audience, ..) in scene.heard() {
                for id in audience {
                    prop_assert!(scene.users.contains_key(&id), "an event for somebody not here");
                }
            }
            match extra {
                0 => drop(scene.hub.watch(scene.user(ConnectionId(id)), &name("bob"))),
                1 => scene.hub.unwatch(scene.user(ConnectionId(id)), &name("BOB")),
                2 => drop(change(&mut scene, ConnectionId(id), "#tea", flag(RoomFlag::InviteOnly))),
                3 => drop(change(
                    &mut scene,
                    ConnectionId(id),
                    "#tea",
                    RoomChange::Rank { who: name("ana"), rank: Rank::OPERATOR, given: true },
                )),
                #[cfg(feature = "store")]
                4 => drop(renaming::rename(&mut scene, ConnectionId(id), "#tea", "#大厅")),
                #[cfg(feature = "store")]
                5 => {
                    scene.now.instant += renaming::PAUSE;
                    drop(renaming::rename(&mut scene, ConnectionId(id), "#大厅", "#Tea"));
                }
                _ => {}
            }
            scene.hub.check();
        }
        for id in 0..6 {
            scene.handle(ConnectionId(id), leave()).unwrap();
        }
        prop_assert!(scene.hub.users().is_empty());
        prop_assert_eq!(scene.hub.rooms().len(), 1);
    }
}
