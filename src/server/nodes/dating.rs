//! Nodes record independently, and may be heard in another order than that of the log. So a node tells the store after which event
//! it records what others may record as well.

use crate::message::{EventId, Record};
use crate::server::{Server, Stream};

/// What the store was told.
#[derive(Debug, Default)]
pub(super) struct Dating {
    after: EventId,
}

impl<S: Stream> Server<S> {
    /// Tells the store the last event, before something is recorded that another node may record as well. In the order of the
    /// log, last events rise: a node that has the lock knows those of all entries before its own.
    pub(in crate::server) fn date_records(&mut self) {
        let (Some(cluster), Some(store)) = (&mut self.nodes.cluster, &mut self.history.store) else { return };
        let after = self.hub.last_event();
        if cluster.dating.after != after {
            cluster.dating.after = after;
            store.record(Record::After(after));
        }
    }
}
