//! Users who left or took another name, for `WHOWAS`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use super::users::User;
use crate::message::{Identity, Peer};
use crate::name::UserName;

/// Maximum number of past users; a new one replaces the oldest.
pub const REMEMBERED: usize = 256;

/// The last users who left or changed their names.
#[derive(Debug, Default)]
pub(super) struct Past {
    entries: VecDeque<PastUser>,
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
        self.entries.push_front(PastUser { identity: Arc::clone(&user.identity), peer: user.peer, until });
    }

    /// All past users, most recent first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &PastUser> {
        self.entries.iter()
    }

    /// Past users called `name`, most recent first.
    pub(super) fn called<'a>(&'a self, name: &'a UserName) -> impl Iterator<Item = &'a PastUser> {
        self.entries.iter().filter(move |entry| entry.identity.name == *name)
    }
}
