//! A naive store: everything is in one list, and every answer looks at all of it.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use parlor::message::{
    AccountAnswer, AccountId, AccountQuery, Answer, Ban, Event, EventId, EventKind, First, HistoryLimit,
    Interval, Query, Readable, Record, Scope, Selected, Selection, Source, Speech, SpeechKind,
};
use parlor::name::RoomName;
use parlor::store::{Database, Figures, Question, Store};

use super::known::Known;

/// What is kept of every room.
#[derive(Debug)]
pub struct Past {
    age: Duration,
    lines: usize,
    kept: Vec<Kept>,
    limits: BTreeMap<String, HistoryLimit>,
    pub known: Known,
}

#[derive(Debug)]
struct Kept {
    place: Place,
    is_closed: bool,
    event: Event,
}

/// Where something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Room(RoomName),
    Talk([AccountId; 2]),
}

impl Kept {
    fn is_message(&self) -> bool {
        self.speech().is_some_and(|speech| speech.kind != SpeechKind::TagsOnly)
    }

    fn speech(&self) -> Option<&Speech> {
        match &self.event.kind {
            EventKind::Said { speech, .. } | EventKind::Whispered { speech, .. } => Some(speech),
            _ => None,
        }
    }

    fn is_in(&self, of: &Scope, Interval { after, before, .. }: Interval) -> bool {
        let is_readable = match (of, &self.place) {
            (Scope::Room(Readable { room, closed_since }), Place::Room(place)) => {
                room == place && (!self.is_closed || self.event.id >= *closed_since)
            }
            (Scope::Talk(of), Place::Talk(between)) => of == between,
            (Scope::Talks(of), Place::Talk(between)) => between.contains(of),
            _ => false,
        };
        is_readable && after < self.event.id && self.event.id < before
    }

    fn has(&self, words: &[String], from: Option<&parlor::name::UserName>) -> bool {
        let Some(Speech { text, .. }) = self.speech() else { return false };
        let Source::User(author) = &self.event.from else { return false };
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word)) && from.is_none_or(|name| author.name == *name)
    }
}

impl Past {
    pub fn new(age: Duration, lines: usize) -> Self {
        Self { age, lines, kept: Vec::new(), limits: BTreeMap::new(), known: Known::default() }
    }

    /// A store with this past, and what reports its answers.
    pub fn store(self) -> (Store, mpsc::Receiver<()>) {
        let (woken, wake) = mpsc::channel();
        let store =
            Store::start(self, move || woken.send(()).unwrap_or_default()).expect("there are threads");
        (store, wake)
    }

    /// Forgets what is too old or too much.
    fn forget(&mut self, now: SystemTime) {
        let places: Vec<_> = self.kept.iter().map(|kept| kept.place.clone()).collect();
        for place in places {
            let limit = match &place {
                Place::Room(room) => self.limits.get(&key(room)).copied(),
                Place::Talk(_) => None,
            };
            let age = limit.map_or(self.age, |limit| limit.age.min(self.age));
            let lines = limit.map_or(self.lines, |limit| self.lines.min(limit.lines as usize));
            let oldest = now.checked_sub(age).map_or(EventId::MIN, EventId::before);
            self.kept.retain(|kept| kept.place != place || kept.event.id > oldest);
            for is_message in [true, false] {
                let is_one = |kept: &Kept| kept.place == place && kept.is_message() == is_message;
                let mut excess = self.kept.iter().filter(|kept| is_one(kept)).count().saturating_sub(lines);
                self.kept.retain(|kept| {
                    let goes = is_one(kept) && excess > 0;
                    excess -= usize::from(goes);
                    !goes
                });
            }
        }
    }

    fn rename(&mut self, from: &RoomName, to: &RoomName) {
        let [old, new] = [from, to].map(|room| Place::Room(room.clone()));
        if old != new {
            self.kept.retain(|kept| kept.place != new);
            self.limits.remove(&key(to));
        }
        for kept in self.kept.iter_mut().filter(|kept| kept.place == old) {
            kept.place = new.clone();
            move_to(&mut kept.event.kind, to);
        }
        if let Some(limit) = self.limits.remove(&key(from)) {
            self.limits.insert(key(to), limit);
        }
    }

    fn select(&self, selection: &Selection) -> Selected {
        let Selection { of, interval, with_events, most } = selection;
        let is_one = |kept: &&Kept| kept.is_in(of, *interval) && (*with_events || kept.is_message());
        let all: Vec<_> = self.kept.iter().filter(is_one).map(|kept| kept.event.clone()).collect();
        let is_all = all.len() <= *most;
        let first = interval.first;
        Selected { of: of.clone(), events: end(all, *most, first), first, is_all }
    }
}

fn key(room: &RoomName) -> String {
    room.as_str().to_lowercase()
}

/// Tells an event of the room that has this name now.
pub fn move_to(kind: &mut EventKind, name: &RoomName) {
    match kind {
        EventKind::Said { room, .. }
        | EventKind::Joined { room, .. }
        | EventKind::Parted { room, .. }
        | EventKind::Kicked { room, .. }
        | EventKind::TopicSet { room, .. }
        | EventKind::Changed { room, .. } => *room = name.clone(),
        _ => {}
    }
}

fn end(mut all: Vec<Event>, most: usize, first: First) -> Vec<Event> {
    match first {
        First::Oldest => all.truncate(most),
        First::Newest => drop(all.drain(..all.len().saturating_sub(most))),
    }
    all
}

impl Database for Past {
    fn write(&mut self, records: &[Record]) -> Result<(), String> {
        for record in records {
            match record.clone() {
                Record::Event { room, is_closed, event } => {
                    self.kept.push(Kept { place: Place::Room(room), is_closed, event });
                }
                Record::Whispered { between, event } => {
                    self.kept.push(Kept { place: Place::Talk(between), is_closed: false, event });
                }
                Record::Limit { room, limit, at } => {
                    self.forget(at);
                    match limit {
                        Some(limit) => drop(self.limits.insert(key(&room), limit)),
                        None => drop(self.limits.remove(&key(&room))),
                    }
                    self.forget(at);
                }
                Record::Redaction { room, id } => {
                    let place = Place::Room(room);
                    self.kept.retain(|kept| kept.place != place || kept.event.id != id);
                }
                Record::RoomRenamed { from, to } => self.rename(&from, &to),
                // Nothing of that is read again here.
                _ => {}
            }
            let now = self.kept.last().map_or(SystemTime::UNIX_EPOCH, |kept| kept.event.time);
            self.forget(now);
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), String> {
        Ok(())
    }

    fn roll_back(&mut self) {}

    fn answer(&mut self, question: &mut Question, now: SystemTime) -> Result<Option<Answer>, String> {
        self.forget(now);
        Ok(Some(match question.query() {
            Query::Events(selections) => {
                Answer::Events(selections.iter().map(|selection| self.select(selection)).collect())
            }
            Query::Targets { scopes, interval, most } => {
                let mut last: Vec<&Kept> = Vec::new();
                for kept in &self.kept {
                    if kept.is_message() && scopes.iter().any(|of| kept.is_in(of, *interval)) {
                        last.retain(|earlier| earlier.place != kept.place);
                        last.push(kept);
                    }
                }
                let last = last.into_iter().map(|kept| kept.event.clone()).collect();
                Answer::Targets(end(last, *most, interval.first))
            }
            Query::Search { scopes, words, from, interval, most } => {
                let is_one = |kept: &&Kept| {
                    let is_readable = scopes.iter().any(|of| kept.is_in(of, *interval));
                    is_readable && kept.is_message() && kept.has(words, from.as_ref())
                };
                let found = self.kept.iter().filter(is_one).map(|kept| kept.event.clone()).collect();
                Answer::Found(end(found, *most, interval.first))
            }
            Query::Message { of, id } => {
                let interval =
                    Interval { after: id.previous(), before: id.following(), first: First::Newest };
                let message =
                    self.kept.iter().find(|kept| kept.is_in(of, interval) && kept.event.kind.is_speech());
                Answer::Message(message.map(|kept| kept.event.clone()))
            }
        }))
    }

    fn expire(&mut self, now: SystemTime) -> Result<bool, String> {
        self.forget(now);
        Ok(false)
    }

    fn account(&mut self, query: &AccountQuery) -> Result<AccountAnswer, String> {
        Ok(self.known.answer(query))
    }

    fn save_bans(&mut self, _: &[Ban]) -> Result<(), String> {
        Ok(())
    }

    fn figures(&mut self) -> Figures {
        Figures { messages: self.kept.len() as u64, ..Figures::default() }
    }
}
