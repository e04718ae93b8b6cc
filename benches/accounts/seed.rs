//! A directory with many accounts.

use std::path::Path;
use std::time::SystemTime;

use parlor::message::AccountChange;
use parlor::name::UserName;
use parlor::secret::{Guess, StoredPassword};

use crate::support::accounts::create_all;

/// The password of all accounts.
pub(crate) const PASSWORD: &str = "open sesame";

/// The name of the `n`th account.
pub(crate) fn name(n: usize) -> String {
    format!("user{n}")
}

/// Creates a store with `count` accounts there.
pub(crate) fn create(directory: &Path, count: usize) {
    // The same for all: computing them would take a minute.
    let password = StoredPassword::new(&Guess::new(PASSWORD)).expect("it is usable");
    let changes = (0..count).map(|n| AccountChange::Create {
        name: UserName::new(&name(n)).expect("a name"),
        password: Some(password.clone()),
        certificate: None,
        at: SystemTime::now(),
    });
    create_all(directory, changes);
}
