//! A directory with many accounts.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use parlor::message::{AccountAnswer, AccountChange, AccountQuery, Now};
use parlor::name::UserName;
use parlor::secret::{Guess, StoredPassword};
use parlor::store::{Reply, Store, StoreConfig};

/// The password of all accounts.
pub(crate) const PASSWORD: &str = "open sesame";

/// Timeout for the disk.
const DEADLINE: Duration = Duration::from_secs(120);

/// The name of the `n`th account.
pub(crate) fn name(n: usize) -> String {
    format!("user{n}")
}

/// Creates a store with `count` accounts there.
pub(crate) fn create(directory: &Path, count: usize) {
    let config = StoreConfig {
        directory: directory.to_owned(),
        age: Some(Duration::from_secs(7 * 24 * 60 * 60)),
        lines: 10_000,
        bytes: 256 * 1024 * 1024,
    };
    let (woken, wake) = mpsc::channel();
    let now = Now::read();
    let (mut store, _) = Store::open(&config, move || woken.send(()).unwrap_or_default(), now.time)
        .expect("the directory is ours");
    // The same for all: computing them would take a minute.
    let password = StoredPassword::new(&Guess::new(PASSWORD)).expect("it is usable");
    for n in 0..count {
        let name = UserName::new(&name(n)).expect("a name");
        let change = AccountChange::Create {
            name,
            password: Some(password.clone()),
            certificate: None,
            at: SystemTime::now(),
        };
        store.ask_account(n as u64, AccountQuery::Change(change));
    }
    store.flush(now.time);
    let mut created = 0;
    while created < count {
        wake.recv_timeout(DEADLINE).expect("the store answers in time");
        while let Some(reply) = store.fetch() {
            if let Reply::Account(_, answer) = reply {
                assert!(matches!(answer, AccountAnswer::Created(_)), "an account is created: {answer:?}");
                created += 1;
            }
        }
    }
    store.stop();
    while !matches!(store.fetch(), Some(Reply::Stopped)) {
        wake.recv_timeout(DEADLINE).expect("the store ends in time");
    }
}
