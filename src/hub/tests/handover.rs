//! A hub that was handed over is the same: nobody notices, and it goes on in the same way.

use std::fmt;
use std::time::Duration;

use super::devices::account;
use super::*;
use crate::cbor::any::{Any, Choices};
use crate::cbor::tests::{choices, keeps_promises};
use crate::cbor::{decode_at, encode_at};
use crate::config::AccountsConfig;
use crate::hub::handover::HubHandover;
use crate::hub::metadata::{Described, Describer};
use crate::hub::{Arrival, Holder, Renaming};
use crate::message::{AccountId, Audience, Ban, Event};
use crate::network::Network;

const CONNECTIONS: u32 = 6;

/// How long places are kept.
const KEPT: Duration = Duration::from_secs(60);

/// Something that happens at a connection.
#[derive(Clone, Debug)]
enum Act {
    LogIn(&'static str, u8),
    Enter(u32, &'static str, u8),
    Identify(u32),
    LogOut,
    /// The connection ends; its place may be kept.
    End(bool, bool),
    Ask(Command),
    Change(&'static str, RoomChange),
    InRoom(&'static str, RoomDeed),
    InAccount(Deed),
    Describe(bool, &'static str, Option<&'static str>),
    Subscribe(&'static str, bool),
    Watch(&'static str, bool),
    Ban(bool),
    Add(u32),
    Drop(u32),
    Rules(bool),
    Wait(u64),
    HandOver,
}

#[derive(Clone, Debug)]
enum Deed {
    AlwaysOn(Option<bool>),
    Away(bool),
    Mark(u64),
    Alive,
    Behind(Option<u64>),
}

#[derive(Clone, Debug)]
enum RoomDeed {
    Register,
    Unregister,
    Offer(u32),
    Accept,
    Lasting(u32, bool),
    Rename(&'static str),
}

fn rooms() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["#lobby", "#tea", "#TEA", "#大厅", "#milk"])
}

fn any_change() -> impl Strategy<Value = RoomChange> {
    let flags = vec![RoomFlag::InviteOnly, RoomFlag::Secret, RoomFlag::Moderated, RoomFlag::NoExternal];
    let lists = prop::sample::select(MaskList::ALL.to_vec());
    prop_oneof![
        (prop::sample::select(flags), any::<bool>()).prop_map(|(flag, on)| RoomChange::Flag(flag, on)),
        any::<bool>().prop_map(|on| RoomChange::Key(on.then(|| "k".into()))),
        any::<bool>().prop_map(|on| RoomChange::Limit(on.then_some(3))),
        (any_name(), any::<bool>()).prop_map(|(n, given)| RoomChange::Rank {
            who: name(n),
            rank: Rank::OPERATOR,
            given
        }),
        (any_name(), any::<bool>()).prop_map(|(n, given)| RoomChange::Rank {
            who: name(n),
            rank: Rank::VOICE,
            given
        }),
        (lists, any_name(), any::<bool>()).prop_map(|(list, n, added)| RoomChange::Mask {
            list,
            mask: format!("{n}!*@*"),
            added
        }),
    ]
}

fn any_room_deed() -> impl Strategy<Value = RoomDeed> {
    prop_oneof![
        4 => Just(RoomDeed::Register),
        1 => Just(RoomDeed::Unregister),
        1 => (1..4u32).prop_map(RoomDeed::Offer),
        1 => Just(RoomDeed::Accept),
        2 => (1..4u32, any::<bool>()).prop_map(|(who, given)| RoomDeed::Lasting(who, given)),
        2 => rooms().prop_map(RoomDeed::Rename),
    ]
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        any::<Option<bool>>().prop_map(Deed::AlwaysOn),
        any::<bool>().prop_map(Deed::Away),
        (0..9u64).prop_map(Deed::Mark),
        Just(Deed::Alive),
        any::<Option<u64>>().prop_map(Deed::Behind),
    ]
}

fn any_act() -> impl Strategy<Value = Act> {
    let devices = prop::sample::select(vec!["desk", "phone"]);
    let keys = || prop::sample::select(vec!["url", "color"]);
    prop_oneof![
        5 => (any_name(), 0..3u8).prop_map(|(n, peer)| Act::LogIn(n, peer)),
        6 => (1..4u32, devices, 0..3u8).prop_map(|(n, device, peer)| Act::Enter(n, device, peer)),
        1 => (1..4u32).prop_map(Act::Identify),
        1 => Just(Act::LogOut),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(is_whole, is_kept)| Act::End(is_whole, is_kept)),
        20 => any_command().prop_map(Act::Ask),
        8 => rooms().prop_map(|r| Act::Ask(join(r))),
        3 => (rooms(), any_change()).prop_map(|(r, change)| Act::Change(r, change)),
        4 => (rooms(), any_room_deed()).prop_map(|(r, deed)| Act::InRoom(r, deed)),
        4 => any_deed().prop_map(Act::InAccount),
        3 => (any::<bool>(), keys(), prop::option::of(Just("x"))).prop_map(|(r, k, v)| Act::Describe(r, k, v)),
        2 => (keys(), any::<bool>()).prop_map(|(key, on)| Act::Subscribe(key, on)),
        3 => (any_name(), any::<bool>()).prop_map(|(n, on)| Act::Watch(n, on)),
        1 => any::<bool>().prop_map(Act::Ban),
        1 => (1..4u32).prop_map(Act::Add),
        1 => (1..4u32).prop_map(Act::Drop),
        1 => any::<bool>().prop_map(Act::Rules),
        3 => (0..70u64).prop_map(Act::Wait),
        3 => Just(Act::HandOver),
    ]
}

fn called(number: u32) -> &'static str {
    ["ana", "bob", "张三"][number as usize - 1]
}

fn profile_at(peer: u8) -> Profile {
    let address = |n| Peer::Tcp([192, 0, 2, n].into(), 1);
    Profile { peer: [Peer::Unix, address(1), address(2)][usize::from(peer)], ..profile() }
}

/// Sorts effects by the connection that they tell something; `None` has all others. Adds closed connections to `closed`.
fn told(mut out: Effects, closed: &mut Vec<ConnectionId>) -> BTreeMap<Option<ConnectionId>, Vec<String>> {
    let mut told = BTreeMap::<_, Vec<_>>::new();
    // Users who watch the same name are told in any order.
    let event = |event: Event| Event { id: if event.watched { EventId::MIN } else { event.id }, ..event };
    let mut tell = |what: &str, told_event: Event, audience: Audience| {
        let text = format!("{what} {:?}", event(told_event));
        audience.iter().for_each(|at| told.entry(Some(at)).or_default().push(text.clone()));
    };
    let mut others = Vec::new();
    while let Some(effect) = out.pop() {
        match effect {
            Effect::Event(event, audience, _) => tell("hears", event, audience),
            Effect::Move(event, audience) => tell("moves", event, audience),
            other => {
                if let Effect::Close(at, _) = &other {
                    closed.push(*at);
                }
                others.push(format!("{other:?}"));
            }
        }
    }
    told.insert(None, others);
    told
}

/// Two hubs to which the same happens. Only one of them is handed over.
struct Twins {
    hubs: [Hub; 2],
    users: BTreeMap<ConnectionId, UserId>,
    accounts: BTreeMap<u32, UserName>,
    closed: Vec<ConnectionId>,
    now: Now,
}

impl Twins {
    fn new() -> Self {
        let now = Now::read();
        let hub = || {
            let mut hub = Hub::new(room("#lobby"), now.time);
            hub.keep_history();
            hub
        };
        Self {
            hubs: [hub(), hub()],
            users: BTreeMap::new(),
            accounts: BTreeMap::new(),
            closed: Vec::new(),
            now,
        }
    }

    fn user(&self, at: ConnectionId) -> UserId {
        self.users.get(&at).copied().unwrap_or(UserId::NOBODY)
    }

    /// Does the same with both hubs, whose answers must be the same.
    fn both<T: fmt::Debug>(&mut self, act: impl Fn(&mut Hub, Now, &mut Effects) -> T) -> T {
        let now = self.now;
        let [one, other] = self.hubs.each_mut().map(|hub| {
            let mut out = Effects::default();
            let answer = act(hub, now, &mut out);
            hub.check();
            (answer, told(out, &mut self.closed))
        });
        assert_eq!(format!("{:?}", one.0), format!("{:?}", other.0));
        assert_eq!(one.1, other.1);
        let states = self.hubs.each_ref().map(|hub| format!("{:?}", hub.hand_over().with_sorted_rooms()));
        assert_eq!(states[0], states[1]);
        one.0
    }

    fn hand_over(&mut self) {
        let before = self.hubs[1].kept_bytes();
        let mut hub = handed_over(&self.hubs[1], self.now);
        assert!(hub.kept_bytes() <= before, "it takes no more memory: {} > {before}", hub.kept_bytes());
        assert_eq!(handed_over(&hub, self.now).kept_bytes(), hub.kept_bytes(), "and then the same");
        self.accounts.iter().for_each(|(number, name)| hub.add_account(AccountId(*number), name));
        hub.keep_history();
        hub.check();
        self.hubs[1] = hub;
    }

    fn act(&mut self, at: ConnectionId, act: Act) {
        let user = self.user(at);
        let is_here = user != UserId::NOBODY;
        match act {
            Act::LogIn(text, peer) if !is_here => {
                let id = self.both(|hub, now, out| hub.log_in(at, name(text), profile_at(peer), now, out));
                self.users.extend(id.ok().map(|id| (at, id)));
            }
            Act::Enter(number, device, peer) if !is_here => {
                let entered = self.both(|hub, now, out| {
                    let arrival = Arrival { connection: at, device, profile: profile_at(peer) };
                    hub.enter_account(&arrival, account(number, called(number)), now, out)
                });
                self.users.extend(entered.ok().map(|entered| (at, entered.user)));
            }
            Act::Identify(number) if is_here => {
                let entered = self.both(|hub, now, out| {
                    let arrival = Arrival { connection: at, device: "desk", profile: profile() };
                    hub.identify(user, &arrival, account(number, called(number)), now, out)
                });
                self.users.extend(entered.ok().map(|entered| (at, entered.user)));
            }
            Act::LogOut if is_here => {
                let guest = self.both(|hub, now, out| hub.log_out(user, at, profile(), now, out));
                self.users.extend(guest.ok().map(|guest| (at, guest)));
            }
            Act::End(is_whole, is_kept) => self.end(at, is_whole, is_kept),
            // The session of a user who leaves ends its connections.
            Act::Ask(Command::Leave { .. }) => self.end(at, true, false),
            Act::Ask(command) => {
                drop(self.both(|hub, now, out| hub.handle(user, command.clone(), now, out)));
            }
            Act::Change(r, change) => {
                drop(
                    self.both(|hub, now, out| {
                        hub.change_room(user, &room(r), vec![change.clone()], now, out)
                    }),
                );
            }
            Act::InRoom(r, deed) => self.do_in_room(user, &room(r), &deed),
            Act::InAccount(deed) => self.do_in_account((at, user), &deed),
            Act::Describe(is_room, key, value) => {
                let by = Describer { user, connection: at };
                let _ = self.both(|hub, now, out| {
                    let tea = hub.rooms().find(&room("#tea")).filter(|_| is_room);
                    let of = tea.map_or(Described::User(user), Described::Room);
                    hub.set_metadata(by, of, key, value, now, out)
                });
            }
            Act::Subscribe(key, true) => {
                let _ = self.both(|hub, now, _| hub.subscribe(user, at, key, now));
            }
            Act::Subscribe(key, false) => self.both(|hub, _, _| hub.unsubscribe(user, at, key)),
            Act::Watch(text, true) => drop(self.both(|hub, _, _| hub.watch(user, &name(text)))),
            Act::Watch(text, false) => self.both(|hub, _, _| hub.unwatch(user, &name(text))),
            Act::Ban(is_set) => {
                let network: Network = "10.1.0.0/16".parse().unwrap();
                let since = self.now.time;
                let ban = Ban { network, until: None, by: "ana".into(), since, reason: "x".into() };
                self.both(|hub, now, out| match is_set {
                    true => drop(hub.ban(user, ban.clone(), now, out)),
                    false => drop(hub.unban(&network, now)),
                });
            }
            Act::Add(number) => self.register(number),
            Act::Drop(number) => {
                self.accounts.remove(&number);
                self.both(|hub, now, out| hub.drop_account(&name(called(number)), now, out));
            }
            Act::Rules(always_on) => {
                let rules = AccountsConfig { always_on, ..AccountsConfig::default() };
                self.both(|hub, now, out| hub.set_account_rules(rules, now, out));
            }
            Act::Wait(seconds) => self.wait(Duration::from_secs(seconds)),
            Act::HandOver => self.hand_over(),
            Act::LogIn(..) | Act::Enter(..) | Act::Identify(_) | Act::LogOut => {}
        }
    }

    fn register(&mut self, number: u32) {
        let text = name(called(number));
        let is_free =
            self.hubs[0].accounts().find(&text).is_none() && self.hubs[0].users().find(&text).is_none();
        if is_free {
            self.both(|hub, _, _| hub.add_account(AccountId(number), &text));
            self.accounts.insert(number, text);
        }
    }

    fn end(&mut self, at: ConnectionId, is_whole: bool, is_kept: bool) {
        let Some(user) = self.users.remove(&at) else { return };
        self.both(|hub, now, out| {
            if is_kept {
                hub.keep_place(user, now.instant + KEPT);
            }
            if hub.detach(user, at, is_whole, now, out) {
                hub.leave_together(vec![(user, "gone".into())], now, out);
            }
        });
    }

    fn wait(&mut self, span: Duration) {
        self.now = Now { instant: self.now.instant + span, time: self.now.time + span };
        self.both(|hub, now, out| {
            let gone = hub.end_kept_places(now, out);
            hub.leave_together(gone.into_iter().map(|id| (id, "gone".into())).collect(), now, out);
        });
    }

    fn do_in_room(&mut self, user: UserId, r: &RoomName, deed: &RoomDeed) {
        let holder = |number| Holder { account: AccountId(number), name: name(called(number)) };
        self.both(|hub, now, out| match *deed {
            RoomDeed::Register => drop(hub.register_room(user, r, now, out)),
            RoomDeed::Unregister => drop(hub.unregister_room(user, r, out)),
            RoomDeed::Offer(to) => drop(hub.offer_room(user, r, holder(to))),
            RoomDeed::Accept => drop(hub.accept_room(user, r, out)),
            RoomDeed::Lasting(to, given) => {
                drop(hub.set_lasting_ranks(user, r, &holder(to), &[(Rank::VOICE, given)], now, out));
            }
            RoomDeed::Rename(to) => {
                let by = ConnectionId(0);
                let renaming = Renaming { from: r.clone(), to: room(to), reason: "x".into(), by };
                drop(hub.rename_room(user, renaming, now, out));
            }
        });
    }

    fn do_in_account(&mut self, (at, user): (ConnectionId, UserId), deed: &Deed) {
        let has_account = self.hubs[0].account_of(user).is_some();
        self.both(|hub, now, out| match *deed {
            Deed::AlwaysOn(on) => hub.set_always_on(user, on, now, out),
            Deed::Away(is_away) if has_account => {
                drop(hub.leave_device(user, at, is_away.then_some("x"), now, out));
            }
            Deed::Mark(seconds) => {
                let read = now.time - Duration::from_secs(seconds);
                drop(hub.mark_read((user, at), "#tea", "#tea", read, now, out));
            }
            Deed::Alive => hub.is_alive(user, at, now.time),
            Deed::Behind(told) => hub.note_behind(user, at, told.map(EventId::from_number), now.time),
            Deed::Away(_) => {}
        });
    }

    /// Ends connections that the hub has closed.
    fn end_closed(&mut self) {
        for at in std::mem::take(&mut self.closed) {
            self.end(at, true, false);
        }
    }
}

/// The hub after another program has taken it over.
pub(super) fn handed_over(hub: &Hub, now: Now) -> Hub {
    let bytes = encode_at(&hub.hand_over(), now.instant);
    let handed: HubHandover = decode_at(&bytes, now.instant).unwrap();
    let hub = Hub::take_over(hub.lobby().clone(), handed, now).unwrap();
    hub.check();
    hub
}

proptest! {
    #[test]
    fn a_hub_that_was_handed_over_goes_on_like_one_that_was_not(
        acts in prop::collection::vec((0..CONNECTIONS, any_act()), 0..150)
    ) {
        let mut twins = Twins::new();
        (1..3).for_each(|number| twins.register(number));
        for (at, act) in acts {
            twins.now.time += Duration::from_millis(700);
            twins.act(ConnectionId(at), act);
            twins.end_closed();
        }
        twins.hand_over();
        twins.wait(2 * KEPT);
    }
}

/// A hub with something of everything.
fn full_hub(now: Now) -> Hub {
    let mut twins = Twins { now, ..Twins::new() };
    (1..3).for_each(|number| twins.register(number));
    let [desk, phone, bob, eve] = [0, 1, 2, 3].map(ConnectionId);
    let change = |change| Act::Change("#tea", change);
    let ban = RoomChange::Mask { list: MaskList::Bans, mask: "x!*@*".into(), added: true };
    for (at, act) in [
        (desk, Act::Enter(1, "desk", 1)),
        (phone, Act::Enter(1, "phone", 2)),
        (bob, Act::LogIn("Аня", 1)),
        (eve, Act::Enter(2, "desk", 0)),
        (bob, Act::Ask(join("#milk"))),
        (desk, Act::Ask(join("#tea"))),
        (bob, Act::Ask(join("#tea"))),
        (eve, Act::Ask(join("#milk"))),
        (desk, Act::InRoom("#tea", RoomDeed::Register)),
        (desk, Act::InRoom("#tea", RoomDeed::Offer(2))),
        (desk, Act::InRoom("#tea", RoomDeed::Lasting(2, true))),
        (desk, change(ban)),
        (desk, Act::Describe(true, "url", Some("x"))),
        (bob, Act::Describe(false, "url", Some("x"))),
        (phone, Act::Subscribe("url", true)),
        (bob, Act::Watch("ana", true)),
        (bob, Act::Watch("guest", true)),
        (desk, Act::Ask(Command::Invite { room: room("#tea"), who: name("bob") })),
        (bob, Act::InRoom("#milk", RoomDeed::Rename("#大厅"))),
        (eve, Act::InAccount(Deed::Mark(1))),
        (bob, Act::Ask(Command::Rename(name("Oles")))),
        (desk, Act::Ban(true)),
        (eve, Act::End(true, true)),
    ] {
        twins.act(at, act);
    }
    let [hub, _] = twins.hubs;
    hub
}

proptest! {
    #[test]
    fn what_hubs_hand_over_keeps_promises(input in choices()) {
        keeps_promises::<HubHandover>(&input);
    }

    /// Damage is never worse than an error.
    #[test]
    fn a_damaged_handover_is_refused_or_a_sound_hub(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
    ) {
        let now = Now::read();
        let mut bytes = encode_at(&full_hub(now).hand_over(), now.instant);
        for (place, value) in damage {
            *place.get_mut(&mut bytes[..]) = value;
        }
        let taken = decode_at(&bytes, now.instant).and_then(|handed| Hub::take_over(room("#lobby"), handed, now));
        if let Ok(hub) = taken {
            hub.check();
            handed_over(&hub, now);
        }
    }

    #[test]
    fn any_values_are_refused_or_a_sound_hub(input in choices()) {
        let now = Now::read();
        if let Ok(hub) = Hub::take_over(room("#lobby"), HubHandover::any(&mut Choices(&input)), now) {
            hub.check();
        }
    }
}

#[test]
fn the_lobby_cannot_become_another_room() {
    let now = Now::read();
    let handed = full_hub(now).hand_over();
    for (lobby, error) in [
        ("#hall", "the lobby is #lobby until a restart, and cannot become #hall"),
        ("#tea", "the lobby is #lobby until a restart, and cannot become #tea"),
    ] {
        assert_eq!(Hub::take_over(room(lobby), handed.clone(), now).unwrap_err(), error);
    }
    Hub::take_over(room("#Lobby"), handed, now).unwrap();
}
