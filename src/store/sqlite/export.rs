//! The history of a room as lines of JSON, in the words of `parlor --json`.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::changes;
use super::opening::{self, explain};
use super::reading::{COLUMNS, Senders, event};
use super::schema::VERSION;
use crate::date;
use crate::json::Object;
use crate::message::{Event, EventKind, Source, Speech, SpeechKind};
use crate::name::RoomName;
use crate::store::StoreError;
use crate::store::place::Place;

/// Writes everything that is kept of a room, an event to a line, perhaps while a server uses the file.
pub(in crate::store) fn export(
    directory: &Path,
    room: &RoomName,
    out: &mut impl Write,
) -> Result<(), StoreError> {
    let path = opening::path(directory);
    let (connection, version) = opening::open_to_read(&path)?;
    let wrong = |why: String| StoreError::new(format!("{}: {why}", path.display()));
    if version < VERSION {
        return Err(wrong(format!(
            "an older parlord wrote this (its version is {version}); start this parlord on it once, which makes that {VERSION}"
        )));
    }
    let found = find(&connection, room).map_err(|error| wrong(explain(&error)))?;
    let found = found.ok_or_else(|| wrong(format!("there is no history of {room}")))?;
    match write_all(&connection, &found, out) {
        Ok(()) => Ok(()),
        Err(Failure::Read(error)) => Err(wrong(explain(&error))),
        // The reader has seen enough.
        Err(Failure::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(Failure::Write(error)) => Err(StoreError::new(format!("cannot write: {error}"))),
    }
}

/// A room as its row names it.
struct Found {
    id: i64,
    name: RoomName,
    /// The last message and the last other event that are gone for readers.
    gone: [i64; 2],
}

enum Failure {
    Read(rusqlite::Error),
    Write(io::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Read(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

fn find(connection: &Connection, room: &RoomName) -> rusqlite::Result<Option<Found>> {
    let sql = "SELECT id, name, gone_messages, gone_events FROM room WHERE folded = ?";
    let found = connection.query_row(sql, [room.folded()], |row| {
        let name: String = row.get(1)?;
        let name = RoomName::new(&name).unwrap_or_else(|_| room.clone());
        Ok(Found { id: row.get(0)?, name, gone: [row.get(2)?, row.get(3)?] })
    });
    found.optional()
}

fn write_all(connection: &Connection, found: &Found, out: &mut impl Write) -> Result<(), Failure> {
    let sql = format!(
        "SELECT {COLUMNS} WHERE event.room = ? AND event.id > CASE class WHEN 0 THEN ? ELSE ? END \
         ORDER BY event.number"
    );
    let mut select = connection.prepare(&sql)?;
    let [messages, events] = found.gone;
    let mut rows = select.query(params![found.id, messages, events])?;
    // Only as many as speak in turn: they are not shared for long.
    let mut senders = Senders::default();
    let place = Place::Room(found.name.clone());
    while let Some(row) = rows.next()? {
        senders.clear();
        if let Some(event) = event(row, &place, &mut senders)? {
            writeln!(out, "{}", line(&event, &found.name))?;
        }
    }
    out.flush()?;
    Ok(())
}

fn line(event: &Event, room: &RoomName) -> String {
    let mut object = Object::new();
    object.text("event", name(&event.kind));
    object.text("time", &date::millis(event.time).to_string());
    object.text("id", &event.id.to_string());
    object.text("room", room.as_str());
    if let Source::User(user) = &event.from {
        object.text("from", user.name.as_str());
        object.text("username", user.username());
        object.text("host", user.host());
        object.text("realname", user.realname());
        object.bare("bot", if user.is_bot { "true" } else { "false" });
    }
    fields(&event.kind, &mut object);
    object.end()
}

fn name(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Said { .. } => "said",
        EventKind::Joined { .. } => "joined",
        EventKind::Parted { .. } => "parted",
        EventKind::Kicked { .. } => "kicked",
        EventKind::Left { .. } => "quit",
        EventKind::Renamed { .. } => "renamed",
        EventKind::TopicSet { .. } => "topic",
        EventKind::Changed { .. } => "changed",
        // Nothing else is recorded.
        _ => "other",
    }
}

fn fields(kind: &EventKind, object: &mut Object) {
    match kind {
        EventKind::Said { speech: Speech { kind, text, tags }, .. } => {
            let manner = match kind {
                SpeechKind::Message => "message",
                SpeechKind::Notice => "notice",
                SpeechKind::TagsOnly => "tags",
            };
            object.text("text", text);
            object.text("manner", manner);
            object.optional("tags", Some(&**tags).filter(|tags| !tags.is_empty()));
        }
        EventKind::Parted { reason, .. } | EventKind::Left { reason } => object.text("reason", reason),
        EventKind::Kicked { who, reason, .. } => {
            object.text("who", who.as_str());
            object.text("reason", reason);
        }
        EventKind::Renamed { to } => object.text("to", to.as_str()),
        EventKind::TopicSet { topic, .. } => object.text("topic", topic),
        EventKind::Changed { changes, .. } => object.text("changes", &changes::text(changes)),
        _ => {}
    }
}
