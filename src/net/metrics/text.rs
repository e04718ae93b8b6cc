//! A report in Prometheus's text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). It contains no
//! names and no addresses.

use std::fmt::{Display, Write};
use std::time::{Duration, SystemTime};

use crate::message::Tally;
#[cfg(feature = "cluster")]
use crate::server::NodeStatus;
use crate::server::{Report, TurnTimes};
#[cfg(feature = "store")]
use crate::store::{Figures, Status};

/// Histogram limits of turn times as powers of two, in nanoseconds: from 4 µs to 1 s, by factors of four.
const TURN_EXPS: [u32; 10] = [12, 14, 16, 18, 20, 22, 24, 26, 28, 30];

pub(super) fn text(report: &Report) -> String {
    let mut page = Page(String::new());
    page.gauge("parlor_users", "Users with a name.", &report.users);
    page.gauge("parlor_operators", "Operators of the server.", &report.operators);
    page.gauge("parlor_rooms", "Rooms.", &report.rooms);
    page.tally("parlor_connections", "gauge", "Connections, by stage.", "state", &report.connections);
    page.gauge("parlor_unsent_bytes", "Unsent bytes of all connections.", &report.unsent_bytes);
    page.gauge("parlor_unparsed_bytes", "Bytes of unfinished frames.", &report.unparsed_bytes);
    let largest = report.largest.first().map_or(0, |waiting| waiting.bytes);
    page.gauge("parlor_largest_outbox_bytes", "Bytes in the largest outbox.", &largest);
    page.turns(&report.turns);
    page.counter("parlor_messages_total", "Messages to rooms and users.", &report.messages);
    page.tally("parlor_endings_total", "counter", "Ended connections.", "reason", &report.endings);
    page.tally("parlor_refusals_total", "counter", "Refused requests.", "reason", &report.refusals);
    page.counter(
        "parlor_flood_pauses_total",
        "Times that a peer had to wait because it exceeded its rate.",
        &report.pauses,
    );
    page.counter("parlor_dropped_total", "Newcomers dropped without a reason given.", &report.dropped);
    page.counter(
        "parlor_lost_log_lines_total",
        "Log lines lost because standard error could not take them.",
        &report.lost_log_lines,
    );
    #[cfg(feature = "store")]
    report.store.iter().for_each(|store| page.store(store));
    #[cfg(feature = "cluster")]
    report.node.iter().for_each(|node| page.node(node));
    let started = report.started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    page.gauge("process_start_time_seconds", "Start, in seconds since 1970.", &Seconds(started));
    if let Some(bytes) = report.resident_bytes {
        page.gauge("process_resident_memory_bytes", "Resident memory.", &bytes);
    }
    page.0
}

/// A duration as a decimal number of seconds.
struct Seconds(Duration);

impl Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:09}", self.0.as_secs(), self.0.subsec_nanos())
    }
}

/// The text so far; writing to it cannot fail.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n").ok();
    }

    fn sample(&mut self, name: &str, value: &dyn Display) {
        writeln!(self.0, "{name} {value}").ok();
    }

    fn labelled(&mut self, name: &str, label: &str, of: &dyn Display, value: u64) {
        writeln!(self.0, "{name}{{{label}=\"{of}\"}} {value}").ok();
    }

    fn gauge(&mut self, name: &str, help: &str, value: &dyn Display) {
        self.head(name, "gauge", help);
        self.sample(name, value);
    }

    fn counter(&mut self, name: &str, help: &str, value: &dyn Display) {
        self.head(name, "counter", help);
        self.sample(name, value);
    }

    fn tally(&mut self, name: &str, kind: &str, help: &str, label: &str, tally: &Tally) {
        self.head(name, kind, help);
        for (of, count) in tally.iter() {
            self.labelled(name, label, &of, count);
        }
    }

    #[cfg(feature = "store")]
    fn store(&mut self, store: &Status) {
        let Figures { messages, events, file_bytes } = &store.figures;
        self.gauge("parlor_store_messages", "Messages in the store.", messages);
        self.gauge("parlor_store_events", "Other events in the store.", events);
        self.gauge("parlor_store_bytes", "Size of the store's file and its journal.", file_bytes);
        self.gauge("parlor_store_queued_records", "Records not yet committed.", &store.queued_records);
        self.gauge("parlor_store_queued_bytes", "Memory of records not yet committed.", &store.queued_bytes);
        self.counter("parlor_store_lost_records_total", "Records lost.", &store.lost_records);
        let is_failing = u8::from(store.failure.is_some());
        self.gauge("parlor_store_failing", "1 while writing to the store fails.", &is_failing);
        let (last, longest) = (Seconds(store.last_commit), Seconds(store.longest_commit));
        self.gauge("parlor_store_last_commit_seconds", "Duration of the last commit.", &last);
        self.gauge("parlor_store_longest_commit_seconds", "Duration of the longest commit.", &longest);
    }

    #[cfg(feature = "cluster")]
    fn node(&mut self, node: &NodeStatus) {
        let (is_joined, reaches_broker) = (u8::from(node.is_joined), u8::from(node.reaches_broker));
        self.gauge("parlor_node_joined", "1 while the node shares the state of the others.", &is_joined);
        self.gauge("parlor_node_broker_up", "1 while the broker can be reached.", &reaches_broker);
        self.gauge("parlor_node_others", "Other nodes that are up.", &node.others);
        self.counter("parlor_node_entries_total", "Number of the last entry of the log.", &node.applied);
        self.gauge("parlor_node_waiting", "Connections that wait for other nodes.", &node.waiting);
        self.gauge("parlor_node_queued_bytes", "Messages that wait for the broker.", &node.queued_bytes);
        let offset = node.clock_offset_ms as f64 / 1000.0;
        self.gauge("parlor_node_clock_offset_seconds", "The broker's clock minus this machine's.", &offset);
    }

    fn turns(&mut self, turns: &TurnTimes) {
        self.head("parlor_turn_seconds", "histogram", "Time of each turn of the event loop.");
        for exp in TURN_EXPS {
            let most = Seconds(Duration::from_nanos(1 << exp));
            self.labelled("parlor_turn_seconds_bucket", "le", &most, turns.count_within_power(exp));
        }
        self.labelled("parlor_turn_seconds_bucket", "le", &"+Inf", turns.count());
        self.sample("parlor_turn_seconds_sum", &Seconds(turns.sum()));
        self.sample("parlor_turn_seconds_count", &turns.count());
    }
}
