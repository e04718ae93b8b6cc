//! Users with accounts while nobody looks: those that stay without connections leave when their time is over, and the
//! store learns who is here.

use std::time::Duration;

use log::info;

use super::{Server, Stream};
use crate::message::{Now, SavedUser};

/// How often to look after them.
const EVERY: Duration = Duration::from_secs(600);

impl<S: Stream> Server<S> {
    /// Brings back users of an earlier run that stay, and looks after users with accounts from now on.
    pub(super) fn restore_users(&mut self, users: Vec<SavedUser>, now: Now) {
        self.look_after_accounts_at = Some(now.instant + EVERY);
        self.out.begin();
        self.hub.restore_users(users, now, &mut self.out);
        self.leave_overdue(now);
        self.pump(now);
    }

    /// Applies the config of accounts.
    pub(super) fn apply_account_rules(&mut self, now: Now) {
        self.out.begin();
        self.hub.set_account_rules(self.house.config.accounts, now, &mut self.out);
        self.leave_overdue(now);
        self.pump(now);
    }

    /// Does what is due.
    pub(super) fn look_after_accounts(&mut self, now: Now) {
        if self.look_after_accounts_at.is_none_or(|next| next > now.instant) {
            return;
        }
        self.look_after_accounts_at = Some(now.instant + EVERY);
        self.out.begin();
        self.hub.record_presence(now, &mut self.out);
        self.leave_overdue(now);
        self.pump(now);
    }

    fn leave_overdue(&mut self, now: Now) {
        for id in self.hub.overdue(now.time) {
            if let Some(user) = self.hub.users().get(id) {
                info!("{}: was away for too long", user.name());
            }
            self.leavers.push((id, "Away for too long".to_owned()));
        }
    }

    /// Notes that the peer of `key` has sent something. If it was sent everything before, it has probably received it.
    pub(super) fn is_alive(&mut self, key: usize, now: Now) {
        let connection = &self.connections[key];
        if !connection.has_unsent() {
            self.hub.is_alive(connection.session.user(), super::connection_id(key), now.time);
        }
    }
}
