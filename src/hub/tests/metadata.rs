//! Metadata of accounts, whose records outlive a restart.

use super::*;
use crate::hub::Arrival;
use crate::hub::metadata::{Described, Describer};
use crate::message::{Account, AccountId, Record};

fn account(metadata: &[(&str, &str)]) -> Account {
    Account {
        id: AccountId(1),
        name: name("ana"),
        registered: SystemTime::UNIX_EPOCH,
        always_on: None,
        markers: Vec::new(),
        devices: Vec::new(),
        metadata: metadata.iter().map(|&(key, value)| (key.into(), value.into())).collect(),
    }
}

fn set(scene: &mut Scene, key: &str, value: Option<&str>) -> Vec<(u32, String, Option<String>)> {
    scene.out = Effects::default();
    let by = Describer { user: scene.user(ANA), connection: ANA };
    let (of, now) = (Described::User(by.user), scene.now);
    scene.hub.set_metadata(by, of, key, value, now, &mut scene.out).unwrap();
    scene.hub.check();
    let mut records = Vec::new();
    while let Some(effect) = scene.out.pop() {
        if let Effect::Record(Record::Metadata { account: AccountId(id), key, value }) = effect {
            records.push((id, key.to_string(), value.map(String::from)));
        }
    }
    records
}

#[test]
fn changes_of_an_account_are_recorded_and_it_has_them_again() {
    let mut scene = Scene::new();
    let (now, account) = (scene.now, account(&[("url", "x")]));
    scene.hub.add_account(account.id, &account.name);
    let arrival = Arrival { connection: ANA, device: "irc", profile: profile() };
    let entered = scene.hub.enter_account(&arrival, account, now, &mut scene.out).unwrap();
    scene.users.insert(ANA, entered.user);
    let of = Described::User(entered.user);
    assert_eq!(scene.hub.metadata(of), [("url".into(), "x".into())]);
    assert_eq!(set(&mut scene, "url", Some("x")), [], "nothing has changed");
    assert_eq!(set(&mut scene, "url", Some("y")), [(1, "url".into(), Some("y".into()))]);
    assert_eq!(set(&mut scene, "url", None), [(1, "url".into(), None)]);
    assert_eq!(scene.hub.metadata(of), []);
}

#[test]
fn without_an_account_nothing_is_recorded() {
    let mut scene = Scene::new();
    scene.handle(ANA, log_in("ana")).unwrap();
    assert_eq!(set(&mut scene, "url", Some("x")), []);
    let of = Described::User(scene.user(ANA));
    assert_eq!(scene.hub.metadata(of), [("url".into(), "x".into())]);
}
