//! What the hub does, for the log.

use std::mem;

use super::Hub;
use crate::message::{Ban, Dated, EventId, Operation, Refusal, RoomChange, UserId};

/// What the hub has done, and is doing.
#[derive(Debug, Default)]
pub(super) struct Journal {
    done: Vec<Dated>,
    /// The outermost operation under way, if it is noted.
    current: Option<Dated>,
    /// The number of operations under way, each part of the one before.
    depth: u32,
}

/// Carries out an operation, and notes it for other nodes if it succeeds and is not part of another.
macro_rules! journaled {
    ($hub:ident, $variant:ident $fields:tt, $done:expr) => {{
        if $hub.is_outermost() {
            let operation = $crate::message::Operation::$variant $fields;
            $hub.begin_operation(operation);
        }
        $hub.deepen();
        let done = $done;
        $hub.end_operation($crate::hub::replica::Outcome::is_done(&done));
        done
    }};
    ($hub:ident, unless $is_local:expr, $variant:ident $fields:tt, $done:expr) => {
        if $is_local { $done } else { journaled!($hub, $variant $fields, $done) }
    };
}

pub(in crate::hub) use journaled;

/// The outcome of an operation.
pub(in crate::hub) trait Outcome {
    /// False if it was refused, so that nothing has changed.
    fn is_done(&self) -> bool;
}

impl<T, E> Outcome for Result<T, E> {
    fn is_done(&self) -> bool {
        self.is_ok()
    }
}

impl Outcome for () {
    fn is_done(&self) -> bool {
        true
    }
}

impl Outcome for bool {
    fn is_done(&self) -> bool {
        true
    }
}

impl Outcome for Option<Ban> {
    fn is_done(&self) -> bool {
        true
    }
}

impl Outcome for Option<UserId> {
    fn is_done(&self) -> bool {
        self.is_some()
    }
}

impl Outcome for usize {
    fn is_done(&self) -> bool {
        true
    }
}

impl Outcome for Vec<Refusal> {
    fn is_done(&self) -> bool {
        true
    }
}

impl Hub {
    /// Takes what the hub has done since the last call, for the log. All of it was done at the same time.
    pub fn take_operations(&mut self) -> Vec<Dated> {
        self.replica.as_mut().map(|replica| mem::take(&mut replica.journal.done)).unwrap_or_default()
    }

    /// True when something was done that is not in the log yet.
    pub fn has_operations(&self) -> bool {
        self.replica.as_ref().is_some_and(|replica| !replica.journal.done.is_empty())
    }

    /// True when the operation that begins is not part of another, and other nodes want to know it.
    pub(in crate::hub) fn is_outermost(&self) -> bool {
        let is_outermost =
            |replica: &super::Replica| replica.journal.depth == 0 && replica.replayed.is_none();
        self.replica.as_deref().is_some_and(is_outermost)
    }

    pub(in crate::hub) fn begin_operation(&mut self, operation: Operation) {
        if let Some(replica) = &mut self.replica {
            replica.journal.current = Some(Dated { after: self.last_event, operation });
        }
    }

    pub(in crate::hub) fn deepen(&mut self) {
        if let Some(replica) = &mut self.replica {
            replica.journal.depth += 1;
        }
    }

    /// Ends the operation under way that began last.
    pub(in crate::hub) fn end_operation(&mut self, is_done: bool) {
        let Some(replica) = &mut self.replica else { return };
        let journal = &mut replica.journal;
        journal.depth -= 1;
        if journal.depth == 0
            && let Some(dated) = journal.current.take()
            && is_done
            && !is_empty(&dated.operation)
        {
            journal.done.push(dated);
        }
    }

    /// Decides the last event that a device has heard which goes: as the node of the device knows it.
    pub(in crate::hub) fn settle_heard(&mut self, heard: EventId) -> EventId {
        let Some(replica) = &mut self.replica else { return heard };
        if let Some(replayed) = &replica.replayed {
            return replayed.heard.unwrap_or(heard);
        }
        let current = replica.journal.current.as_mut().map(|dated| &mut dated.operation);
        if let Some(
            Operation::Detach { heard: told, .. }
            | Operation::LogOut { heard: told, .. }
            | Operation::Identify { heard: told, .. },
        ) = current
        {
            *told = Some(heard);
        }
        heard
    }

    /// Leaves those changes of a room in the operation under way that were made: for others there may have been no memory,
    /// which other nodes do not check.
    pub(in crate::hub) fn settle_changes(&mut self, made: &[RoomChange]) {
        let current = self.replica.as_mut().and_then(|replica| replica.journal.current.as_mut());
        let operation = current.map(|dated| &mut dated.operation);
        if let Some(Operation::ChangeRoom { changes, .. } | Operation::SetRanks { changes, .. }) = operation {
            *changes = made.to_vec();
        }
    }
}

/// True for an operation that changes nothing.
fn is_empty(operation: &Operation) -> bool {
    match operation {
        Operation::ChangeRoom { changes, .. } | Operation::SetRanks { changes, .. } => changes.is_empty(),
        Operation::Leave(users) => users.is_empty(),
        _ => false,
    }
}
