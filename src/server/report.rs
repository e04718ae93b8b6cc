//! A report on the running server: counts and times, and no message text.

use std::time::{Duration, SystemTime};

#[cfg(feature = "cluster")]
use super::NodeStatus;
use super::turn_times::TurnTimes;
use crate::message::{Peer, Tally};
use crate::name::UserName;
use crate::session::uptime;
#[cfg(feature = "store")]
use crate::store::Status;

pub(super) const LARGEST: usize = 5;

/// Counts continue on a further line beyond this many bytes.
const LINE_BYTES: usize = 100;

/// The server at one moment.
#[derive(Clone, Debug)]
pub struct Report {
    /// When the server started.
    pub started: SystemTime,
    /// The time since then.
    pub up: Duration,
    /// Resident memory in bytes; `None` if the system does not report it.
    pub resident_bytes: Option<u64>,
    /// Users with a name.
    pub users: usize,
    /// How many users are server operators.
    pub operators: usize,
    /// Rooms that exist.
    pub rooms: usize,
    /// Connections by stage; those that are closing are one entry.
    pub connections: Tally,
    /// Unsent bytes of all connections.
    pub unsent_bytes: usize,
    /// Bytes of unfinished frames of all connections.
    pub unparsed_bytes: usize,
    /// The largest outboxes that are not empty, largest first; at most 5.
    pub largest: Vec<Waiting>,
    /// Durations of turns.
    pub turns: TurnTimes,
    /// Messages to rooms and to single users.
    pub messages: u64,
    /// Connections closed, by reason. A peer that did not take its last bytes in time counts as `stalled` too.
    pub endings: Tally,
    /// Refusals by reason.
    pub refusals: Tally,
    /// Newcomers dropped without a reason given.
    pub dropped: u64,
    /// How often a peer had to wait because it exceeded its rate.
    pub pauses: u64,
    /// Log lines lost because standard error could not take them.
    pub lost_log_lines: u64,
    /// The store, if there is one.
    #[cfg(feature = "store")]
    pub store: Option<Status>,
    /// This node, if it is one of several.
    #[cfg(feature = "cluster")]
    pub node: Option<NodeStatus>,
}

/// A connection with unsent bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The address of the peer.
    pub peer: Peer,
    /// The user, after login.
    pub name: Option<UserName>,
    /// Unsent bytes.
    pub bytes: usize,
}

impl Report {
    /// Lines of about 100 bytes for people to read. They show addresses, so only operators may see them.
    pub fn lines(&self) -> Vec<String> {
        let Self { users, operators, rooms, messages, dropped, pauses, lost_log_lines, .. } = self;
        let mut lines = vec![match self.resident_bytes {
            Some(bytes) => format!("up {}, {} kB of memory", uptime(self.up), bytes / 1024),
            None => format!("up {}", uptime(self.up)),
        }];
        lines.push(format!("users: {users}, operators: {operators}, rooms: {rooms}, messages: {messages}"));
        list(&format!("connections: {}", self.connections.total()), &self.connections, &mut lines);
        lines.push(format!("bytes: {} unsent, {} unparsed", self.unsent_bytes, self.unparsed_bytes));
        lines.extend(self.largest.iter().map(|Waiting { peer, name, bytes }| match name {
            Some(name) => format!("bytes unsent to {peer} {name}: {bytes}"),
            None => format!("bytes unsent to {peer}: {bytes}"),
        }));
        let [half, most, nearly_all] = [500, 990, 999].map(|share| self.turns.within(share));
        let (count, longest) = (self.turns.count(), self.turns.longest());
        lines.push(format!(
            "turns: {count}, half in {half:.1?}, 99 % in {most:.1?}, 99.9 % in {nearly_all:.1?}, all in {longest:.1?}"
        ));
        let recent = self.turns.longest_recent();
        lines.push(format!("longest turn since the last report by signal: {recent:.1?}"));
        list(&format!("ended: {}", self.endings.total()), &self.endings, &mut lines);
        list(&format!("refused: {}", self.refusals.total()), &self.refusals, &mut lines);
        lines.push(format!(
            "paused for sending too much: {pauses}, dropped newcomers: {dropped}, log lines lost: {lost_log_lines}"
        ));
        #[cfg(feature = "store")]
        lines.extend(self.store.iter().flat_map(store_lines));
        #[cfg(feature = "cluster")]
        lines.extend(self.node.iter().flat_map(NodeStatus::lines));
        lines
    }
}

#[cfg(feature = "store")]
fn store_lines(store: &Status) -> [String; 2] {
    let Status { figures, queued_records, queued_bytes, lost_records, .. } = store;
    let kb = figures.file_bytes / 1024;
    let failure = store.failure.as_deref().unwrap_or("none");
    [
        format!(
            "store: {} messages, {} other events, {kb} kB, {queued_records} waiting ({queued_bytes} bytes), lost: {lost_records}",
            figures.messages, figures.events
        ),
        format!(
            "store: last commit in {:.1?}, longest in {:.1?}, failure: {failure}",
            store.last_commit, store.longest_commit
        ),
    ]
}

fn list(head: &str, tally: &Tally, lines: &mut Vec<String>) {
    let mut line = format!("{head} in all");
    for (label, count) in tally.iter() {
        let entry = format!(", {label} {count}");
        if line.len() + entry.len() > LINE_BYTES {
            lines.push(std::mem::replace(&mut line, head.to_owned()));
        }
        line.push_str(&entry);
    }
    lines.push(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            started: SystemTime::UNIX_EPOCH,
            up: Duration::from_secs(93_784),
            resident_bytes: Some(2 << 20),
            users: 3,
            operators: 1,
            rooms: 2,
            connections: Tally::of(["unknown", "irc"]),
            unsent_bytes: 70,
            unparsed_bytes: 5,
            largest: vec![
                Waiting { peer: Peer::Unix, name: UserName::new("ana").ok(), bytes: 60 },
                Waiting { peer: Peer::Unix, name: None, bytes: 10 },
            ],
            turns: TurnTimes::default(),
            messages: 9,
            endings: Tally::default(),
            refusals: Tally::default(),
            dropped: 4,
            pauses: 6,
            lost_log_lines: 8,
            #[cfg(feature = "store")]
            store: None,
            #[cfg(feature = "cluster")]
            node: None,
        }
    }

    #[test]
    fn a_report_has_one_line_per_fact() {
        let mut report = report();
        report.turns.record(Duration::from_millis(2));
        report.endings.count("quit");
        let lines = [
            "up 1 days 2:03:04, 2048 kB of memory",
            "users: 3, operators: 1, rooms: 2, messages: 9",
            "connections: 0 in all, unknown 0, irc 0",
            "bytes: 70 unsent, 5 unparsed",
            "bytes unsent to unix ana: 60",
            "bytes unsent to unix: 10",
            "turns: 1, half in 2.0ms, 99 % in 2.0ms, 99.9 % in 2.0ms, all in 2.0ms",
            "longest turn since the last report by signal: 2.0ms",
            "ended: 1 in all, quit 1",
            "refused: 0 in all",
            "paused for sending too much: 6, dropped newcomers: 4, log lines lost: 8",
        ];
        assert_eq!(report.lines(), lines);
    }

    #[test]
    fn many_counts_take_several_lines_that_each_name_their_subject() {
        let labels = ["name-not-allowed", "too-many-rooms", "watch-list-full", "not-server-operator"];
        let more = ["not-room-operator", "they-are-not-in-room", "cannot-speak", "name-taken"];
        let refusals = Tally::of(labels.into_iter().chain(more));
        let lines = Report { refusals, ..report() }.lines();
        let refused: Vec<_> = lines.iter().filter(|line| line.starts_with("refused: 0")).collect();
        assert_eq!(refused.len(), 2, "{refused:?}");
        assert!(lines.iter().all(|line| line.len() <= LINE_BYTES), "{lines:?}");
    }
}
