//! What each protocol does for a session. Most have no use for some of it.

use std::time::Instant;

use super::context::Context;
use super::stage::Stage;
use crate::config::Limits;
use crate::message::{CloseReason, ConnectionId, Found, UserId};

/// A conversation with a peer that has shown its protocol; see [`crate::session::Session`] for what is asked of it.
pub(super) trait Conversation {
    fn connection(&self) -> ConnectionId;

    /// Whom the connection belongs to: nobody, before somebody has logged in.
    fn owner(&self) -> UserId;

    /// From now on the connection belongs to this user; to nobody, where it has left.
    fn set_owner(&mut self, user: UserId, context: &Context<'_>);

    /// The stage of those who are online.
    fn online(&self) -> Stage;

    fn receive(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Option<usize>;

    fn finish(&mut self, rest: &[u8], context: &mut Context<'_>);

    /// Says what is still to be said before the farewell.
    fn leave(&mut self, context: &mut Context<'_>);

    fn farewell(&mut self, reason: &CloseReason, context: &mut Context<'_>);

    fn deadline(&self) -> Option<Instant>;

    fn wake(&mut self, context: &mut Context<'_>);

    fn found(&mut self, found: Found, label: Option<&str>, context: &mut Context<'_>);

    fn change_limits(&mut self, old: &Limits, new: &Limits);

    /// True while a command goes on that was too much work for one turn.
    fn is_working(&self) -> bool {
        false
    }

    fn go_on(&mut self, _: &mut Context<'_>) {}

    fn stop_work(&mut self) {}

    fn kept_bytes(&self) -> usize {
        0
    }
}
