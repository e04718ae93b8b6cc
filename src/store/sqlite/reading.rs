//! Answers from the tables, in steps of a few milliseconds.
//!
//! A question is a list of cursors. Each goes through the events of one place and class from one end of an interval
//! and keeps those that are wanted, until it has enough.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Sqlite;
use super::ids::{self, column};
use super::kinds::event_kind;
use super::rooms::Room;
use crate::message::{
    AccountId, Answer, Event, EventId, First, Identity, Interval, Query, Readable, Scope, Source,
};
use crate::name::{UserName, same_name};
use crate::store::class::Class;
use crate::store::cursors::{MOST_TALKS, answer, cursors};
use crate::store::place::Place;
use crate::store::question::{Cursor, Question};
use crate::store::times;

/// Rows visited in one step.
const STEP_ROWS: usize = 2_000;

/// The work of finding a room, in rows.
const ROWS_PER_ROOM: Rows = 10;

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
        let Question { query, progress, .. } = question;
        if self.rooms.is_full() {
            self.rooms.save(&self.connection)?;
        }
        if let Query::Message { of, id } = query {
            return self.message(of, *id, now).map(|event| Some(Answer::Message(event)));
        }
        if progress.until.is_none() {
            progress.until = Some(self.last_event);
            progress.cursors = cursors(query, |of| places(&self.connection, of))?;
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
        let Some(room) = self.rooms.find(&self.connection, &cursor.place)? else { return Ok(false) };
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
            if is_visible(row, cursor.closed_since)? && wanted.map_or(Ok(true), |wanted| wanted.has(row))? {
                if cursor.is_full(*bytes) {
                    cursor.is_cut = true;
                    break;
                }
                if let Some(event) = event(row, &cursor.place, &mut senders)? {
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
    fn message(&mut self, of: &Scope, id: EventId, now: SystemTime) -> rusqlite::Result<Option<Event>> {
        for (place, closed_since) in places(&self.connection, of)? {
            let Some(room) = self.rooms.find(&self.connection, &place)? else { continue };
            for class in Class::ALL {
                if id <= self.floor(&room, class, now)? {
                    continue;
                }
                let sql = format!("SELECT {COLUMNS} WHERE event.room = ? AND class = ? AND event.id = ?");
                let mut select = self.connection.prepare(&sql)?;
                let mut rows = select.query(params![room.id, class.number(), column(id)])?;
                let Some(row) = rows.next()? else { continue };
                if is_visible(row, closed_since)? {
                    let event = event(row, &place, &mut Senders::default())?;
                    return Ok(event.filter(|event| event.kind.is_speech()));
                }
            }
        }
        Ok(None)
    }

    /// The last event of a room and class that should be gone already.
    fn floor(&self, room: &Room, class: Class, now: SystemTime) -> rusqlite::Result<EventId> {
        let too_old = self.limits.oldest(room.limit.map(|limit| limit.age), now);
        let last = last_excess(&self.connection, self.limits.lines_of(room.limit), room, class)?;
        Ok(last.max(too_old).max(room.gone(class)))
    }
}

/// The places of a scope, each with the first event that may be read though the place was closed.
fn places(connection: &Connection, of: &Scope) -> rusqlite::Result<Vec<(Place, EventId)>> {
    Ok(match of {
        Scope::Room(Readable { room, closed_since }) => vec![(Place::Room(room.clone()), *closed_since)],
        Scope::Talk(between) => vec![(Place::Talk(*between), EventId::MIN)],
        Scope::Talks(account) => talks(connection, *account)?,
    })
}

fn talks(connection: &Connection, account: AccountId) -> rusqlite::Result<Vec<(Place, EventId)>> {
    let sql = "SELECT smaller, larger FROM room WHERE smaller = ?1 OR larger = ?1 ORDER BY id DESC LIMIT ?2";
    let mut select = connection.prepare(sql)?;
    let talks = select.query_map([account.0, MOST_TALKS], |row| {
        let between = [row.get(0)?, row.get(1)?].map(AccountId);
        Ok((Place::Talk(between), EventId::MIN))
    })?;
    talks.collect()
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
    Ok(last.map_or(EventId::MIN, ids::id))
}

pub(super) const COLUMNS: &str = "event.id AS id, closed, kind, source, time, text, tags, whom, name, username, host, realname, \
    is_bot, has_account \
    FROM event LEFT JOIN source ON source.id = source";

/// Identities by row, shared by the events of an answer.
pub(super) type Senders = HashMap<i64, Arc<Identity>>;

fn is_visible(row: &Row<'_>, closed_since: EventId) -> rusqlite::Result<bool> {
    Ok(!row.get::<_, bool>("closed")? || id(row)? >= closed_since)
}

/// The event of a row; `None` if the row makes no sense.
pub(super) fn event(row: &Row<'_>, place: &Place, senders: &mut Senders) -> rusqlite::Result<Option<Event>> {
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
    let kind = event_kind(row.get("kind")?, place, text, tags, whom);
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
    Ok(ids::id(row.get("id")?))
}

fn row_limit(rows: Rows) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
