//! Without the feature `store`, no names are registered, and users leave with their connection.

use super::Hub;
use crate::message::{ConnectionId, Effects, Now, Refusal, UserId};
use crate::name::{RoomName, UserName};

impl Hub {
    pub(super) fn allow_name(&self, _: &UserName) -> Result<(), Refusal> {
        Ok(())
    }

    pub(super) fn stays(&self, _: UserId) -> bool {
        false
    }

    pub(super) fn device_gone(&self, _: UserId, _: ConnectionId, _: bool, _: Now, _: &mut Effects) {}

    pub(super) fn derive_away(&mut self, _: UserId, _: Now, _: &mut Effects) {}

    pub(super) fn record_stay(&self, _: UserId, _: Now, _: &mut Effects) {}

    pub(super) fn record_seat(&self, _: UserId, _: &RoomName, _: &mut Effects) {}

    pub(super) fn record_leave(&self, _: UserId, _: &mut Effects) {}
}
