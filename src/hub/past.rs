//! Users who left or took another name, for `WHOWAS`.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::SystemTime;

use super::users::User;
use crate::message::{Identity, Peer};
use crate::name::UserName;

/// How many are remembered; the oldest is forgotten for a newer one.
pub const REMEMBERED: usize = 256;

/// The last users who left or took another name.
#[derive(Debug, Default)]
pub(super) struct Past {
    entries: VecDeque<PastUser>,
}

/// Somebody who was called so.
#[derive(Clone, Debug)]
pub struct PastUser {
    /// What others saw.
    pub identity: Rc<Identity>,
    /// The address, for operators of the server.
    pub peer: Peer,
    /// Until when.
    pub until: SystemTime,
}

impl Past {
    pub(super) fn remember(&mut self, user: &User, until: SystemTime) {
        if self.entries.len() == REMEMBERED {
            self.entries.pop_back();
        }
        self.entries.push_front(PastUser { identity: Rc::clone(&user.identity), peer: user.peer, until });
    }

    /// Everybody remembered, the newest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &PastUser> {
        self.entries.iter()
    }

    /// Everybody remembered under `name`, the newest first.
    pub(super) fn called<'a>(&'a self, name: &'a UserName) -> impl Iterator<Item = &'a PastUser> {
        self.entries.iter().filter(move |entry| entry.identity.name == *name)
    }
}
