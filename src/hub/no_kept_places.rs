//! Without the feature `upgrade`, no places are kept.

use super::Hub;
#[cfg(feature = "store")]
use super::membership::Membership;
#[cfg(feature = "store")]
use super::users::User;
use crate::message::UserId;

#[cfg(feature = "store")]
impl Membership {
    pub(super) fn is_back(&mut self) {}
}

#[cfg(feature = "store")]
impl User {
    pub(super) fn keeps_place(&self) -> bool {
        false
    }
}

impl Hub {
    pub(super) fn keeps_place(&self, _: UserId) -> bool {
        false
    }
}
