//! What was said before, or while we were away. It fetches what is missing after each join, keeps live lines back until
//! it has come, and drops what would come twice. It knows no sockets and no clock: events go in; events, the past and
//! requests come out.

mod fetch;
mod markers;
mod seen;
mod talks;

pub(super) use fetch::{Past, Why};

use std::time::{Instant, SystemTime, UNIX_EPOCH};
use std::{iter, mem};

use crate::client::{ClientEvent, ClientEventKind, HistoryOffer, Moment, Request};
use crate::config::EARLIER_MOST;
use crate::name::same_name;
use fetch::{Fetch, PAGE_TIMEOUT};
use markers::Markers;
use seen::Seen;
use talks::Talks;

/// Most rooms whose past is fetched at the same time.
const FETCHES: usize = 200;

/// Memory for the lines of all of them, in bytes.
const BYTES: usize = 4 * 1024 * 1024;

/// Most lines that are fetched after a time away.
const MISSED_MOST: usize = 300;

/// Most users whose private messages are fetched after a time away.
const TALKS_MOST: usize = 50;

/// Most private messages of one user that are fetched at the start.
const UNREAD_MOST: usize = 50;

/// Most lines that a search shows.
const FOUND_MOST: usize = 50;

/// What to do next, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recalled {
    /// Handle this event, as if it had come now.
    Live(ClientEvent),
    /// Show this.
    Past(Past),
    /// The server has not answered in time: with the past of this room, or a search.
    NoAnswer(Option<String>),
}

/// The past that is being fetched, and how far each room has come.
#[derive(Debug)]
pub(super) struct Recalls {
    /// Lines to fetch after the first join of a room.
    earlier: usize,
    /// Our name at the last join.
    name: String,
    /// Fetch what was missed, and take what is sent unasked.
    is_wanted: bool,
    seen: Seen,
    /// At most one of each room.
    fetches: Vec<Fetch>,
    search: Option<Search>,
    talks: Talks,
    markers: Markers,
    /// What is to be sent.
    requests: Vec<Request>,
}

#[derive(Debug)]
struct Search {
    room: String,
    text: String,
    until: Instant,
}

impl Recalls {
    /// Fetches the last `earlier` lines of each room, and what was missed unless it is not wanted.
    pub(super) fn new(earlier: usize, is_wanted: bool) -> Self {
        let (fetches, requests) = (Vec::new(), Vec::new());
        let (name, seen) = (String::new(), Seen::default());
        let (talks, markers) = (Talks::default(), Markers::default());
        Self { earlier, name, is_wanted, seen, fetches, search: None, talks, markers, requests }
    }

    /// Makes it recall for a person at a keyboard, who at the start is shown the private messages since the last time.
    pub(super) fn for_reader(self) -> Self {
        Self { markers: Markers::for_reader(), ..self }
    }

    /// Applies an event.
    pub(super) fn hear(&mut self, event: ClientEvent, offer: HistoryOffer, now: Instant) -> Vec<Recalled> {
        let recalled = self.apply(event, offer, now);
        self.markers.note(&recalled, offer, now);
        recalled
    }

    fn apply(&mut self, event: ClientEvent, offer: HistoryOffer, now: Instant) -> Vec<Recalled> {
        let event = match event.kind {
            ClientEventKind::History { room, events, is_all } => {
                return self.page(&room, events, is_all, now);
            }
            ClientEventKind::Found(lines) => return self.found(lines),
            kind => ClientEvent { kind, ..event },
        };
        self.talks.note(event.time);
        match &event.kind {
            ClientEventKind::Whispered { .. } => self.talks.hear(event.id.as_deref()),
            ClientEventKind::TalkedWith { who, last } => {
                self.talked(who, *last, now);
                return Vec::new();
            }
            ClientEventKind::ReadMarker { of, at } => {
                if let Some(since) = self.markers.answered(of, *at) {
                    self.fetch_talk(of, since, UNREAD_MOST, now);
                }
                return Vec::new();
            }
            // Nobody has asked for it at the keyboard.
            ClientEventKind::Refused { command: Some(command), .. } if command == "MARKREAD" => {
                return Vec::new();
            }
            ClientEventKind::Said { room: Some(room), .. } => {
                let room = room.clone();
                return self.said(&room, event);
            }
            ClientEventKind::Joined { room, who } if event.is_own => {
                who.clone_into(&mut self.name);
                if self.is_wanted && offer.has_history {
                    self.begin(room, event.time, now);
                    self.ask_for_talks(event.time, offer);
                }
            }
            ClientEventKind::Refused { command: Some(command), about, .. } => {
                let freed = self.refused(command, about.as_deref());
                return iter::once(Recalled::Live(event)).chain(freed).collect();
            }
            ClientEventKind::Parted { room, .. } if event.is_own => {
                let freed = self.abandon(room);
                return freed.into_iter().chain([Recalled::Live(event)]).collect();
            }
            ClientEventKind::Kicked { room, who, .. } if same_name(who, &self.name) => {
                let freed = self.abandon(room);
                return freed.into_iter().chain([Recalled::Live(event)]).collect();
            }
            _ => {}
        }
        vec![Recalled::Live(event)]
    }

    /// Fetches the last `count` lines of a room. An error for people if the room's past is already on its way.
    pub(super) fn ask(&mut self, room: &str, count: usize, now: Instant) -> Result<(), &'static str> {
        if self.fetches.iter().any(|fetch| fetch.is_of(room)) {
            return Err("the server is still sending what was said here");
        }
        self.start(Fetch::new(room, Why::Asked, None, count.clamp(1, EARLIER_MOST), now));
        Ok(())
    }

    /// Searches a room. An error for people if another search is under way.
    pub(super) fn search(&mut self, room: &str, text: &str, now: Instant) -> Result<(), &'static str> {
        if self.search.is_some() {
            return Err("the server is still searching");
        }
        let (room, text) = (room.to_owned(), text.to_owned());
        self.requests.push(Request::Search { room: room.clone(), text: text.clone(), most: FOUND_MOST });
        self.search = Some(Search { room, text, until: now + PAGE_TIMEOUT });
        Ok(())
    }

    /// What is to be sent, ahead of everything else.
    pub(super) fn take_requests(&mut self) -> Vec<Request> {
        mem::take(&mut self.requests)
    }

    /// True if something is being fetched.
    pub(super) fn is_waiting(&self) -> bool {
        !self.fetches.is_empty() || self.search.is_some()
    }

    /// When to call [`Recalls::expire`].
    pub(super) fn due(&self) -> Option<Instant> {
        let search = self.search.iter().map(|search| search.until);
        self.fetches.iter().map(|fetch| fetch.until).chain(search).chain(self.markers.due).min()
    }

    /// Tells the server how far everything was read.
    pub(super) fn tell_markers(&mut self) {
        let markers = self.markers.tell();
        self.requests.extend(markers);
    }

    /// Ends what the server has not answered in time, and does what is due.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Recalled> {
        if self.markers.due.is_some_and(|due| due <= now) {
            self.tell_markers();
        }
        let mut told = Vec::new();
        if self.search.take_if(|search| search.until <= now).is_some() {
            told.push(Recalled::NoAnswer(None));
        }
        while let Some(late) = self.fetches.iter().find(|fetch| fetch.until <= now) {
            let room = late.room().to_owned();
            told.extend(late.is_empty().then(|| Recalled::NoAnswer(Some(room.clone()))));
            told.extend(self.abandon(&room));
        }
        told
    }

    /// The connection is lost. What was held back will be fetched again.
    pub(super) fn lost(&mut self) {
        (self.fetches, self.search, self.requests) = (Vec::new(), None, Vec::new());
        self.talks.lost();
        self.markers.lost();
    }

    /// We are in a room.
    fn begin(&mut self, room: &str, time: Option<SystemTime>, now: Instant) {
        self.fetches.retain(|fetch| !fetch.is_of(room));
        match self.seen.in_room(room) {
            Some(last) => {
                self.start(Fetch::new(room, Why::Missed, Some(last.clone()), MISSED_MOST, now));
            }
            None => {
                // Nothing else may be said until the connection is lost.
                time.iter().for_each(|&time| self.seen.set(room, Moment { id: None, time: Some(time) }));
                if self.earlier > 0 {
                    self.start(Fetch::new(room, Why::Earlier, None, self.earlier, now));
                }
            }
        }
    }

    /// Asks with whom we have exchanged private messages: at the start ever, or else since the connection was lost.
    fn ask_for_talks(&mut self, time: Option<SystemTime>, offer: HistoryOffer) {
        let after = if self.markers.begin(time, offer) {
            self.talks.start();
            UNIX_EPOCH
        } else {
            let Some(since) = self.talks.resume() else { return };
            since
        };
        self.requests.push(Request::Talks { after, most: TALKS_MOST });
    }

    /// We have exchanged private messages with somebody, the last one then.
    fn talked(&mut self, with: &str, last: Option<SystemTime>, now: Instant) {
        match self.talks.since {
            Some(since) => self.fetch_talk(with, since, MISSED_MOST, now),
            None => self.requests.extend(self.markers.ask(with, last)),
        }
    }

    fn fetch_talk(&mut self, with: &str, since: SystemTime, most: usize, now: Instant) {
        if !self.fetches.iter().any(|fetch| fetch.is_of(with)) {
            let after = Moment { id: None, time: Some(since) };
            self.start(Fetch::new(with, Why::Missed, Some(after), most, now));
        }
    }

    fn start(&mut self, fetch: Fetch) {
        if self.fetches.len() < FETCHES {
            self.requests.push(fetch.request());
            self.fetches.push(fetch);
        }
    }

    /// Memory that is left for lines, in bytes.
    fn bytes_left(&self) -> usize {
        BYTES.saturating_sub(self.fetches.iter().map(Fetch::bytes).sum())
    }

    /// Somebody spoke: the line waits if the past of its room is on its way.
    fn said(&mut self, room: &str, event: ClientEvent) -> Vec<Recalled> {
        let is_full = self.bytes_left() == 0;
        match self.fetches.iter_mut().find(|fetch| fetch.is_of(room) && fetch.holds()) {
            None => self.live(vec![event]),
            Some(fetch) => {
                fetch.hold(event);
                // Rather than lose lines, it ends here.
                if is_full { self.abandon(room) } else { Vec::new() }
            }
        }
    }

    /// Live lines, which are the last of their rooms now.
    fn live(&mut self, events: Vec<ClientEvent>) -> Vec<Recalled> {
        events.iter().for_each(|event| self.note(event));
        events.into_iter().map(Recalled::Live).collect()
    }

    fn note(&mut self, event: &ClientEvent) {
        if let (ClientEventKind::Said { room: Some(room), .. }, Some(moment)) =
            (&event.kind, Moment::of(event))
        {
            self.seen.set(room, moment);
        }
    }

    /// The answer to a search.
    fn found(&mut self, lines: Vec<ClientEvent>) -> Vec<Recalled> {
        let is_cut = lines.len() >= FOUND_MOST;
        let past = self.search.take().map(|Search { room, text, .. }| {
            Recalled::Past(Past { room, why: Why::Found(text), lines, is_cut })
        });
        past.into_iter().collect()
    }

    fn page(&mut self, room: &str, events: Vec<ClientEvent>, is_all: bool, now: Instant) -> Vec<Recalled> {
        let left = self.bytes_left();
        let Some(fetch) = self.fetches.iter_mut().find(|fetch| fetch.is_of(room)) else {
            return self.unasked(room, events, now);
        };
        let most_bytes = fetch.bytes() + left;
        if fetch.take(events, is_all, most_bytes, now) {
            return self.end(room);
        }
        self.requests.push(fetch.request());
        Vec::new()
    }

    /// A server sends the past by itself, or too late.
    fn unasked(&mut self, room: &str, events: Vec<ClientEvent>, now: Instant) -> Vec<Recalled> {
        if !self.is_wanted {
            return Vec::new();
        }
        let mut fetch = Fetch::new(room, Why::Earlier, None, EARLIER_MOST, now);
        fetch.take(events, true, BYTES, now);
        vec![Recalled::Past(fetch.end().0)]
    }

    /// Ends the fetch of a room: its past, and then the live lines.
    fn end(&mut self, room: &str) -> Vec<Recalled> {
        let Some(at) = self.fetches.iter().position(|fetch| fetch.is_of(room)) else { return Vec::new() };
        let (mut past, live) = self.fetches.remove(at).end();
        past.lines.retain(|line| line.id.as_ref().is_none_or(|id| !self.talks.has_heard(id)));
        if let (Why::Earlier | Why::Missed, Some(last)) = (&past.why, past.lines.last()) {
            self.note(last);
        }
        let mut told = vec![Recalled::Past(past)];
        told.extend(self.live(live));
        told
    }

    /// The server refuses to show the past. Live lines need not wait any longer.
    fn refused(&mut self, command: &str, about: Option<&str>) -> Vec<Recalled> {
        match command {
            "SEARCH" => self.search = None,
            "CHATHISTORY" => {
                let named = self.fetches.iter().find(|fetch| about.is_some_and(|about| fetch.is_of(about)));
                // Servers answer in order.
                let refused = named.or(self.fetches.first()).map(|fetch| fetch.room().to_owned());
                return refused.map(|room| self.abandon(&room)).unwrap_or_default();
            }
            _ => {}
        }
        Vec::new()
    }

    /// Ends the fetch of a room before it is complete.
    fn abandon(&mut self, room: &str) -> Vec<Recalled> {
        let mut told = self.end(room);
        told.retain(|told| !matches!(told, Recalled::Past(past) if past.lines.is_empty()));
        told
    }
}

#[cfg(test)]
mod tests;
