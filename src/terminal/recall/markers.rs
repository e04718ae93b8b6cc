//! How far the person at the terminal has seen private messages: the server remembers it (IRCv3 `draft/read-marker`), so
//! that the next start shows what came since.

use std::time::{Duration, Instant, SystemTime};

use super::{Past, Recalled, Why};
use crate::client::{ClientEvent, ClientEventKind, HistoryOffer, Request};
use crate::name::same_name;

/// Most people whose messages are shown at the start.
const PEOPLE: usize = 20;

/// Most people whose markers wait to be sent.
const SHOWN: usize = 50;

/// Messages that come within this time are one marker.
const BURST: Duration = Duration::from_secs(2);

/// From people without a marker, only messages of this time before the start are shown.
const NEWS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[derive(Debug, Default)]
pub(super) struct Markers {
    /// A person reads what is shown.
    is_read: bool,
    /// Since when people without a marker count; `None` before the first join.
    since: Option<SystemTime>,
    /// People whose markers we have asked for, and the time of their last message.
    asked: Vec<(String, SystemTime)>,
    /// How far messages were shown, which the server does not know yet.
    shown: Vec<(String, SystemTime)>,
    /// When to tell it.
    pub(super) due: Option<Instant>,
}

impl Markers {
    pub(super) fn for_reader() -> Self {
        Self { is_read: true, ..Self::default() }
    }

    /// We are in a room, at this time by the server's clock. True at the start, if the server remembers markers.
    pub(super) fn begin(&mut self, time: Option<SystemTime>, offer: HistoryOffer) -> bool {
        let is_start = self.is_read && offer.has_markers && self.since.is_none();
        if is_start {
            self.since = time.and_then(|time| time.checked_sub(NEWS));
        }
        is_start && self.since.is_some()
    }

    /// We have exchanged messages with somebody, the last one then: asks for the marker. Of too many people, those who
    /// spoke last are kept.
    pub(super) fn ask(&mut self, with: &str, last: Option<SystemTime>) -> Option<Request> {
        let last = last.filter(|_| self.since.is_some())?;
        self.asked.push((with.to_owned(), last));
        if self.asked.len() > PEOPLE {
            let (oldest, _) = self.asked.iter().enumerate().min_by_key(|(_, (_, last))| last)?;
            self.asked.remove(oldest);
        }
        Some(Request::ReadMarker { of: with.to_owned(), at: None })
    }

    /// A marker: since when the messages are to be shown, if there are any and we have asked.
    pub(super) fn answered(&mut self, of: &str, at: Option<SystemTime>) -> Option<SystemTime> {
        let (_, last) = self.asked.remove(self.asked.iter().position(|(with, _)| same_name(with, of))?);
        at.or(self.since).filter(|since| *since < last)
    }

    /// The connection is lost.
    pub(super) fn lost(&mut self) {
        self.asked.clear();
        self.due = None;
    }

    /// Notes what is shown.
    pub(super) fn note(&mut self, recalled: &[Recalled], offer: HistoryOffer, now: Instant) {
        if !self.is_read || !offer.has_markers {
            return;
        }
        for one in recalled {
            let last = match one {
                Recalled::Live(event) => Some(event),
                Recalled::Past(Past { why: Why::Missed | Why::Earlier, lines, .. }) => lines.last(),
                Recalled::Past(_) | Recalled::NoAnswer(_) => None,
            };
            if let Some((with, time)) = last.and_then(talk) {
                self.due.get_or_insert(now + BURST);
                self.set(with, time);
            }
        }
    }

    fn set(&mut self, with: &str, time: SystemTime) {
        if let Some((_, shown)) = self.shown.iter_mut().find(|(name, _)| same_name(name, with)) {
            *shown = time.max(*shown);
        } else if self.shown.len() < SHOWN {
            // Messages of more people are shown once more at the next start.
            self.shown.push((with.to_owned(), time));
        }
    }

    /// Tells the server how far messages were shown.
    pub(super) fn tell(&mut self) -> Vec<Request> {
        self.due = None;
        self.shown.drain(..).map(|(of, time)| Request::ReadMarker { of, at: Some(time) }).collect()
    }
}

/// With whom a private message was exchanged, and when.
fn talk(event: &ClientEvent) -> Option<(&str, SystemTime)> {
    let ClientEventKind::Whispered { from, to, .. } = &event.kind else { return None };
    let with = if event.is_own { to.as_ref()? } else { from };
    Some((with, event.time?))
}
