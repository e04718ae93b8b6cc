//! Messages to and from other nodes.

use super::Hub;
use crate::message::{Effects, Now, Relayed};

impl Hub {
    /// Tells connections of this node what was said on another.
    pub fn deliver(&mut self, _relayed: &Relayed, _now: Now, _out: &mut Effects) {}
}
