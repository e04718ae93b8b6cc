//! Whatever is done wherever, all hubs are the same afterwards.

use super::*;
use crate::hub::metadata::{Described, Describer};
use crate::hub::{Clearing, Holder, Homecoming, Renaming};
use crate::message::{AccountId, Ban};
use crate::network::Network;

/// Something that happens at a connection.
#[derive(Clone, Debug)]
enum Act {
    LogIn(&'static str),
    Enter(u32),
    LogOut,
    End,
    Disconnect,
    TellEnded,
    Ask(Command),
    Change(&'static str, RoomChange),
    InAccount(Deed),
    InRoom(&'static str, RoomDeed),
    Describe(bool, Option<&'static str>),
    ClearMetadata,
    Ban(bool),
    Notice,
    Watch(&'static str),
    Ghost(&'static str),
    Rejoin,
}

#[derive(Clone, Debug)]
enum Deed {
    AlwaysOn(Option<bool>),
    Away(bool),
    Mark(u64),
    Drop(u32),
    Add(u32),
    Overdue,
}

#[derive(Clone, Debug)]
enum RoomDeed {
    Register,
    Unregister,
    Offer(u32),
    Accept,
    Transfer(u32),
    Lasting(u32, bool),
    Ranks(bool),
    Clear(u8),
    Rename(&'static str),
    Redact,
}

fn names() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["ana", "BOB", "eve", "guest1", "张三"])
}

fn rooms() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["#lobby", "#tea", "#TEA", "#大厅"])
}

fn any_change() -> impl Strategy<Value = RoomChange> {
    prop_oneof![
        prop::sample::select(vec![RoomFlag::InviteOnly, RoomFlag::Secret, RoomFlag::Moderated])
            .prop_flat_map(|flag| any::<bool>().prop_map(move |on| RoomChange::Flag(flag, on))),
        any::<bool>().prop_map(|on| RoomChange::Key(on.then(|| "k".into()))),
        (names(), any::<bool>()).prop_map(|(n, given)| RoomChange::Rank {
            who: name(n),
            rank: Rank::OPERATOR,
            given
        }),
        any::<bool>().prop_map(|added| RoomChange::Mask {
            list: MaskList::Bans,
            mask: "ana!*@*".into(),
            added
        }),
    ]
}

fn any_room_deed() -> impl Strategy<Value = RoomDeed> {
    prop_oneof![
        4 => Just(RoomDeed::Register),
        1 => Just(RoomDeed::Unregister),
        1 => (1..3u32).prop_map(RoomDeed::Offer),
        1 => Just(RoomDeed::Accept),
        1 => (1..3u32).prop_map(RoomDeed::Transfer),
        1 => (1..3u32, any::<bool>()).prop_map(|(who, given)| RoomDeed::Lasting(who, given)),
        1 => any::<bool>().prop_map(RoomDeed::Ranks),
        1 => (0..4u8).prop_map(RoomDeed::Clear),
        1 => rooms().prop_map(RoomDeed::Rename),
        1 => Just(RoomDeed::Redact),
    ]
}

fn any_act() -> impl Strategy<Value = Act> {
    let deeds = prop_oneof![
        prop::option::of(any::<bool>()).prop_map(Deed::AlwaysOn),
        any::<bool>().prop_map(Deed::Away),
        (0..9u64).prop_map(Deed::Mark),
        (1..3u32).prop_map(Deed::Drop),
        (1..3u32).prop_map(Deed::Add),
        Just(Deed::Overdue),
    ];
    prop_oneof![
        6 => names().prop_map(Act::LogIn),
        6 => (1..3u32).prop_map(Act::Enter),
        1 => Just(Act::LogOut),
        1 => Just(Act::End),
        1 => Just(Act::Disconnect),
        1 => Just(Act::TellEnded),
        20 => any_command().prop_map(Act::Ask),
        6 => rooms().prop_map(|r| Act::Ask(join(r))),
        3 => (rooms(), any_change()).prop_map(|(r, change)| Act::Change(r, change)),
        4 => deeds.prop_map(Act::InAccount),
        5 => (rooms(), any_room_deed()).prop_map(|(r, deed)| Act::InRoom(r, deed)),
        2 => (any::<bool>(), prop::option::of(Just("x"))).prop_map(|(room, value)| Act::Describe(room, value)),
        1 => Just(Act::ClearMetadata),
        1 => any::<bool>().prop_map(Act::Ban),
        1 => Just(Act::Notice),
        1 => names().prop_map(Act::Watch),
        1 => names().prop_map(Act::Ghost),
        1 => Just(Act::Rejoin),
    ]
}

fn holder(number: u32) -> Holder {
    Holder { account: AccountId(number), name: name(called(number)) }
}

fn called(number: u32) -> &'static str {
    if number == 1 { "ana" } else { "bob" }
}

impl Cluster {
    fn do_one(&mut self, n: usize, at: ConnectionId, act: Act) {
        if !matches!(act, Act::Disconnect) {
            // The numbers of connections are used again.
            self.tell_ended(n);
        }
        let user = self.user(n, at);
        match act {
            Act::LogIn(text) if user == UserId::NOBODY => drop(self.log_in(n, at, text)),
            Act::LogIn(_) => {}
            Act::Enter(number) => drop(self.enter(n, at, account(number, called(number)))),
            Act::LogOut => {
                let guest = self.act(n, |hub, now, out| hub.log_out(user, at, profile(), now, out));
                if let Ok(guest) = guest {
                    self.users.insert((n, at), guest);
                }
            }
            Act::End => {
                if self.users.remove(&(n, at)).is_some() {
                    self.act(n, |hub, now, out| {
                        if hub.detach(user, at, false, now, out) {
                            hub.leave_together(vec![(user, "gone".into())], now, out);
                        }
                    });
                }
            }
            Act::Disconnect => self.disconnect(n, at),
            Act::TellEnded => self.tell_ended(n),
            // Its sessions end the connections of a user who leaves.
            Act::Ask(Command::Leave { .. }) if self.hubs[n].account_of(user).is_some() => {}
            Act::Ask(command) => drop(self.ask(n, at, command)),
            Act::Change(r, change) => {
                let done = |hub: &mut Hub, now, out: &mut Effects| {
                    hub.change_room(user, &room(r), vec![change], now, out)
                };
                drop(self.act(n, done));
            }
            Act::InAccount(deed) => self.do_in_account(n, (at, user), deed),
            Act::InRoom(r, deed) => self.do_in_room(n, user, &room(r), deed),
            Act::Describe(is_room, value) => {
                let tea = self.hubs[n].rooms().find(&room("#tea")).filter(|_| is_room);
                let of = tea.map_or(Described::User(user), Described::Room);
                let by = Describer { user, connection: at };
                let _ = self.act(n, |hub, now, out| hub.set_metadata(by, of, "url", value, now, out));
            }
            Act::ClearMetadata => {
                let by = Describer { user, connection: at };
                drop(self.act(n, |hub, now, out| hub.clear_metadata(by, Described::User(user), now, out)));
            }
            Act::Ban(is_set) => {
                let network: Network = "10.1.0.0/16".parse().unwrap();
                let since = self.now.time;
                let ban = Ban { network, until: None, by: "ana".into(), since, reason: "x".into() };
                self.act(n, |hub, now, out| match is_set {
                    true => drop(hub.ban(user, ban, now, out)),
                    false => drop(hub.unban(&network, now)),
                });
            }
            Act::Notice => {
                self.act(n, |hub, now, out| hub.tell_operators(Some(user), "x".into(), now, out));
                self.act(n, |hub, now, out| hub.tell_own_operators("x".into(), now, out));
            }
            Act::Watch(text) => drop(self.hubs[n].watch(user, &name(text))),
            Act::Ghost(text) => {
                let Some(ghost) = self.hubs[n].users().find(&name(text)) else { return };
                let connections = self.hubs[n].all_connections(ghost);
                self.act(n, |hub, now, out| hub.end_connections(ghost, &connections, ("x", "y"), now, out));
            }
            Act::Rejoin => self.rejoin(n),
        }
    }

    fn do_in_account(&mut self, n: usize, (at, user): (ConnectionId, UserId), deed: Deed) {
        match deed {
            Deed::AlwaysOn(on) => self.act(n, |hub, now, out| hub.set_always_on(user, on, now, out)),
            Deed::Away(is_away) => {
                let away = is_away.then_some("x");
                if self.hubs[n].account_of(user).is_some() {
                    drop(self.act(n, |hub, now, out| hub.leave_device(user, at, away, now, out)));
                }
            }
            Deed::Mark(seconds) => {
                let at_time = self.now.time - Duration::from_secs(seconds);
                drop(
                    self.act(n, |hub, now, out| hub.mark_read((user, at), "#tea", "#tea", at_time, now, out)),
                );
            }
            Deed::Drop(number) => {
                self.act(n, |hub, now, out| hub.drop_account(&name(called(number)), now, out));
            }
            Deed::Add(number) => {
                // The name of a registered account cannot be registered, nor that of a user without one.
                let text = name(called(number));
                let hub = &self.hubs[n];
                if hub.accounts().find(&text).is_none() && hub.users().find(&text).is_none() {
                    self.act(n, |hub, _, _| hub.add_account(AccountId(number), &text));
                }
            }
            Deed::Overdue => {
                let ids: Vec<_> = self.hubs[n].users().iter().map(|(id, _)| id).collect();
                self.act(n, |hub, now, out| {
                    ids.iter().for_each(|&id| hub.record_presence(id, now, out));
                    let later = now.time + Duration::from_secs(1 << 25);
                    let overdue = ids.into_iter().filter(|&id| hub.is_overdue(id, later));
                    let leavers: Vec<_> = overdue.map(|id| (id, "away".to_owned())).collect();
                    hub.leave_together(leavers, now, out);
                });
            }
        }
    }

    fn do_in_room(&mut self, n: usize, user: UserId, r: &RoomName, deed: RoomDeed) {
        self.act(n, |hub, now, out| match deed {
            RoomDeed::Register => drop(hub.register_room(user, r, now, out)),
            RoomDeed::Unregister => drop(hub.unregister_room(user, r, out)),
            RoomDeed::Offer(to) => drop(hub.offer_room(user, r, holder(to))),
            RoomDeed::Accept => drop(hub.accept_room(user, r, out)),
            RoomDeed::Transfer(to) => drop(hub.transfer_room(user, r, holder(to), out)),
            RoomDeed::Lasting(to, given) => {
                let changes = [(Rank::VOICE, given)];
                drop(hub.set_lasting_ranks(user, r, &holder(to), &changes, now, out));
            }
            RoomDeed::Ranks(given) => {
                let change = RoomChange::Rank { who: name("eve"), rank: Rank::VOICE, given };
                drop(hub.set_ranks(user, r, vec![change], now, out));
            }
            RoomDeed::Clear(what) => {
                let what = Clearing::of_number(what).unwrap();
                drop(hub.clear_room(user, r, what, now, out));
            }
            RoomDeed::Rename(to) => {
                let renaming =
                    Renaming { from: r.clone(), to: room(to), reason: "x".into(), by: ConnectionId(0) };
                drop(hub.rename_room(user, renaming, now, out));
            }
            RoomDeed::Redact => {
                let author = hub.users().get(user).map(|user| Arc::clone(&user.identity));
                let Some(from) = author.map(Source::User) else { return };
                let kind =
                    EventKind::Said { room: r.clone(), to_rank: Rank::NONE, speech: Speech::message("x") };
                let id = hub.last_event();
                let message = Event { id, time: now.time, from, watched: false, kind };
                let _ = hub.redact(user, r, &message, "x".into(), now, out);
            }
        });
    }

    /// The node `n` is taken to be down, and comes back.
    pub(super) fn rejoin(&mut self, n: usize) {
        let others: Vec<_> = (0..self.hubs.len()).filter(|&other| other != n).collect();
        let homecoming = self.hubs[n].leave_state();
        self.take_down(n);
        let node = self.enrol(n);
        self.load(n, node, &others);
        self.bring_back(n, homecoming);
    }

    /// Brings back the users of the node `n`, which has got the state from others.
    pub(super) fn bring_back(&mut self, n: usize, homecoming: Homecoming) {
        self.ended.retain(|&(node, ..)| node != n);
        self.heard.clear();
        let mut out = Effects::default();
        let back = self.hubs[n].come_back(homecoming, self.now, &mut out);
        self.users.retain(|(node, _), _| *node != n);
        self.users.extend(back.into_iter().map(|(at, user)| ((n, at), user)));
        self.publish(n, out);
    }

    /// Others note that the node `n` is down, which does not learn of it.
    pub(super) fn take_down(&mut self, n: usize) {
        let others: Vec<_> = (0..self.hubs.len()).filter(|&other| other != n).collect();
        let Node { id, epoch, .. } = self.hubs[n].own_node().unwrap().clone();
        self.heard.clear();
        let mut out = Effects::default();
        let (first, others) = others.split_first().unwrap();
        self.hubs[*first].node_down(id, epoch, self.now, &mut out);
        self.settle(*first, out, true);
        let operations = self.hubs[*first].take_operations();
        self.index = self.index.following();
        let entry = entry(&self.hubs[*first], operations, self.index, self.now);
        self.replay(&entry, others);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn all_nodes_agree_whatever_is_done_wherever(
        steps in prop::collection::vec((0..3usize, 0..CONNECTIONS, any_act()), 0..80)
    ) {
        let mut cluster = Cluster::new(3);
        for (n, at, act) in steps {
            cluster.do_one(n, ConnectionId(at), act);
            cluster.check_users();
        }
        for n in 0..3 {
            for at in 0..CONNECTIONS {
                cluster.disconnect(n, ConnectionId(at));
            }
        }
        for n in 0..3 {
            cluster.tell_ended(n);
        }
        for hub in &cluster.hubs {
            let stays = |(_, user): (UserId, &User)| user.account().is_some();
            prop_assert!(hub.users().iter().all(stays), "only users of accounts stay without connections");
        }
    }
}
