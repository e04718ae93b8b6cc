//! Logs what peers cause, with a rate limit per address: a peer that connects in a loop must not fill the disk.
//! Summaries state how many lines were left out. Actions of operators are not limited.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use log::{Level, log, log_enabled, warn};

use crate::bucket::{Bucket, Rate};
#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer, map, read_fields, write_fields};
use crate::message::Peer;
use crate::origin::Origin;

/// The limit for an address. A person who connects, mistypes a password and leaves causes four lines.
const LINES: Rate = Rate { burst: 20, interval: Duration::from_secs(1) };

/// Interval of summaries, which also forget addresses that have caused no lines lately.
const SUMMARY_INTERVAL: Duration = Duration::from_secs(10);

/// Most addresses remembered. This limit does not stop a peer with more of them.
const REMEMBERED: usize = 1024;

/// Addresses that caused lines lately. An unknown address has its whole burst.
#[derive(Debug, Default)]
pub struct PeerLog {
    records: HashMap<Origin, Record>,
    /// The next summary; `None` while nothing is remembered.
    next: Option<Instant>,
}

#[derive(Debug)]
struct Record {
    bucket: Bucket,
    /// The first peer seen at the address.
    peer: Peer,
    /// Lines left out since the last summary.
    left_out: u64,
}

#[cfg(feature = "upgrade")]
map!(Record { 0: bucket, 1: peer, 2: left_out });

#[cfg(feature = "upgrade")]
impl ToCbor for PeerLog {
    fn write(&self, out: &mut Writer) {
        let (records, next) = (&self.records.values().collect::<Vec<_>>(), &self.next);
        write_fields!(out; 0: records, 1: next);
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for PeerLog {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 0: records, 1: next);
        let records: Vec<Record> = records;
        let records = records.into_iter().map(|record| (Origin::of(record.peer), record)).collect();
        Ok(Self { records, next })
    }
}

impl PeerLog {
    /// Logs a line that `peer` has caused, or counts it as left out.
    pub fn line(&mut self, level: Level, peer: Peer, now: Instant, line: fmt::Arguments<'_>) {
        // A line below the log level does not count.
        if log_enabled!(level) && self.takes(peer, now) {
            log!(level, "{line}");
        }
    }

    /// The next time at which `expire` has work.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Logs how many lines were left out, and forgets inactive addresses.
    pub fn expire(&mut self, now: Instant) {
        if self.next.is_none_or(|next| next > now) {
            return;
        }
        self.summarize();
        self.records.retain(|_, record| !record.bucket.is_full(now));
        if self.records.is_empty() {
            self.records = HashMap::new();
        }
        self.next = (!self.records.is_empty()).then(|| now + SUMMARY_INTERVAL);
    }

    /// Logs how many lines were left out, before the program ends.
    pub fn summarize(&mut self) {
        for record in self.records.values_mut() {
            if let Some(summary) = record.take_summary() {
                warn!("{summary}");
            }
        }
    }

    /// Counts a line of `peer`. Returns whether it may be logged now.
    fn takes(&mut self, peer: Peer, now: Instant) -> bool {
        let origin = Origin::of(peer);
        if self.records.len() >= REMEMBERED && !self.records.contains_key(&origin) {
            self.make_room(now);
        }
        self.next = self.next.or(Some(now + SUMMARY_INTERVAL));
        let new = || Record { bucket: Bucket::new(now), peer, left_out: 0 };
        let record = self.records.entry(origin).or_insert_with(new);
        let is_taken = record.bucket.ready_at(LINES) <= now;
        match is_taken {
            true => record.bucket.take(LINES, 1, now),
            false => record.left_out += 1,
        }
        is_taken
    }

    /// Forgets addresses with a full burst, or all if those are less than half.
    fn make_room(&mut self, now: Instant) {
        self.summarize();
        self.records.retain(|_, record| !record.bucket.is_full(now));
        if self.records.len() > REMEMBERED / 2 {
            self.records.clear();
        }
    }
}

impl Record {
    fn take_summary(&mut self) -> Option<String> {
        match mem::take(&mut self.left_out) {
            0 => None,
            1 => Some(format!("{}: 1 more line not logged", place(self.peer))),
            count => Some(format!("{}: {count} more lines not logged", place(self.peer))),
        }
    }
}

/// The address of a peer as it is counted.
fn place(peer: Peer) -> String {
    match peer {
        Peer::Tcp(IpAddr::V6(ip), _) if !ip.is_loopback() => {
            format!("{}/64", Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64))
        }
        Peer::Tcp(ip, _) => ip.to_string(),
        Peer::Unix => peer.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ip: &str, port: u16) -> Peer {
        Peer::Tcp(ip.parse().expect("the test names good addresses"), port)
    }

    /// Number of these lines that are logged.
    fn taken(log: &mut PeerLog, peer: Peer, lines: usize, now: Instant) -> usize {
        (0..lines).filter(|_| log.takes(peer, now)).count()
    }

    fn summaries(log: &mut PeerLog) -> Vec<String> {
        let mut summaries: Vec<_> = log.records.values_mut().filter_map(Record::take_summary).collect();
        summaries.sort();
        summaries
    }

    #[test]
    fn an_address_may_cause_twenty_lines_and_then_one_per_second_over_all_ports() {
        let (mut log, mut now) = (PeerLog::default(), Instant::now());
        let lines = (1..=1000).filter(|&port| log.takes(at("192.0.2.7", port), now));
        assert_eq!(lines.count(), 20);
        assert_eq!(taken(&mut log, at("192.0.2.8", 1), 5, now), 5, "others are not affected");
        for _ in 0..3 {
            now += Duration::from_secs(1);
            assert_eq!(taken(&mut log, at("192.0.2.7", 1), 100, now), 1);
        }
        now += Duration::from_secs(60);
        assert_eq!(taken(&mut log, at("192.0.2.7", 1), 100, now), 20, "the burst comes back");
    }

    #[test]
    fn omitted_lines_are_counted_and_reported_once() {
        let (mut log, now) = (PeerLog::default(), Instant::now());
        for (peer, lines) in [
            (at("192.0.2.7", 9), 1254),
            (at("192.0.2.8", 9), 20),
            (at("2001:db8::1:2", 9), 21),
            (at("::1", 9), 22),
            (Peer::Unix, 23),
        ] {
            taken(&mut log, peer, lines, now);
        }
        let told = [
            "192.0.2.7: 1234 more lines not logged",
            "2001:db8::/64: 1 more line not logged",
            "::1: 2 more lines not logged",
            "unix: 3 more lines not logged",
        ];
        assert_eq!(summaries(&mut log), told);
        assert!(summaries(&mut log).is_empty());
    }

    #[test]
    fn an_address_with_a_full_burst_is_forgotten() {
        let (mut log, mut now) = (PeerLog::default(), Instant::now());
        assert_eq!(log.next_deadline(), None);
        taken(&mut log, at("192.0.2.7", 1), 15, now);
        for seconds in [10, 20] {
            assert_eq!(log.next_deadline(), Some(now + Duration::from_secs(10)));
            now += Duration::from_secs(10);
            log.expire(now);
            assert_eq!(log.records.is_empty(), seconds == 20);
        }
        assert_eq!((log.next_deadline(), log.records.capacity()), (None, 0));
    }

    #[test]
    fn the_number_of_remembered_addresses_is_bounded() {
        let (mut log, mut now) = (PeerLog::default(), Instant::now());
        for n in 0..5 * REMEMBERED as u128 {
            let peer = Peer::Tcp(Ipv6Addr::from_bits(0x2001_0db8 << 96 | n << 64).into(), 1);
            taken(&mut log, peer, 2, now);
            assert!(log.records.len() <= REMEMBERED);
            now += Duration::from_millis(1);
        }
    }
}
