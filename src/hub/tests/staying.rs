//! Users that stay without connections, and what is recorded to restore them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::devices::account;
use super::*;
use crate::config::AccountsConfig;
use crate::message::{Account, AccountId, Record, SavedUser};

/// What a store knows of users that stay.
#[derive(Debug, Default)]
struct Saved(BTreeMap<AccountId, SavedUser>);

impl Saved {
    fn apply(&mut self, record: &Record) {
        match record {
            Record::Stays(user) => drop(self.0.insert(user.account.id, (**user).clone())),
            Record::StaysNot(account) => drop(self.0.remove(account)),
            Record::Seat { account, room, rank } => {
                let user = self.0.get_mut(account).expect("only of users that stay");
                user.seats.retain(|(other, _)| other != room);
                user.seats.extend(rank.map(|rank| (room.clone(), rank)));
            }
            Record::Seen { account, at } => {
                self.0.get_mut(account).into_iter().for_each(|user| user.last_seen = *at);
            }
            _ => {}
        }
    }

    /// Compares it with what the hub has.
    fn check(&self, hub: &Hub) {
        let stays = |id: &UserId| hub.stays(*id);
        let here: Vec<_> = hub.users().iter().map(|(id, _)| id).filter(stays).collect();
        assert_eq!(here.len(), self.0.len(), "{self:?}");
        for id in here {
            let account = hub.account_of(id).unwrap();
            let saved = &self.0[&account.id];
            let user = hub.users().get(id).unwrap();
            assert_eq!((&*saved.username, &*saved.host), (user.identity.username(), user.identity.host()));
            assert_eq!(&*saved.realname, user.identity.realname());
            let mut seats: Vec<_> = user
                .seats
                .iter()
                .map(|seat| {
                    let rank = hub.rooms().member(hub.users(), id, seat.room).unwrap().rank;
                    (hub.rooms().get(seat.room).name.to_string(), format!("{rank:?}"))
                })
                .collect();
            let mut known: Vec<_> =
                saved.seats.iter().map(|(room, rank)| (room.to_string(), format!("{rank:?}"))).collect();
            seats.sort();
            known.sort();
            assert_eq!(seats, known);
        }
    }

    /// A hub after a restart.
    fn restored(&self, accounts: &[Account], now: Now) -> Hub {
        let mut hub = Hub::new(room("#lobby"), now.time);
        accounts.iter().for_each(|account| hub.add_account(account.id, &account.name));
        hub.restore_users(self.0.values().cloned().collect(), now, &mut Effects::default());
        hub.check();
        hub
    }
}

fn accounts() -> Vec<Account> {
    let own = [Some(true), None, Some(false)];
    let all = own.iter().enumerate();
    all.map(|(n, own)| Account { always_on: *own, ..account(n as u32, ["ana", "bob", "张三"][n]) }).collect()
}

/// A random action.
#[derive(Clone, Debug)]
enum Action {
    Step(Step),
    Enter(usize),
    Identify(usize),
    LogOut,
    End(bool),
    AlwaysOn(Option<bool>),
    Rules(bool),
    Rank(&'static str, bool),
    SetHost,
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => any_step().prop_map(Action::Step),
        3 => (0..3usize).prop_map(Action::Enter),
        1 => (0..3usize).prop_map(Action::Identify),
        1 => Just(Action::LogOut),
        2 => any::<bool>().prop_map(Action::End),
        1 => any::<Option<bool>>().prop_map(Action::AlwaysOn),
        1 => any::<bool>().prop_map(Action::Rules),
        1 => (any_name(), any::<bool>()).prop_map(|(name, given)| Action::Rank(name, given)),
        1 => Just(Action::SetHost),
    ]
}

fn act(scene: &mut Scene, at: ConnectionId, action: Action, accounts: &[Account]) {
    let is_here = scene.users.contains_key(&at);
    let (user, now) = (scene.user(at), scene.now);
    match action {
        Action::Step(step) => drop(scene.handle(at, step)),
        Action::Enter(n) if !is_here => drop(scene.enter(at, &accounts[n], "irc")),
        Action::Identify(n) if is_here => drop(scene.identify(at, &accounts[n])),
        Action::LogOut if is_here => scene.log_out(at),
        Action::End(is_whole) => drop(scene.end(at, is_whole)),
        Action::AlwaysOn(on) => scene.hub.set_always_on(user, on, now, &mut scene.out),
        Action::Rules(always_on) => {
            let rules = AccountsConfig { always_on, ..AccountsConfig::default() };
            scene.hub.set_account_rules(rules, now, &mut scene.out);
        }
        Action::Rank(who, given) => {
            let change = RoomChange::Rank { who: name(who), rank: Rank::VOICE, given };
            drop(super::change(scene, at, "#tea", change));
        }
        Action::SetHost => {
            let (username, host) = ("moved".into(), "away.ip".into());
            drop(scene.handle(at, Command::SetHost { who: name("ana"), username, host }));
        }
        Action::Enter(_) | Action::Identify(_) | Action::LogOut => {}
    }
}

proptest! {
    #[test]
    fn what_is_recorded_restores_exactly_the_users_that_stay(
        actions in prop::collection::vec((0..5u32, any_action()), 0..100)
    ) {
        let (mut scene, mut saved, accounts) = (Scene::new(), Saved::default(), accounts());
        accounts.iter().for_each(|account| scene.register(account));
        for (at, action) in actions {
            scene.now.time += Duration::from_secs(1);
            let at = ConnectionId(at);
            scene.out = Effects::default();
            act(&mut scene, at, action.clone(), &accounts);
            scene.hub.check();
            // A user that was killed or has left has no connections any more.
            let closed: Vec<_> = scene.heard().into_iter().filter(|(_, from, _)| from == "close").collect();
            for (who, ..) in closed {
                scene.end(who[0], true);
                scene.heard();
            }
            let hub = &scene.hub;
            scene.users.retain(|at, user| hub.users().connections(*user).contains(at));
            scene.records.drain(..).for_each(|record| saved.apply(&record));
            saved.check(&scene.hub);
        }
        let restored = saved.restored(&accounts, scene.now);
        let rules = scene.hub.accounts.rules;
        let mut after = restored;
        after.set_account_rules(rules, scene.now, &mut Effects::default());
        saved.check(&after);
    }
}

fn overdue(scene: &Scene, at: SystemTime) -> Vec<UserId> {
    let ids = scene.hub.users().iter().map(|(id, _)| id);
    ids.filter(|&id| scene.hub.is_overdue(id, at)).collect()
}

#[test]
fn a_user_without_connections_leaves_after_its_days_or_when_it_may_not_stay_any_longer() {
    let mut scene = Scene::new();
    let ana = Account { always_on: None, ..account(1, "ana") };
    scene.register(&ana);
    let rules = AccountsConfig { always_on: true, always_on_days: 2, ..AccountsConfig::default() };
    scene.hub.set_account_rules(rules, scene.now, &mut scene.out);
    let user = scene.enter(ANA, &ana, "irc").unwrap().user;
    let day = Duration::from_secs(86_400);
    scene.now.time += 3 * day;
    assert!(overdue(&scene, scene.now.time).is_empty(), "it has a connection");
    assert!(!scene.end(ANA, true));
    assert!(overdue(&scene, scene.now.time + day).is_empty());
    assert_eq!(overdue(&scene, scene.now.time + 2 * day), [user]);
    let rules = AccountsConfig { always_on: false, ..rules };
    scene.hub.set_account_rules(rules, scene.now, &mut scene.out);
    assert_eq!(overdue(&scene, scene.now.time), [user]);
}

#[test]
fn a_restored_user_has_its_ranks_and_nobody_hears_of_it() {
    let now = Now::read();
    let voiced = (room("#tea"), Rank::VOICE);
    let saved = SavedUser {
        account: Account { always_on: Some(true), ..account(1, "ana") },
        username: "u".into(),
        host: "h".into(),
        realname: "R".into(),
        since: SystemTime::UNIX_EPOCH,
        last_seen: now.time,
        seats: vec![(room("#lobby"), Rank::NONE), voiced],
    };
    let mut hub = Hub::new(room("#lobby"), now.time);
    hub.add_account(AccountId(1), &name("ana"));
    let mut out = Effects::default();
    hub.restore_users(vec![saved], now, &mut out);
    hub.check();
    assert!(out.is_empty());
    let ana = hub.users().find(&name("ana")).unwrap();
    let tea = hub.rooms().find(&room("#tea")).unwrap();
    assert_eq!(hub.rooms().member(hub.users(), ana, tea).unwrap().rank, Rank::VOICE);
    assert!(hub.users().get(ana).unwrap().connections().is_empty());
}
