//! Users who left or took another name, for `WHOWAS`.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use super::users::User;
#[cfg(any(feature = "cluster", feature = "upgrade"))]
use crate::message::PastState;
use crate::message::{Identity, Peer};
use crate::name::UserName;

/// Maximum number of past users; a new one replaces the oldest.
pub const REMEMBERED: usize = 256;

/// The last users who left or changed their names.
#[derive(Debug, Default)]
pub(super) struct Past {
    entries: VecDeque<Entry>,
    state: RandomState,
}

/// A past user, and the hash of its name: comparing long names in letters beyond ASCII takes microseconds, and every
/// `JOIN` compares with all.
#[derive(Debug)]
struct Entry {
    hash: u64,
    user: PastUser,
}

/// A user who had this name earlier.
#[derive(Clone, Debug)]
pub struct PastUser {
    /// What others saw of the user.
    pub identity: Arc<Identity>,
    /// The address, for operators of the server.
    pub peer: Peer,
    /// When the user left or changed the name.
    pub until: SystemTime,
}

impl Past {
    pub(super) fn remember(&mut self, user: &User, until: SystemTime) {
        if self.entries.len() == REMEMBERED {
            self.entries.pop_back();
        }
        let user = PastUser { identity: Arc::clone(&user.identity), peer: user.peer, until };
        self.entries.push_front(Entry { hash: self.state.hash_one(&user.identity.name), user });
    }

    /// All past users, most recent first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &PastUser> {
        self.entries.iter().map(|entry| &entry.user)
    }

    /// All past users as values, most recent first.
    #[cfg(any(feature = "cluster", feature = "upgrade"))]
    pub(super) fn states(&self) -> Vec<PastState> {
        let state = |past: &PastUser| PastState {
            name: past.identity.name.clone(),
            username: past.identity.username().into(),
            host: past.identity.host().into(),
            realname: past.identity.realname().into(),
            peer: past.peer,
            left: past.until,
            is_bot: past.identity.is_bot,
            has_account: past.identity.has_account,
        };
        self.iter().map(state).collect()
    }

    /// Replaces all by these.
    #[cfg(any(feature = "cluster", feature = "upgrade"))]
    pub(super) fn restore(&mut self, states: &[PastState]) {
        let entry =
            |state: &PastState| Entry { hash: self.state.hash_one(&state.name), user: past_of(state) };
        self.entries = states.iter().take(REMEMBERED).map(entry).collect();
    }

    /// Past users called `name`, most recent first.
    pub(super) fn called<'a>(&'a self, name: &'a UserName) -> impl Iterator<Item = &'a PastUser> {
        let hash = self.state.hash_one(name);
        let alike = self.entries.iter().filter(move |entry| entry.hash == hash);
        alike.map(|entry| &entry.user).filter(|user| user.identity.name == *name)
    }
}

#[cfg(any(feature = "cluster", feature = "upgrade"))]
fn past_of(state: &PastState) -> PastUser {
    let PastState { name, username, host, realname, peer, left, is_bot, has_account } = state;
    let mut identity = Identity::new(name.clone(), username, host, realname);
    (identity.is_bot, identity.has_account) = (*is_bot, *has_account);
    PastUser { identity: Arc::new(identity), peer: *peer, until: *left }
}
