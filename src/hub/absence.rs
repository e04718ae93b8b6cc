//! Being away with several devices, or without any: an account's user is away if nobody is at any of its devices.

use std::sync::{Arc, OnceLock};

use super::Hub;
use super::membership::Membership;
use super::replica::journaled;
use super::users::User;
use crate::footprint::shared_bytes;
use crate::message::{ConnectionId, Effects, EventKind, Now, Refusal, UserId};

/// The away message of a device at which nobody is, without a reason (IRCv3 `draft/pre-away`).
pub const ABSENT: &str = "*";

/// The away message of a user if none of its devices has one. Users without connections share it.
fn nobody_there() -> Arc<str> {
    static TEXT: OnceLock<Arc<str>> = OnceLock::new();
    Arc::clone(TEXT.get_or_init(|| "Nobody is there right now".into()))
}

impl Membership {
    /// The away message that follows from the devices. Of several messages, the device that came last has the word.
    fn away(&self) -> Option<Arc<str>> {
        if self.devices.iter().any(|device| device.away.is_none()) {
            return None;
        }
        let mut reasons = self.devices.iter().rev().filter_map(|device| device.away.as_ref());
        let reason = reasons.find(|reason| ***reason != *ABSENT).cloned();
        Some(reason.unwrap_or_else(nobody_there))
    }
}

impl Hub {
    /// Sets the away message of one device of the user `id`, which has an account.
    pub fn leave_device(
        &mut self,
        id: UserId,
        connection: ConnectionId,
        away: Option<&str>,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let more = away.map_or(0, |away| shared_bytes(away.len()));
        self.users.budget.allows(self.user(id)?.owner(), more)?;
        journaled!(
            self,
            LeaveDevice { user: id, connection, away: away.map(Box::from) },
            self.leave_devices(id, away.map(Arc::from), |at| at == connection, now, out)
        );
        Ok(())
    }

    /// Sets the away message of all devices of the user `id` that are meant.
    pub(super) fn leave_devices(
        &mut self,
        id: UserId,
        away: Option<Arc<str>>,
        is_meant: impl Fn(ConnectionId) -> bool,
        now: Now,
        out: &mut Effects,
    ) {
        for device in self.devices_mut(id).iter_mut().filter(|device| is_meant(device.connection)) {
            device.away.clone_from(&away);
        }
        self.derive_away(id, now, out);
    }

    /// Lets a user be away or back, as follows from its devices, and tells others of it.
    pub(super) fn derive_away(&mut self, id: UserId, now: Now, out: &mut Effects) {
        let Some(user) = self.users.get_mut(id) else { return };
        if user.keeps_place() {
            return;
        }
        let Some(away) = user.membership().map(Membership::away) else { return };
        if user.away() != away.as_ref() {
            user.set_away(away.clone());
            self.tell_acquaintances(id, &EventKind::Away(away), now, out);
        }
        self.users.recharge(id);
    }

    /// Panics unless the user is away exactly if nobody is at its devices. For tests.
    pub(super) fn check_away(user: &User, membership: &Membership) {
        // One without connections may be about to leave.
        if !membership.devices.is_empty() {
            assert_eq!(user.away(), membership.away().as_ref(), "{} is away with its devices", user.name());
        }
    }
}
