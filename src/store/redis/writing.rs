//! Records as commands. They wait here until they are committed or something is asked.

use std::collections::BTreeMap;
use std::mem;
use std::time::SystemTime;

use super::Redis;
use super::account_records;
use super::keys::{LAST_EVENT, PLACES, PlaceKeys};
use super::members::member;
use super::renaming::Move;
use super::saved;
use super::scripts::{HISTORY, LAST_EVENT as NOTE_LAST_EVENT};
use crate::broker::{BrokerError, Command, Value};
use crate::message::{AccountId, Event, EventId, HistoryLimit, Record};
use crate::store::class::Class;
use crate::store::limits::Limits;
use crate::store::place::Place;
use crate::store::times::millis;

/// Most events and bytes in a command, about.
const ADDED_EVENTS: usize = 200;
const ADDED_BYTES: usize = 128 * 1024;

/// How long it is remembered that a message was removed, in seconds: no node is so late to add it again.
const REDACTED_SECONDS: u32 = 3_600;

/// What was recorded and is not yet sent.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// In order.
    parts: Vec<Part>,
    /// Events, by the folded names of their places, which come after `parts`.
    adds: BTreeMap<String, Vec<Add>>,
    /// The places of all events, and when the last of them happened, in milliseconds.
    places: BTreeMap<String, i64>,
    now: Position,
    /// The same when it was last committed.
    committed: Position,
}

/// How far the records are.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    /// The event that the records come after: tells which of two nodes was later.
    after: EventId,
    /// The last event recorded.
    last_event: EventId,
}

#[derive(Debug)]
pub(super) enum Part {
    Commands(Vec<Command>),
    /// A room has another name.
    Move(Move),
}

/// Events of a place, as a command that grows.
#[derive(Debug)]
struct Add {
    command: Command,
    events: usize,
}

impl Writes {
    /// The last event recorded.
    pub(super) fn last_event(&self) -> EventId {
        self.now.last_event
    }

    /// The event that the records come after, as scripts take it.
    pub(super) fn after(&self) -> String {
        self.now.after.to_string()
    }

    pub(super) fn note_last_event(&mut self, id: EventId) {
        self.now.last_event = self.now.last_event.max(id);
        self.committed.last_event = self.now.last_event;
    }

    /// All is committed.
    pub(super) fn committed(&mut self) {
        self.committed = self.now;
    }

    /// What was not committed will be recorded again.
    pub(super) fn forget(&mut self) {
        let committed = self.committed;
        *self = Self { now: committed, committed, ..Self::default() };
    }

    /// Adds a record.
    pub(super) fn write(&mut self, record: &Record, limits: &Limits) {
        match record {
            Record::Event { room, is_closed, event } => {
                self.add(&Place::Room(room.clone()), *is_closed, event, limits);
            }
            // Whether both have an account is looked at when it is read.
            Record::Whispered { between, event } => {
                self.add(&Place::Talk(*between), false, event, limits);
                let with_account = |account: &AccountId| *account != AccountId::NONE;
                if between.iter().any(with_account) {
                    self.note_talk(*between, event);
                }
            }
            Record::Limit { room, limit, at } => {
                let command = self.limit(&PlaceKeys::of(&room.folded()), *limit, *at, limits);
                self.push(command);
            }
            Record::Redaction { room, id } => self.redact(&PlaceKeys::of(&room.folded()), *id),
            Record::RoomRenamed { from, to } => {
                self.close_adds();
                let by = format!("{} {}", from.folded(), self.now.last_event);
                self.parts.push(Part::Move(Move { from: from.clone(), to: to.clone(), by }));
            }
            Record::After(event) => self.now.after = *event,
            _ => {
                let after = self.after();
                let command =
                    account_records::command(record, &after).or_else(|| saved::command(record, &after));
                command.into_iter().for_each(|command| self.push(command));
            }
        }
    }

    fn add(&mut self, place: &Place, is_closed: bool, event: &Event, limits: &Limits) {
        let Some(class) = Class::of(&event.kind).filter(|_| limits.age.is_some()) else { return };
        let folded = place.folded();
        let at = self.places.entry(folded.clone()).or_default();
        *at = (*at).max(millis(event.id.time()));
        self.now.last_event = self.now.last_event.max(event.id);
        let adds = self.adds.entry(folded).or_default();
        let is_full = |add: &Add| add.events >= ADDED_EVENTS || add.command.bytes() >= ADDED_BYTES;
        if adds.last().is_none_or(is_full) {
            let command = history(&PlaceKeys::of(&place.folded())).arg("add").arg(limits.lines);
            adds.push(Add { command, events: 0 });
        }
        if let Some(add) = adds.last_mut() {
            add.events += 1;
            add.command.push(class.number());
            add.command.push(member(event, is_closed));
        }
    }

    /// Notes that these two accounts have private messages, since this event at the latest.
    fn note_talk(&mut self, between: [AccountId; 2], event: &Event) {
        let [one, other] = between;
        for (account, with) in [(one, other), (other, one)] {
            if account != AccountId::NONE {
                let key = super::keys::AccountKeys(account).talks();
                let at = millis(event.id.time());
                self.push(Command::new("ZADD").key(&key).arg("NX").arg(at).arg(with.0));
            }
        }
    }

    fn limit(
        &self,
        keys: &PlaceKeys,
        limit: Option<HistoryLimit>,
        at: SystemTime,
        limits: &Limits,
    ) -> Command {
        let text = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
        history(keys)
            .arg("limit")
            .arg(limits.lines)
            .arg(self.after())
            .arg(millis(at))
            .arg(text(limits.age.map(|age| age.as_secs())))
            .arg(text(limit.map(|limit| limit.lines.into())))
            .arg(text(limit.map(|limit| limit.age.as_secs())))
            .arg(self.now.last_event.to_string())
    }

    fn redact(&mut self, keys: &PlaceKeys, id: EventId) {
        let key = keys.redacted();
        self.push(Command::new("ZADD").key(&key).arg(0_u8).arg(id.to_string()));
        self.push(Command::new("EXPIRE").key(&key).arg(REDACTED_SECONDS));
        for class in Class::ALL {
            let remove = Command::new("ZREMRANGEBYLEX").key(&keys.events(class));
            self.push(remove.arg(format!("[{id}")).arg(format!("({}", id.following())));
        }
    }

    /// Appends a command, after the events so far.
    fn push(&mut self, command: Command) {
        self.close_adds();
        self.append(command);
    }

    fn close_adds(&mut self) {
        for add in mem::take(&mut self.adds).into_values().flatten() {
            self.append(add.command);
        }
    }

    fn append(&mut self, command: Command) {
        match self.parts.last_mut() {
            Some(Part::Commands(commands)) => commands.push(command),
            _ => self.parts.push(Part::Commands(vec![command])),
        }
    }

    /// What is to be sent, in order; first of all, which places there are: what is not listed there is never deleted.
    fn parts(&mut self) -> Vec<Part> {
        self.close_adds();
        let mut listed = Vec::new();
        if !self.places.is_empty() {
            let mut list = Command::new("ZADD").key(PLACES).arg("GT");
            for (place, at) in mem::take(&mut self.places) {
                list.push(at);
                list.push(place);
            }
            listed.push(list);
            let last = self.now.last_event.to_string();
            listed.push(NOTE_LAST_EVENT.command(&[LAST_EVENT]).arg(last));
        }
        let mut parts = mem::take(&mut self.parts);
        parts.insert(0, Part::Commands(listed));
        parts
    }
}

/// The command that changes the history of a place.
fn history(keys: &PlaceKeys) -> Command {
    let keys = keys.all();
    HISTORY.command(&keys.each_ref().map(String::as_str))
}

impl Redis {
    /// Sends what was recorded. All of it may be sent twice.
    pub(super) fn send(&mut self) -> Result<(), BrokerError> {
        let parts = self.writes.parts();
        let sent = parts.iter().try_for_each(|part| match part {
            Part::Commands(commands) => {
                for answer in self.exchange.ask_each(commands)? {
                    match answer {
                        Ok(answer) => self.count(&answer),
                        // Otherwise nothing would be recorded any more.
                        Err(error) => self.exchange.complain(&error),
                    }
                }
                Ok(())
            }
            Part::Move(moving) => self.move_room(moving),
        });
        if sent.is_err() {
            // Nothing follows before it is committed.
            self.writes.parts = parts;
        }
        sent
    }

    /// Counts what a script says that there is more.
    pub(super) fn count(&mut self, answer: &Value) {
        let Value::List(more) = answer else { return };
        if let [Value::Integer(messages), Value::Integer(events)] = more[..] {
            let Self { figures, .. } = self;
            figures.messages = figures.messages.saturating_add_signed(messages);
            figures.events = figures.events.saturating_add_signed(events);
        }
    }
}
