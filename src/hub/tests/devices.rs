//! Users with accounts: with several connections, and with none.

use std::time::Duration;

use super::*;
use crate::config::AccountsConfig;
use crate::hub::Arrival;
use crate::message::{Account, AccountId, CloseReason, EventId, Record};

/// Ana's second connection.
pub(super) const ANAS_PHONE: ConnectionId = ConnectionId(9);

/// The account of this number, called `text`.
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

/// An account that stays.
pub(super) fn staying(text: &str) -> Account {
    Account { always_on: Some(true), ..account(1, text) }
}

impl Scene {
    /// Registers an account without logging in to it.
    pub(super) fn register(&mut self, account: &Account) {
        self.hub.add_account(account.id, &account.name);
    }

    /// Logs in to a registered account.
    pub(super) fn enter(
        &mut self,
        at: ConnectionId,
        account: &Account,
        device: &str,
    ) -> Result<Entered, Refusal> {
        self.out = Effects::default();
        let arrival = Arrival { connection: at, device, profile: profile() };
        let entered = self.hub.enter_account(&arrival, account.clone(), self.now, &mut self.out);
        if let Ok(entered) = entered {
            self.users.insert(at, entered.user);
        }
        self.hub.check();
        entered
    }

    pub(super) fn identify(&mut self, at: ConnectionId, account: &Account) -> Result<Entered, Refusal> {
        self.out = Effects::default();
        let (user, arrival) = (self.user(at), Arrival { connection: at, device: "irc", profile: profile() });
        let entered = self.hub.identify(user, &arrival, account.clone(), self.now, &mut self.out);
        if let Ok(entered) = entered {
            self.users.insert(at, entered.user);
        }
        self.hub.check();
        entered
    }

    pub(super) fn log_out(&mut self, at: ConnectionId) {
        self.out = Effects::default();
        let guest = self.hub.log_out(self.user(at), at, profile(), self.now, &mut self.out);
        if let Ok(guest) = guest {
            self.users.insert(at, guest);
        }
        self.hub.check();
    }

    /// Ends a connection. True when its user has left with it.
    pub(super) fn end(&mut self, at: ConnectionId, is_whole: bool) -> bool {
        self.out = Effects::default();
        let Some(user) = self.users.remove(&at) else { return false };
        let leaves = self.hub.detach(user, at, is_whole, self.now, &mut self.out);
        if leaves {
            self.hub.leave_together(vec![(user, "gone".into())], self.now, &mut self.out);
        }
        self.hub.check();
        leaves
    }

    /// The name of a connection's user.
    pub(super) fn name_at(&self, at: ConnectionId) -> String {
        self.hub.users().get(self.user(at)).map(|user| user.name().to_string()).unwrap_or_default()
    }

    /// What its last command has recorded, without `Seen`.
    pub(super) fn recorded(&mut self) -> Vec<Record> {
        self.heard();
        let mut records = std::mem::take(&mut self.records);
        records.retain(|record| !matches!(record, Record::Seen { .. }));
        records
    }
}

/// Ana with two connections, and Bob, in the lobby.
pub(super) fn scene_of(account: &Account) -> Scene {
    let mut scene = Scene::with(&[(BOB, "bob")]);
    scene.register(account);
    assert!(!scene.enter(ANA, account, "desk").unwrap().was_here);
    scene.handle(ANA, join("#lobby")).unwrap();
    assert!(scene.enter(ANAS_PHONE, account, "phone").unwrap().was_here);
    assert!(scene.heard().is_empty(), "nobody hears of the second");
    scene
}

pub(super) fn scene() -> Scene {
    scene_of(&account(1, "ana"))
}

pub(super) fn hearers(scene: &mut Scene) -> Vec<Vec<ConnectionId>> {
    scene
        .heard()
        .into_iter()
        .map(|(mut hearers, ..)| {
            hearers.sort_unstable();
            hearers
        })
        .collect()
}

fn kinds(scene: &mut Scene) -> Vec<EventKind> {
    scene.heard().into_iter().map(|(_, _, kind)| kind).collect()
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
    assert_eq!(hearers(&mut scene), [[BOB], [ANAS_PHONE]]);
    scene.handle(ANA, whisper(ANA, "ana", "note to myself")).unwrap();
    assert_eq!(hearers(&mut scene), [vec![ANA, ANAS_PHONE], vec![ANAS_PHONE]], "as received and as sent");
}

#[test]
fn an_audience_follows_the_connections_of_its_members() {
    let mut scene = scene();
    assert!(!scene.end(ANA, true), "ana has another connection");
    assert!(scene.heard().is_empty(), "nobody hears of it");
    scene.handle(BOB, say("#lobby", "hi")).unwrap();
    assert_eq!(hearers(&mut scene), [[BOB, ANAS_PHONE]]);
    assert!(scene.end(ANAS_PHONE, true), "that was the last");
    scene.handle(BOB, say("#lobby", "hi")).unwrap();
    assert_eq!(hearers(&mut scene), [[BOB]]);
}

#[test]
fn a_user_who_stays_remains_without_connections_and_its_events_still_happen() {
    let mut scene = scene_of(&staying("ana"));
    let ana = scene.user(ANA);
    scene.handle(BOB, part("#lobby")).unwrap();
    assert!(!scene.end(ANAS_PHONE, true) && !scene.end(ANA, true));
    let speech = Speech::message("to nobody");
    let say = Command::Say { room: room("#lobby"), to_rank: Rank::NONE, speech, unheard_by: None };
    scene.out = Effects::default();
    scene.hub.handle(ana, say, scene.now, &mut scene.out).unwrap();
    let Some(Effect::Event(event, audience, _)) = scene.out.pop() else { panic!("it did not happen") };
    assert!(matches!(event.kind, EventKind::Said { .. }) && audience.iter().next().is_none());
    let entered = scene.enter(ANA, &staying("ana"), "desk").unwrap();
    assert!(entered.was_here && entered.user == ana);
    scene.handle(BOB, whisper(BOB, "ana", "welcome back")).unwrap();
    assert_eq!(hearers(&mut scene), [[ANA]]);
}

#[test]
fn a_user_has_as_many_connections_as_the_config_allows() {
    let (mut scene, ana) = (scene(), account(1, "ana"));
    let rules = AccountsConfig { devices: 3, ..AccountsConfig::default() };
    scene.hub.set_account_rules(rules, scene.now, &mut scene.out);
    scene.enter(ConnectionId(20), &ana, "tv").unwrap();
    let full = Refusal::TooManyDevices { name: name("ana"), most: 3 };
    assert_eq!(scene.enter(ConnectionId(21), &ana, "car"), Err(full.clone()));
    assert_eq!(scene.identify(BOB, &ana), Err(full));
    assert_eq!(scene.name_at(BOB), "bob", "a refusal changes nothing");
    scene.end(ANA, true);
    scene.enter(ConnectionId(21), &ana, "car").unwrap();
}

#[test]
fn a_stranger_with_the_name_of_an_account_becomes_a_guest_when_its_owner_comes() {
    let mut scene = Scene::with(&[(BOB, "Ana")]);
    scene.register(&account(1, "ana"));
    assert_eq!(scene.enter(ANA, &account(1, "ana"), "desk").unwrap().heard, None);
    assert_eq!((scene.name_at(ANA), scene.name_at(BOB)), ("ana".into(), "guest1".into()));
    assert_eq!(kinds(&mut scene), [EventKind::Renamed { to: name("guest1") }]);
}

#[test]
fn a_user_who_identifies_gets_the_name_of_the_account_and_keeps_its_rooms() {
    let mut scene = Scene::with(&[(ANA, "me"), (BOB, "bob")]);
    scene.register(&account(1, "ana"));
    let me = scene.user(ANA);
    let entered = scene.identify(ANA, &account(1, "ana")).unwrap();
    assert_eq!((entered.user, entered.was_here), (me, false));
    let (logged_in, renamed) =
        (EventKind::AccountSet(Some(name("ana"))), EventKind::Renamed { to: name("ana") });
    let expected = [(vec![BOB], "me".into(), logged_in), (vec![BOB, ANA], "me".into(), renamed)];
    assert_eq!(scene.heard(), expected);
    let refused = Err(Refusal::NamedByAccount(name("ana")));
    assert_eq!(scene.handle(ANA, Command::Rename(name("me"))), refused);
    assert_eq!(scene.identify(ANA, &account(1, "ana")).unwrap().user, me, "again changes nothing");
    assert!(kinds(&mut scene).is_empty());
}

#[test]
fn a_connection_that_identifies_moves_to_the_user_that_is_here_and_its_own_leaves() {
    let mut scene = scene();
    let ana = scene.user(ANA);
    let entered = scene.identify(BOB, &account(1, "ana")).unwrap();
    assert_eq!((entered.user, entered.was_here), (ana, true));
    let left = EventKind::Left { reason: "logged in as ana".into() };
    assert_eq!(scene.heard(), [(vec![ANA, ANAS_PHONE], "bob".into(), left)]);
    assert_eq!(scene.hub.devices(ana).len(), 3);
}

#[test]
fn a_connection_can_change_to_another_account_and_other_devices_stay() {
    let mut scene = scene();
    let (ana, eve) = (scene.user(ANA), account(2, "eve"));
    scene.register(&eve);
    let entered = scene.identify(ANAS_PHONE, &eve).unwrap();
    assert!(!entered.was_here && entered.user != ana);
    assert_eq!((scene.name_at(ANA), scene.name_at(ANAS_PHONE)), ("ana".into(), "eve".into()));
    scene.identify(ANA, &eve).unwrap();
    assert_eq!(scene.user(ANA), scene.user(ANAS_PHONE));
    assert!(scene.hub.users().find(&name("ana")).is_none(), "that was ana's last connection");
}

#[test]
fn who_logs_out_goes_on_as_a_guest_and_other_devices_stay() {
    let mut scene = scene();
    let ana = scene.user(ANA);
    scene.log_out(ANAS_PHONE);
    assert_eq!((scene.name_at(ANAS_PHONE), scene.name_at(ANA)), ("guest1".into(), "ana".into()));
    assert!(scene.heard().is_empty(), "the guest is in no room");
    scene.log_out(ANA);
    assert_eq!((scene.name_at(ANA), scene.user(ANA)), ("guest2".into(), ana));
    let told = [EventKind::AccountSet(None), EventKind::Renamed { to: name("guest2") }];
    assert_eq!(kinds(&mut scene), told, "and in the same rooms");
    scene.handle(ANA, Command::Rename(name("bobby"))).unwrap();
    let refused = scene.handle(ANA, Command::Rename(name("ana")));
    assert_eq!(refused, Err(Refusal::NameRegistered(name("ana"))));
}

#[test]
fn a_user_that_stays_does_so_when_its_only_connection_logs_out() {
    let mut scene = scene_of(&staying("ana"));
    let ana = scene.user(ANA);
    scene.end(ANAS_PHONE, true);
    scene.log_out(ANA);
    assert!(scene.user(ANA) != ana && scene.hub.users().get(ana).is_some());
    assert!(matches!(kinds(&mut scene)[..], [EventKind::Away(Some(_))]), "nobody is at its devices");
}

#[test]
fn the_user_of_a_deleted_account_leaves_with_all_its_connections() {
    let mut scene = scene();
    scene.out = Effects::default();
    scene.hub.drop_account(&name("ana"), scene.now, &mut scene.out);
    scene.hub.check();
    assert_eq!(hearers(&mut scene), [[ANA], [ANAS_PHONE]]);
    for at in [ANA, ANAS_PHONE] {
        scene.end(at, true);
        assert!(scene.recorded().is_empty(), "nothing is recorded of an account that is no more");
    }
    scene.handle(ANA, log_in("ana")).unwrap();
    assert!(!CloseReason::AccountDropped.to_string().is_empty());
    let mut scene = scene_of(&staying("ana"));
    assert!(!scene.end(ANAS_PHONE, true) && !scene.end(ANA, true));
    scene.hub.drop_account(&name("ana"), scene.now, &mut scene.out);
    scene.hub.check();
    assert_eq!(scene.hub.users().len(), 1, "only bob is here");
}

#[test]
fn a_device_that_ends_cleanly_has_heard_everything_and_one_that_breaks_what_certainly_reached_it() {
    let mut scene = scene_of(&staying("ana"));
    let start = scene.now.time;
    scene.handle(BOB, say("#lobby", "one")).unwrap();
    let one = scene.hub.last_event();
    scene.end(ANAS_PHONE, true);
    assert!(matches!(scene.recorded()[..], [Record::Heard { event, .. }] if event == one));
    assert_eq!(scene.enter(ANAS_PHONE, &staying("ana"), "phone").unwrap().heard, Some(one));
    scene.now.time = start + Duration::from_secs(100);
    scene.handle(BOB, say("#lobby", "two")).unwrap();
    let two = scene.hub.last_event();
    scene.hub.is_alive(scene.user(ANAS_PHONE), ANAS_PHONE, start + Duration::from_secs(105));
    let again = scene.enter(ConnectionId(21), &staying("ana"), "phone").unwrap().heard.unwrap();
    assert!(one < again && again < two, "its old connection has not ended yet");
    let (ana, at) = (scene.user(ANA), scene.now.time);
    scene.hub.note_behind(ana, ConnectionId(21), Some(again), at);
    scene.end(ConnectionId(21), false);
    scene.end(ANAS_PHONE, false);
    scene.recorded();
    let heard = scene.enter(ANAS_PHONE, &staying("ana"), "phone").unwrap().heard;
    assert!(heard.is_some_and(|heard| heard < two && heard > one), "{heard:?}");
}

#[test]
fn an_account_remembers_a_limited_number_of_devices() {
    let (mut scene, ana) = (scene_of(&staying("ana")), staying("ana"));
    for n in 0..=crate::message::MOST_DEVICES {
        scene.now.time += Duration::from_secs(1);
        scene.handle(BOB, say("#lobby", "hi")).unwrap();
        scene.enter(ConnectionId(30), &ana, &format!("d{n}")).unwrap();
        scene.end(ConnectionId(30), true);
    }
    assert_eq!(scene.enter(ConnectionId(30), &ana, "d0").unwrap().heard, None);
    assert!(scene.enter(ConnectionId(31), &ana, "d2").unwrap().heard > Some(EventId::MIN));
}

#[test]
fn a_user_is_secure_if_all_its_connections_are_and_its_memory_is_that_of_its_first() {
    let mut scene = Scene::new();
    scene.register(&staying("ana"));
    let far = |secure| Profile { is_secure: secure, peer: Peer::Tcp([192, 0, 2, 1].into(), 1), ..profile() };
    let (now, mut out) = (scene.now, Effects::default());
    for (at, secure) in [(ANA, true), (ANAS_PHONE, false)] {
        let arrival = Arrival { connection: at, device: "x", profile: far(secure) };
        scene.hub.enter_account(&arrival, staying("ana"), now, &mut out).unwrap();
        scene.hub.check();
    }
    let ana = scene.hub.users().find(&name("ana")).unwrap();
    assert!(!scene.hub.users().get(ana).unwrap().is_secure);
    scene.hub.detach(ana, ANAS_PHONE, true, now, &mut out);
    assert!(scene.hub.users().get(ana).unwrap().is_secure);
    scene.hub.detach(ana, ANA, true, now, &mut out);
    scene.hub.check();
    let arrival = Arrival { connection: ANA, device: "x", profile: profile() };
    scene.hub.enter_account(&arrival, staying("ana"), now, &mut out).unwrap();
    scene.hub.check();
    assert_eq!(scene.hub.users().get(ana).unwrap().peer, Peer::Unix, "it is where its connections are");
}

#[test]
fn an_account_whose_address_has_no_memory_left_is_refused() {
    let mut scene = Scene::new();
    scene.hub.set_memory(0);
    let mut refused = None;
    for n in 1..2_000 {
        let own = Account { always_on: Some(true), ..account(n, &format!("a{n}")) };
        scene.register(&own);
        let profile = Profile { peer: Peer::Tcp([192, 0, 2, 1].into(), 1), ..profile() };
        let arrival = Arrival { connection: ConnectionId(1), device: "x", profile };
        match scene.hub.enter_account(&arrival, own, scene.now, &mut scene.out) {
            Ok(Entered { user, .. }) => {
                scene.hub.detach(user, ConnectionId(1), true, scene.now, &mut scene.out);
            }
            Err(why) => {
                refused = Some(why);
                break;
            }
        }
    }
    scene.hub.check();
    assert!(matches!(refused, Some(Refusal::NoMemoryForUser { of_address: true, .. })), "{refused:?}");
}

/// Sets the away message of a device, and returns what others hear of it.
fn leave_device(scene: &mut Scene, at: ConnectionId, away: Option<&str>) -> Vec<EventKind> {
    scene.out = Effects::default();
    scene.hub.leave_device(scene.user(at), at, away, scene.now, &mut scene.out).unwrap();
    scene.hub.check();
    kinds(scene)
}

#[test]
fn a_user_is_away_when_nobody_is_at_any_of_its_devices_and_others_hear_each_change_once() {
    let mut scene = scene_of(&staying("ana"));
    let away = |text: &str| vec![EventKind::Away(Some(text.into()))];
    assert_eq!(leave_device(&mut scene, ANA, Some("lunch")), []);
    assert_eq!(leave_device(&mut scene, ANAS_PHONE, Some(ABSENT)), away("lunch"), "a reason goes first");
    assert_eq!(leave_device(&mut scene, ANA, Some("lunch")), []);
    assert_eq!(leave_device(&mut scene, ANAS_PHONE, Some("bus")), away("bus"), "the latest device");
    assert!(!scene.end(ANAS_PHONE, true));
    assert_eq!(kinds(&mut scene), away("lunch"));
    assert_eq!(leave_device(&mut scene, ANA, None), [EventKind::Away(None)]);
    assert_eq!(leave_device(&mut scene, ANA, Some(ABSENT)), away("Nobody is there right now"));
    assert!(!scene.end(ANA, true));
    assert!(kinds(&mut scene).is_empty(), "it is away already");
    scene.enter(ANA, &staying("ana"), "desk").unwrap();
    assert_eq!(kinds(&mut scene), [EventKind::Away(None)]);
}

#[test]
fn a_device_that_comes_without_anybody_does_not_bring_its_user_back() {
    let mut scene = scene_of(&staying("ana"));
    assert!(!scene.end(ANAS_PHONE, true) && !scene.end(ANA, true));
    scene.out = Effects::default();
    let absent = Profile { away: Some(ABSENT.into()), ..profile() };
    let arrival = Arrival { connection: ANA, device: "desk", profile: absent.clone() };
    scene.hub.enter_account(&arrival, staying("ana"), scene.now, &mut scene.out).unwrap();
    scene.hub.check();
    assert!(scene.heard().is_empty());
    scene.hub.log_in(ConnectionId(30), name("eve"), absent, scene.now, &mut scene.out).unwrap();
    let eve = scene.hub.users().find(&name("eve")).unwrap();
    assert!(scene.hub.users().get(eve).unwrap().away().is_some());
}
