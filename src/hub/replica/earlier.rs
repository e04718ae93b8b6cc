//! The logins that own users had before they came back: private messages that were on their way meanwhile name these.

use std::collections::HashMap;
use std::mem;

use super::Hub;
use crate::message::{Login, UserId};

/// Logins before the last two times that users came back, by number, with the next login.
#[derive(Clone, Debug, Default)]
pub(super) struct Earlier {
    last: HashMap<u64, Login>,
    before: HashMap<u64, Login>,
}

impl Earlier {
    /// Begins to note logins of users who come back again.
    pub(super) fn begin(&mut self) {
        self.before = mem::take(&mut self.last);
    }

    /// Notes that the user of the login `was` is back.
    pub(super) fn note(&mut self, was: Login, is: Login) {
        self.last.insert(was.login, is);
    }

    /// The login that followed this one, if there was one.
    fn after(&self, login: Login) -> Option<Login> {
        self.last.get(&login.login).or_else(|| self.before.get(&login.login)).copied()
    }
}

impl Hub {
    /// The user of a login, if it is still here or has come back.
    pub(super) fn user_of_login(&self, login: Login) -> Option<UserId> {
        let earlier = &self.replica.as_ref()?.earlier;
        let next = earlier.after(login);
        let logins = [Some(login), next, next.and_then(|next| earlier.after(next))];
        let is_here = |login: &Login| self.login_of(login.user) == Some(*login);
        logins.into_iter().flatten().find(is_here).map(|login| login.user)
    }
}
