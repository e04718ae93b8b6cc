//! Builds the reports on the running server.

use std::time::Duration;

use super::Server;
use crate::logging;
use crate::message::{Now, Tally};
use crate::server::Stream;
use crate::server::connection::Life;
use crate::server::memory::resident_bytes;
use crate::server::report::{LARGEST, Report, Waiting};
use crate::session::Stage;

const ENDING: &str = "ending";

impl<S: Stream> Server<S> {
    /// Records the duration of a turn.
    pub fn turned(&mut self, time: Duration) {
        self.counts.turns.record(time);
    }

    /// A report of this moment. O(connections).
    pub fn report(&self, now: Now) -> Report {
        let stages = Stage::ALL.map(Stage::label);
        let mut connections = Tally::of(stages.into_iter().chain([ENDING]));
        let (mut unsent_bytes, mut unparsed_bytes) = (0, 0);
        for (_, connection) in &self.connections {
            connections.count(match connection.life {
                Life::Open(_) => connection.session.stage(&self.hub).label(),
                Life::Doomed(_)
                | Life::Leaving { .. }
                | Life::Flushing { .. }
                | Life::Lingering { .. }
                | Life::Closed => ENDING,
            });
            unsent_bytes += connection.unsent_bytes();
            unparsed_bytes += connection.inbox.len();
        }
        Report {
            started: self.house.started,
            up: self.house.up(now.time),
            resident_bytes: resident_bytes(),
            users: self.hub.users().len(),
            operators: self.hub.users().operators(),
            rooms: self.hub.rooms().len(),
            connections,
            unsent_bytes,
            unparsed_bytes,
            largest: self.largest(),
            turns: self.counts.turns.clone(),
            messages: self.hub.messages(),
            endings: self.counts.endings.clone(),
            refusals: self.hub.refusals().clone(),
            dropped: self.counts.dropped,
            pauses: self.counts.pauses,
            lost_log_lines: logging::lost_lines(),
            #[cfg(feature = "store")]
            store: self.history.status(),
            #[cfg(feature = "cluster")]
            node: self.nodes.status(),
        }
    }

    /// Notes that a signal's report was printed: the longest turn is measured anew.
    pub fn reported(&mut self) {
        self.counts.turns.forget_recent();
    }

    /// The largest outboxes that are not empty, largest first.
    fn largest(&self) -> Vec<Waiting> {
        let mut largest: Vec<(usize, usize)> = Vec::with_capacity(LARGEST + 1);
        for (key, connection) in &self.connections {
            let bytes = connection.unsent_bytes();
            let place = largest.partition_point(|&(larger, _)| larger >= bytes);
            if bytes > 0 && place < LARGEST {
                largest.insert(place, (bytes, key));
                largest.truncate(LARGEST);
            }
        }
        let waiting = |(bytes, key): (usize, usize)| {
            let name =
                self.hub.users().get(self.connections[key].session.user()).map(|user| user.name().clone());
            Waiting { peer: self.connections[key].peer, name, bytes }
        };
        largest.into_iter().map(waiting).collect()
    }
}
