//! How far streams are read.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::keys;
use crate::broker::Command;
use crate::cluster::request::Stream;
use crate::message::LogIndex;

/// A stream that was not read before is read from this time ago on.
const BACK: Duration = Duration::from_secs(5);

/// The id of an entry: milliseconds and a counter, or the number of a log entry and 0.
pub(super) type Id = (u64, u64);

/// What is read: a stream of messages, or `None` for the log.
pub(super) type Source = Option<Stream>;

/// The last entries that were read.
#[derive(Debug, Default)]
pub(super) struct Positions {
    log: Id,
    streams: HashMap<Stream, Id>,
}

impl Positions {
    /// Reads these streams from now on, and no others. True if some of them are new; then `begin` must be called.
    pub(super) fn set(&mut self, after: LogIndex, streams: &[Stream]) -> bool {
        self.log = (after.0, 0);
        self.streams.retain(|stream, _| streams.contains(stream));
        streams.iter().any(|stream| !self.streams.contains_key(stream))
    }

    /// Begins to read new streams. `now` is the broker's time. Positions after it are those of another broker, which knew
    /// of entries that this one has lost: what this one adds could have smaller ids.
    pub(super) fn begin(&mut self, streams: &[Stream], now: SystemTime) {
        let [now, start] = [Some(now), now.checked_sub(BACK)].map(milliseconds);
        for position in self.streams.values_mut().filter(|position| position.0 > now) {
            *position = (start, 0);
        }
        for stream in streams {
            self.streams.entry(stream.clone()).or_insert((start, 0));
        }
    }

    pub(super) fn of(&self, source: &Source) -> Id {
        match source {
            None => self.log,
            Some(stream) => self.streams.get(stream).copied().unwrap_or_default(),
        }
    }

    /// Appends what to read, and from where on, to a command.
    pub(super) fn named(&self, command: Command, sources: &[Source]) -> Command {
        let keys = sources.iter().map(keys::of);
        let command = keys.fold(command.arg("STREAMS"), |command, key| command.key(&key));
        let ids = sources.iter().map(|source| self.of(source));
        ids.fold(command, |command, (first, second)| command.arg(format!("{first}-{second}")))
    }

    /// Notes that it was read up to this entry.
    pub(super) fn advance(&mut self, source: &Source, to: Id) {
        let position = match source {
            None => Some(&mut self.log),
            Some(stream) => self.streams.get_mut(stream),
        };
        if let Some(position) = position {
            *position = to;
        }
    }
}

fn milliseconds(time: Option<SystemTime>) -> u64 {
    let since = time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(n)
    }

    #[test]
    fn a_stream_keeps_its_position_until_it_is_not_read_any_longer() {
        let [one, two] = [1, 2].map(Stream::Shard);
        let [first, second_one] = [one.clone(), two.clone()].map(Some);
        let mut positions = Positions::default();
        assert!(positions.set(LogIndex(7), std::slice::from_ref(&one)));
        positions.begin(std::slice::from_ref(&one), second(100));
        assert_eq!((positions.of(&None), positions.of(&first)), ((7, 0), (95_000, 0)));
        positions.advance(&first, (99_000, 1));
        positions.advance(&None, (9, 0));
        let both = [one, two.clone()];
        assert!(positions.set(LogIndex(8), &both));
        positions.begin(&both, second(110));
        assert_eq!((positions.of(&first), positions.of(&second_one)), ((99_000, 1), (105_000, 0)));
        assert_eq!(positions.of(&None), (8, 0));
        assert!(!positions.set(LogIndex(8), &[two]));
        assert!(positions.set(LogIndex(8), &both));
    }

    #[test]
    fn a_position_after_the_brokers_time_is_set_back() {
        let stream = Stream::Inbox("attic".into());
        let mut positions = Positions::default();
        positions.begin(std::slice::from_ref(&stream), second(100));
        let source = Some(stream);
        positions.advance(&source, (100_001, 0));
        positions.begin(&[], second(100));
        assert_eq!(positions.of(&source), (95_000, 0));
    }
}
