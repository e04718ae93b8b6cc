//! Doing what another node has done.

use super::{Diverged, Hub};
use crate::message::{Effects, LogEntry, Now};

impl Hub {
    /// Does what another node has done. `now` has the own clock; events get the entry's time. An error means that the
    /// state is not that of the other node, and perhaps of no use.
    pub fn replay(&mut self, _entry: &LogEntry, _now: Now, _out: &mut Effects) -> Result<(), Diverged> {
        Ok(())
    }
}
