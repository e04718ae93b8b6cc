//! Users with accounts while nobody looks: those that stay without connections leave when their time is over, and the
//! store learns who is here.

use std::time::{Duration, Instant};

use log::info;

use super::{Server, Stream};
use crate::message::{Now, SavedUser, UserId};

/// How often to look after them.
const EVERY: Duration = Duration::from_secs(600);

/// Most users looked after in one turn.
const AT_ONCE: usize = 1_000;

/// How long after some users it is the turn of the next: others shall not wait for all of them.
const PAUSE: Duration = Duration::from_millis(20);

/// When to look after users next, and from which id on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) at: Instant,
    first: UserId,
}

#[cfg(feature = "upgrade")]
crate::cbor::map!(Round { 0: at, 1: first });

impl Round {
    /// The next round, with all users.
    pub(super) fn after(now: Now) -> Self {
        Self { at: now.instant + EVERY, first: UserId(0) }
    }
}

impl<S: Stream> Server<S> {
    /// Brings back users of an earlier run that stay, and looks after users with accounts from now on.
    pub(super) fn restore_users(&mut self, users: Vec<SavedUser>, now: Now) {
        self.round = Some(Round::after(now));
        self.out.begin();
        self.hub.restore_users(users, now, &mut self.out);
        self.leave_overdue(self.users_from(UserId(0), usize::MAX), now);
        self.pump(now);
    }

    /// Applies the config of accounts.
    pub(super) fn apply_account_rules(&mut self, now: Now) {
        self.out.begin();
        self.hub.set_account_rules(self.house.config.accounts, now, &mut self.out);
        self.leave_overdue(self.users_from(UserId(0), usize::MAX), now);
        self.pump(now);
    }

    /// Looks after those users whose turn it is.
    pub(super) fn look_after_accounts(&mut self, now: Now) {
        #[cfg(feature = "upgrade")]
        self.end_kept_places(now);
        let Some(Round { first, .. }) = self.round.filter(|round| round.at <= now.instant) else { return };
        let mut users = self.users_from(first, AT_ONCE + 1);
        self.round = Some(match users.get(AT_ONCE) {
            Some(&first) => Round { at: now.instant + PAUSE, first },
            None => Round::after(now),
        });
        users.truncate(AT_ONCE);
        self.out.begin();
        users.iter().for_each(|&id| self.hub.record_presence(id, now, &mut self.out));
        self.leave_overdue(users, now);
        self.pump(now);
    }

    /// Lets those leave who have not come back after an upgrade.
    #[cfg(feature = "upgrade")]
    fn end_kept_places(&mut self, now: Now) {
        if self.hub.next_place_end().is_none_or(|end| end > now.instant) {
            return;
        }
        self.out.begin();
        let ended = self.hub.end_kept_places(now, &mut self.out).into_iter();
        self.leavers.extend(ended.map(|id| (id, "Did not come back after an upgrade".to_owned())));
        self.pump(now);
    }

    fn users_from(&self, first: UserId, most: usize) -> Vec<UserId> {
        self.hub.users().iter_from(first).take(most).map(|(id, _)| id).collect()
    }

    /// Lets those of `users` leave who have been away for too long.
    pub(super) fn leave_overdue(&mut self, mut users: Vec<UserId>, now: Now) {
        users.retain(|&id| self.hub.is_overdue(id, now.time));
        for id in users {
            #[cfg(feature = "cluster")]
            if self.is_overdue_later(id) {
                continue;
            }
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
