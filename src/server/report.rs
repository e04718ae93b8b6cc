//! What somebody who looks inside is told: counts and times, and nothing that anybody said.

use std::time::{Duration, SystemTime};

use super::turn_times::TurnTimes;
use crate::message::{Peer, Tally};
use crate::name::UserName;
use crate::session::uptime;

/// How many of the largest outboxes are told of.
pub(super) const LARGEST: usize = 5;

/// A line of counts is continued in another beyond this many bytes.
const LINE_BYTES: usize = 100;

/// The server at one moment, as plain values.
#[derive(Clone, Debug)]
pub struct Report {
    /// When the server started.
    pub started: SystemTime,
    /// How long it has been up.
    pub up: Duration,
    /// Memory in use, in bytes; `None` where the system does not tell.
    pub resident_bytes: Option<u64>,
    /// Everybody who has a name.
    pub users: usize,
    /// How many of them are operators of the server.
    pub operators: usize,
    /// How many rooms there are.
    pub rooms: usize,
    /// How many connections there are of each stage; those that end are apart.
    pub connections: Tally,
    /// Bytes that wait to be taken by peers, in all.
    pub unsent_bytes: usize,
    /// Bytes of frames that have not ended, in all.
    pub unparsed_bytes: usize,
    /// The largest outboxes that are not empty, the fullest first; at most 5.
    pub largest: Vec<Waiting>,
    /// How long turns took.
    pub turns: TurnTimes,
    /// How often somebody spoke, in rooms and to one user.
    pub messages: u64,
    /// Why connections ended. One whose last bytes were not taken in time counts as `stalled` besides.
    pub endings: Tally,
    /// What was refused, by reason.
    pub refusals: Tally,
    /// Newcomers who were dropped without a word.
    pub dropped: u64,
    /// How often somebody had to wait for sending too much.
    pub pauses: u64,
    /// Log lines that standard error could not take.
    pub lost_log_lines: u64,
}

/// Somebody for whom bytes wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// From where.
    pub peer: Peer,
    /// Who, after a login.
    pub name: Option<UserName>,
    /// How much.
    pub bytes: usize,
}

impl Report {
    /// A page for people, as lines of about 100 bytes at the most. It shows addresses, so it is for operators alone.
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
            "paused for sending too much: {pauses}, dropped at the door: {dropped}, log lines lost: {lost_log_lines}"
        ));
        lines
    }
}

/// Adds `head` and each count behind it, as lines.
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
        }
    }

    #[test]
    fn a_page_tells_everything_a_line_each() {
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
            "paused for sending too much: 6, dropped at the door: 4, log lines lost: 8",
        ];
        assert_eq!(report.lines(), lines);
    }

    #[test]
    fn many_counts_take_several_lines_and_each_says_of_what() {
        let labels = ["name-not-allowed", "too-many-rooms", "watch-list-full", "not-server-operator"];
        let more = ["not-room-operator", "they-are-not-in-room", "cannot-speak", "name-taken"];
        let refusals = Tally::of(labels.into_iter().chain(more));
        let lines = Report { refusals, ..report() }.lines();
        let refused: Vec<_> = lines.iter().filter(|line| line.starts_with("refused: 0")).collect();
        assert_eq!(refused.len(), 2, "{refused:?}");
        assert!(lines.iter().all(|line| line.len() <= LINE_BYTES), "{lines:?}");
    }
}
