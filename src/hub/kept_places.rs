//! Users with accounts whose connections end for an upgrade: they keep their places for a while. Nobody sees them leave or
//! be away, and they have missed nothing when they are back.

use std::time::Instant;

use super::Hub;
use super::membership::Membership;
use super::users::User;
use crate::message::{Effects, Now, UserId};

/// Users that are looked at in one step of work.
const USERS_PER_STEP: usize = 4;

impl Membership {
    /// True if it is here without connections because its place is kept.
    fn keeps_place(&self) -> bool {
        self.kept_until.is_some() && self.devices.is_empty() && !self.is_dismissed
    }

    /// Notes that one of its devices has come.
    pub(super) fn is_back(&mut self) {
        self.kept_until = None;
    }
}

impl User {
    pub(super) fn keeps_place(&self) -> bool {
        self.membership().is_some_and(Membership::keeps_place)
    }
}

impl Hub {
    /// Lets the user `id` stay until then when its connections end, if it has an account, unless it logs in again or is
    /// dismissed before. Others do not notice. Call it before `detach`, and `end_kept_places` at `next_place_end`.
    pub fn keep_place(&mut self, id: UserId, until: Instant) {
        let Some(membership) = self.users.get_mut(id).and_then(User::membership_mut) else { return };
        membership.kept_until = Some(until);
        self.kept_until = Some(self.kept_until.map_or(until, |first| first.min(until)));
    }

    /// True while the user `id` is here without connections because its place is kept.
    pub(super) fn keeps_place(&self, id: UserId) -> bool {
        self.users.get(id).is_some_and(User::keeps_place)
    }

    /// When the first place is not kept any longer.
    pub fn next_place_end(&self) -> Option<Instant> {
        self.kept_until
    }

    /// Ends what is due. Those who stay without connections anyway are away from now on. Returns the others, which must
    /// leave: the caller lets them.
    pub fn end_kept_places(&mut self, now: Now, out: &mut Effects) -> Vec<UserId> {
        if self.kept_until.is_none_or(|end| end > now.instant) {
            return Vec::new();
        }
        out.worked(self.users.ids() / USERS_PER_STEP);
        self.kept_until = None;
        let mut ended = Vec::new();
        for id in (0..self.users.ids() as u32).map(UserId) {
            let Some(membership) = self.users.get_mut(id).and_then(User::membership_mut) else { continue };
            match membership.kept_until {
                Some(until) if until <= now.instant => {
                    membership.kept_until = None;
                    ended.extend(membership.devices.is_empty().then_some(id));
                }
                Some(until) => {
                    self.kept_until = Some(self.kept_until.map_or(until, |first| first.min(until)))
                }
                None => {}
            }
        }
        ended.retain(|&id| {
            let leaves = !self.stays(id);
            if !leaves {
                self.derive_away(id, now, out);
            }
            leaves
        });
        ended
    }
}
