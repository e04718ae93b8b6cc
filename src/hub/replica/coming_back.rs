//! Users who come back after their node has lost touch with the others and has got the state from them.

use super::Hub;
use crate::message::{ConnectionId, Effects, NodeId, Now, Returning, UserId};

/// The users with connections to this node and what they have seen, while the state is replaced.
#[derive(Debug, Default)]
pub struct Homecoming {}

impl Hub {
    /// Takes the users with connections to this node out of the state. Then replace it with `load`.
    pub fn leave_state(&mut self) -> Homecoming {
        Homecoming {}
    }

    /// Brings one user back.
    pub(super) fn bring_back(
        &mut self,
        _returning: Returning,
        _node: NodeId,
        _now: Now,
        _out: &mut Effects,
    ) -> UserId {
        UserId::NOBODY
    }

    /// Brings users back, each under its name if that is free. They are told what has changed for them. Returns the
    /// connections with their users, whose numbers are new.
    pub fn come_back(
        &mut self,
        _homecoming: Homecoming,
        _now: Now,
        _out: &mut Effects,
    ) -> Vec<(ConnectionId, UserId)> {
        Vec::new()
    }
}
