//! What a client has begun and not finished. Few clients have any of it, so they share one pointer.

use std::fmt;

use super::client::{Irc, Work};
#[cfg(feature = "store")]
use super::history::{Replay, asked_bytes};
#[cfg(feature = "store")]
use super::multiline::Batch;

/// Memory of an unfinished command, in bytes: at most a line with tags, split into targets.
const WORK_BYTES: usize = 8 * 1024;

#[derive(Debug, Default)]
pub(super) struct Unfinished {
    /// A command to continue in the next turn.
    pub(super) pending: Option<Pending>,
    /// A message of several lines that is not complete.
    #[cfg(feature = "store")]
    pub(super) batch: Option<Batch>,
    /// What to replay unless the client asks for it.
    #[cfg(feature = "store")]
    pub(super) replay: Option<Replay>,
    /// The number of channels that a question to the store is about, until it is answered.
    #[cfg(feature = "store")]
    pub(super) asked: usize,
}

/// A command to continue in the next turn.
pub(super) struct Pending {
    pub(super) work: Box<dyn Work>,
    /// The command has a label, and the batch of its answer is open.
    pub(super) is_labelled: bool,
}

/// Omits the work, which would otherwise need `Debug` in every kind.
impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("is_labelled", &self.is_labelled).finish_non_exhaustive()
    }
}

impl Unfinished {
    /// Its memory, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        let bytes = if self.pending.is_some() { WORK_BYTES } else { 0 };
        #[cfg(feature = "store")]
        let bytes = {
            let waiting = self.replay.as_ref().map_or(0, |replay| asked_bytes(replay.channels()));
            let batch = self.batch.as_ref().map_or(0, Batch::kept_bytes);
            bytes + waiting + batch + asked_bytes(self.asked)
        };
        bytes
    }

    #[cfg(feature = "store")]
    fn is_empty(&self) -> bool {
        self.pending.is_none() && self.batch.is_none() && self.replay.is_none() && self.asked == 0
    }

    #[cfg(not(feature = "store"))]
    fn is_empty(&self) -> bool {
        self.pending.is_none()
    }
}

impl Irc {
    /// Changes what is unfinished.
    pub(super) fn unfinished<T>(&mut self, change: impl FnOnce(&mut Unfinished) -> T) -> T {
        let unfinished = self.unfinished.get_or_insert_default();
        let result = change(unfinished);
        if unfinished.is_empty() {
            self.unfinished = None;
        }
        result
    }
}
