//! Answers from the tables, in steps of a few milliseconds.
//!
//! A question is a list of cursors. Each goes through the events of one room and class from one end of an interval
//! and keeps those that are wanted, until it has enough.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Sqlite;
use super::ids::column;
use super::kinds::event_kind;
use super::rooms::Room;
use super::times;
use crate::message::{
    Answer, Event, EventId, First, Identity, Interval, Query, Readable, Selected, Selection, Source,
};
use crate::name::{RoomName, UserName, same_name};
use crate::store::class::Class;
use crate::store::question::{Cursor, Question};

/// Rows visited in one step.
const STEP_ROWS: usize = 2_000;

/// The work of finding a room, in rows.
const ROWS_PER_ROOM: Rows = 10;

/// Most rows that a search visits.
const SEARCH_ROWS: usize = 500_000;

/// Most text in an answer, in bytes, tags included; and one event for each cursor.
const ANSWER_BYTES: usize = 256 * 1024;

/// Which messages a search wants.
#[derive(Debug)]
struct Wanted<'a> {
    words: Vec<String>,
    from: Option<&'a UserName>,
}

impl Wanted<'_> {
    fn of(query: &Query) -> Option<Wanted<'_>> {
        let Query::Search { words, from, .. } = query else { return None };
        let words = words.iter().map(|word| word.to_lowercase()).collect();
        Some(Wanted { words, from: from.as_ref() })
    }

    fn has(&self, row: &Row<'_>) -> rusqlite::Result<bool> {
        if let Some(from) = self.from {
            let name = row.get_ref("name")?.as_str_or_null()?;
            if !name.is_some_and(|name| same_name(name, from.as_str())) {
                return Ok(false);
            }
        }
        let text = row.get_ref("text")?.as_str_or_null()?.unwrap_or_default().to_lowercase();
        Ok(self.words.iter().all(|word| text.contains(word)))
    }
}

/// Work that a step may do, in rows visited.
type Rows = usize;

impl Sqlite {
    /// Works on the answer; `None` if it takes longer.
    pub(super) fn answer_step(
        &mut self,
        question: &mut Question,
        now: SystemTime,
    ) -> rusqlite::Result<Option<Answer>> {
        let Question { query, progress } = question;
        if self.rooms.is_full() {
            self.rooms.save(&self.connection)?;
        }
        if let Query::Message { of, id } = query {
            return self.message(of, *id, now).map(|event| Some(Answer::Message(event)));
        }
        if progress.until.is_none() {
            progress.until = Some(self.last_event);
            progress.cursors = cursors(query);
            share_answer(query, &mut progress.cursors);
        }
        let wanted = Wanted::of(query);
        let mut rows = STEP_ROWS;
        while let Some(cursor) = progress.cursors.get_mut(progress.at) {
            if rows == 0 {
                return Ok(None);
            }
            let until = progress.until.unwrap_or(EventId::MAX);
            if cursor.room.is_none() && !self.begin_cursor(cursor, until, now)? {
                // A room takes a moment to find, even if it has no history.
                rows = rows.saturating_sub(ROWS_PER_ROOM);
                progress.at += 1;
            } else if self.advance(cursor, &mut progress.bytes, wanted.as_ref(), &mut rows)? {
                progress.at += 1;
            }
        }
        Ok(Some(answer(query, mem::take(&mut progress.cursors))))
    }

    /// Finds the cursor's room, and narrows its interval to what is kept and known. False if there is no such room.
    fn begin_cursor(
        &mut self,
        cursor: &mut Cursor,
        until: EventId,
        now: SystemTime,
    ) -> rusqlite::Result<bool> {
        let Some(room) = self.rooms.find(&self.connection, &cursor.of.room)? else { return Ok(false) };
        cursor.room = Some(room.id);
        let Interval { after, before, .. } = &mut cursor.left;
        *after = (*after).max(self.floor(&room, cursor.class, now)?);
        *before = (*before).min(until.following());
        Ok(true)
    }

    /// Visits up to this many rows. True when the cursor is done.
    fn advance(
        &self,
        cursor: &mut Cursor,
        bytes: &mut usize,
        wanted: Option<&Wanted<'_>>,
        rows: &mut Rows,
    ) -> rusqlite::Result<bool> {
        let order = if cursor.left.first == First::Newest { "DESC" } else { "ASC" };
        let sql = format!(
            "SELECT {COLUMNS} WHERE event.room = ? AND class = ? AND event.id > ? AND event.id < ? \
             ORDER BY event.id {order} LIMIT ?"
        );
        let mut select = self.connection.prepare(&sql)?;
        let Interval { after, before, .. } = cursor.left;
        let most = (*rows).min(cursor.rows);
        let class = cursor.class.number();
        let mut visits =
            select.query(params![cursor.room, class, column(after), column(before), row_limit(most)])?;
        let mut senders = Senders::default();
        let mut visited = 0;
        while let Some(row) = visits.next()? {
            visited += 1;
            let id = id(row)?;
            if is_visible(row, &cursor.of)? && wanted.map_or(Ok(true), |wanted| wanted.has(row))? {
                if cursor.is_full(*bytes) {
                    cursor.is_cut = true;
                    break;
                }
                if let Some(event) = event(row, &cursor.of.room, &mut senders)? {
                    *bytes += size_of::<Event>() + event.kind.written_bytes();
                    cursor.found.push(event);
                }
            }
            cursor.pass(id);
        }
        *rows -= visited.max(1).min(*rows);
        cursor.rows -= visited;
        Ok(cursor.is_cut || visited < most || cursor.rows == 0)
    }

    /// One message.
    fn message(&mut self, of: &Readable, id: EventId, now: SystemTime) -> rusqlite::Result<Option<Event>> {
        let Some(room) = self.rooms.find(&self.connection, &of.room)? else { return Ok(None) };
        for class in Class::ALL {
            if id <= self.floor(&room, class, now)? {
                continue;
            }
            let sql = format!("SELECT {COLUMNS} WHERE event.room = ? AND class = ? AND event.id = ?");
            let mut select = self.connection.prepare(&sql)?;
            let mut rows = select.query(params![room.id, class.number(), column(id)])?;
            let Some(row) = rows.next()? else { continue };
            if is_visible(row, of)? {
                let event = event(row, &of.room, &mut Senders::default())?;
                return Ok(event.filter(|event| event.kind.is_speech()));
            }
        }
        Ok(None)
    }

    /// The last event of a room and class that should be gone already.
    fn floor(&self, room: &Room, class: Class, now: SystemTime) -> rusqlite::Result<EventId> {
        let too_old = self.limits.oldest(room.limit.map(|limit| limit.age), now);
        let last = last_excess(&self.connection, self.limits.lines_of(room), room, class)?;
        Ok(last.max(too_old).max(room.gone(class)))
    }
}

/// The last event of a room and class that is too much if only `lines` are kept.
pub(super) fn last_excess(
    connection: &Connection,
    lines: u32,
    room: &Room,
    class: Class,
) -> rusqlite::Result<EventId> {
    if lines == 0 {
        return Ok(EventId::MAX);
    }
    let excess = room.count(class).saturating_sub(lines);
    if excess == 0 {
        return Ok(EventId::MIN);
    }
    let sql = "SELECT id FROM event WHERE room = ? AND class = ? ORDER BY id LIMIT 1 OFFSET ?";
    let parameters = params![room.id, class.number(), excess - 1];
    let last: Option<i64> = connection.query_row(sql, parameters, |row| row.get(0)).optional()?;
    Ok(last.map_or(EventId::MIN, |last| EventId::from_number(last.unsigned_abs())))
}

pub(super) const COLUMNS: &str = "event.id AS id, closed, kind, source, time, text, tags, whom, name, username, host, realname, \
    is_bot, has_account \
    FROM event LEFT JOIN source ON source.id = source";

/// Identities by row, shared by the events of an answer.
pub(super) type Senders = HashMap<i64, Arc<Identity>>;

fn cursors(query: &Query) -> Vec<Cursor> {
    match query {
        Query::Events(selections) => {
            let classes = |with_events: bool| &Class::ALL[..if with_events { 2 } else { 1 }];
            let each = selections.iter().flat_map(|selection| {
                let Selection { of, interval, with_events, most } = selection;
                classes(*with_events).iter().map(|&class| Cursor::new(of, class, *interval, *most))
            });
            each.collect()
        }
        Query::Targets { rooms, interval, .. } => {
            let last = Interval { first: First::Newest, ..*interval };
            rooms.iter().map(|of| Cursor::new(of, Class::Message, last, 1)).collect()
        }
        Query::Search { rooms, interval, most, .. } => {
            let cursor = |of| Cursor {
                rows: SEARCH_ROWS / rooms.len(),
                ..Cursor::new(of, Class::Message, *interval, *most)
            };
            rooms.iter().map(cursor).collect()
        }
        Query::Message { .. } => Vec::new(),
    }
}

/// Gives each cursor an equal part of the answer, and what those before it have left. A search has no parts: all that it
/// finds may be in one room.
fn share_answer(query: &Query, cursors: &mut [Cursor]) {
    let parts = if matches!(query, Query::Search { .. }) { 1 } else { cursors.len().max(1) };
    for (n, cursor) in cursors.iter_mut().enumerate() {
        cursor.bytes = ANSWER_BYTES / parts * (n + 1).min(parts);
    }
}

fn answer(query: &Query, cursors: Vec<Cursor>) -> Answer {
    let mut cursors = cursors.into_iter();
    match query {
        Query::Events(selections) => {
            let selected = selections.iter().map(|selection| {
                let count = if selection.with_events { 2 } else { 1 };
                merge(selection, cursors.by_ref().take(count).collect())
            });
            Answer::Events(selected.collect())
        }
        Query::Targets { interval, most, .. } => {
            let last = cursors.filter_map(|mut cursor| Some((cursor.of.room, cursor.found.pop()?)));
            let mut last: Vec<_> = last.collect();
            last.sort_by_key(|(_, event)| event.id);
            keep(&mut last, *most, interval.first);
            Answer::Targets(last)
        }
        Query::Search { interval, most, .. } => {
            let mut found: Vec<_> = cursors.flat_map(|cursor| cursor.found).collect();
            found.sort_by_key(|event| event.id);
            keep(&mut found, *most, interval.first);
            Answer::Found(found)
        }
        Query::Message { .. } => Answer::Message(None),
    }
}

/// The events that the cursors of a selection have found, in order.
fn merge(selection: &Selection, cursors: Vec<Cursor>) -> Selected {
    let Interval { first, .. } = selection.interval;
    let mut is_all = cursors.iter().all(|cursor| !cursor.is_cut);
    // Beyond the end of one that was cut, events of the other would leave a gap.
    let ends = cursors.iter().filter(|cursor| cursor.is_cut);
    let ends: Vec<_> = ends.map(|cursor| cursor.found.last().map(|event| event.id)).collect();
    let mut events: Vec<_> = cursors.into_iter().flat_map(|cursor| cursor.found).collect();
    events.retain(|event| {
        ends.iter().all(|end| match first {
            First::Oldest => end.is_some_and(|end| event.id <= end),
            First::Newest => end.is_some_and(|end| event.id >= end),
        })
    });
    events.sort_by_key(|event| event.id);
    is_all &= events.len() <= selection.most;
    keep(&mut events, selection.most, first);
    Selected { room: selection.of.room.clone(), events, first, is_all }
}

/// Keeps the first or last `most` of a list.
fn keep<T>(list: &mut Vec<T>, most: usize, first: First) {
    match first {
        First::Oldest => list.truncate(most),
        First::Newest => drop(list.drain(..list.len().saturating_sub(most))),
    }
}

fn is_visible(row: &Row<'_>, of: &Readable) -> rusqlite::Result<bool> {
    Ok(!row.get::<_, bool>("closed")? || id(row)? >= of.closed_since)
}

/// The event of a row; `None` if the row makes no sense.
pub(super) fn event(
    row: &Row<'_>,
    room: &RoomName,
    senders: &mut Senders,
) -> rusqlite::Result<Option<Event>> {
    let id = id(row)?;
    let from = match row.get("source")? {
        None => Source::Server,
        Some(source) => match senders.get(&source) {
            Some(identity) => Source::User(Arc::clone(identity)),
            None => {
                let Some(identity) = identity(row)? else { return Ok(None) };
                Source::User(Arc::clone(senders.entry(source).or_insert(Arc::new(identity))))
            }
        },
    };
    let time = row.get::<_, Option<i64>>("time")?.map_or(id.time(), times::time);
    let text = row.get::<_, Option<String>>("text")?.unwrap_or_default();
    let [tags, whom] = ["tags", "whom"].map(|name| row.get_ref(name));
    let (tags, whom) =
        (tags?.as_str_or_null()?.unwrap_or_default(), whom?.as_str_or_null()?.unwrap_or_default());
    let kind = event_kind(row.get("kind")?, room.clone(), text, tags, whom);
    Ok(kind.map(|kind| Event { id, time, from, watched: false, kind }))
}

fn identity(row: &Row<'_>) -> rusqlite::Result<Option<Identity>> {
    let text = |name| Ok::<_, rusqlite::Error>(row.get_ref(name)?.as_str_or_null()?.unwrap_or_default());
    let Ok(name) = UserName::new(text("name")?) else { return Ok(None) };
    let mut identity = Identity::new(name, text("username")?, text("host")?, text("realname")?);
    (identity.is_bot, identity.has_account) = (row.get("is_bot")?, row.get("has_account")?);
    Ok(Some(identity))
}

fn id(row: &Row<'_>) -> rusqlite::Result<EventId> {
    Ok(EventId::from_number(row.get::<_, i64>("id")?.unsigned_abs()))
}

fn row_limit(rows: Rows) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
