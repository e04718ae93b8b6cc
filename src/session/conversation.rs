//! The interface of the protocols to [`crate::session::Session`]. The defaults suit protocols without long commands.

use std::time::Instant;

use super::context::Context;
use super::stage::Stage;
use crate::config::Limits;
#[cfg(feature = "store")]
use crate::message::{Capabilities, Event};
use crate::message::{CloseReason, ConnectionId, Found, UserId};
#[cfg(feature = "store")]
use crate::name::RoomName;

/// A conversation with a peer. [`crate::session::Session`] documents the methods.
pub(super) trait Conversation {
    fn connection(&self) -> ConnectionId;

    /// The user of the connection; nobody before login.
    fn owner(&self) -> UserId;

    /// Assigns the connection to `user`; to nobody when the user has left.
    fn set_owner(&mut self, user: UserId, context: &Context<'_>);

    /// The stage after login.
    fn online(&self) -> Stage;

    fn receive(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Option<usize>;

    fn finish(&mut self, rest: &[u8], context: &mut Context<'_>);

    fn farewell(&mut self, reason: &CloseReason, context: &mut Context<'_>);

    fn deadline(&self) -> Option<Instant>;

    fn wake(&mut self, context: &mut Context<'_>);

    fn is_read_again(&mut self, _: Instant) {}

    fn found(&mut self, found: Found, label: Option<&str>, context: &mut Context<'_>);

    #[cfg(feature = "cluster")]
    fn needs_lock(&self, bytes: &[u8]) -> bool;

    #[cfg(feature = "cluster")]
    fn needs_lock_to_finish(&self, _: &[u8]) -> bool {
        false
    }

    #[cfg(feature = "cluster")]
    fn resumes_under_lock(&self) -> bool {
        false
    }

    #[cfg(feature = "cluster")]
    fn needs_lock_for(&self, found: &Found) -> bool;

    #[cfg(feature = "cluster")]
    fn decline(&mut self, bytes: &[u8], context: &mut Context<'_>) -> usize;

    #[cfg(feature = "cluster")]
    fn resumes_too_late(&mut self, _: &mut Context<'_>) {}

    #[cfg(feature = "cluster")]
    fn found_too_late(&mut self, found: Found, label: Option<&str>, context: &mut Context<'_>);

    #[cfg(feature = "store")]
    fn capabilities_changed(&mut self, _: Capabilities, _: Capabilities, _: &mut Context<'_>) {}

    #[cfg(feature = "store")]
    fn show(&mut self, _: &RoomName, _: &mut Context<'_>) {}

    #[cfg(feature = "store")]
    fn moved(&mut self, _: &Event, _: &mut Context<'_>) {}

    #[cfg(feature = "store")]
    fn drained(&mut self, _: &mut Context<'_>) {}

    fn change_limits(&mut self, old: &Limits, new: &Limits);

    /// True while a command that exceeded its turn is unfinished.
    fn is_working(&self) -> bool {
        false
    }

    fn go_on(&mut self, _: &mut Context<'_>) {}

    fn stop_work(&mut self) {}

    fn kept_bytes(&self) -> usize {
        0
    }
}
