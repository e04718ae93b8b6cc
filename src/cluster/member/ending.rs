//! The end of a node's part.

use std::mem;

use super::{Member, Phase};
use crate::cluster::request::Request;

impl Member {
    /// Ends the node's part: call it when all users have left. `has_ended` tells when it is done.
    pub fn end(&mut self) {
        if !mem::replace(&mut self.is_ending, true) {
            self.ask_to_leave();
        }
    }

    pub(super) fn ask_to_leave(&mut self) {
        match (self.reaches_broker(), self.phase.node()) {
            (true, Some(node)) => {
                let (name, epoch) = (self.config.name.clone(), node.epoch);
                self.requests.push_back(Request::Leave { name, epoch });
            }
            // It leaves when it knows its epoch.
            (true, None) if matches!(self.phase, Phase::Enrolling) => {}
            _ => self.has_ended = true,
        }
    }

    /// True when it is over.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }
}
