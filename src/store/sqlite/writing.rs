//! Adding records to the tables.

use std::time::SystemTime;

use rusqlite::{Connection, Statement, params};

use super::ids::column;
use super::kinds::{Columns, columns};
use super::reading::last_excess;
use super::rooms::{Room, Rooms};
use super::sources::Sources;
use super::sweep::Sweep;
use super::{Sqlite, account_records, saved_rooms, saved_users};
use crate::message::{AccountId, Event, EventId, HistoryLimit, Record, Source};
use crate::name::RoomName;
use crate::store::class::Class;
use crate::store::limits::Limits;
use crate::store::place::Place;
use crate::store::times::millis;

const INSERT: &str = "INSERT INTO event (number, room, class, id, closed, kind, source, time, text, tags, whom) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Writes a list of records with one compiled statement.
struct Writer<'a> {
    connection: &'a Connection,
    insert: Statement<'a>,
    limits: Limits,
    rooms: &'a mut Rooms,
    sources: &'a mut Sources,
    sweep: &'a mut Sweep,
    last_number: &'a mut i64,
    last_event: &'a mut EventId,
}

impl Sqlite {
    /// Adds records to the transaction.
    pub(super) fn insert(&mut self, records: &[Record]) -> rusqlite::Result<()> {
        let Self { connection, limits, rooms, sources, sweep, last_number, last_event, .. } = self;
        let (limits, insert) = (*limits, connection.prepare(INSERT)?);
        let mut writer =
            Writer { connection, insert, limits, rooms, sources, sweep, last_number, last_event };
        records.iter().try_for_each(|record| writer.write(record))
    }
}

impl Writer<'_> {
    fn write(&mut self, record: &Record) -> rusqlite::Result<()> {
        if self.rooms.is_full() {
            self.rooms.save(self.connection)?;
        }
        match record {
            Record::Event { room, is_closed, event } => {
                self.add(&Place::Room(room.clone()), *is_closed, event)
            }
            Record::Whispered { between, event } => self.whisper(*between, event),
            Record::Limit { room, limit, at } => self.limit(&Place::Room(room.clone()), *limit, *at),
            Record::Redaction { room, id } => self.redact(&Place::Room(room.clone()), *id),
            Record::RoomRenamed { from, to } => self.rename(from, to),
            _ => self.save(record),
        }
    }

    /// Writes what is no history.
    fn save(&self, record: &Record) -> rusqlite::Result<()> {
        let connection = self.connection;
        match record {
            Record::Stays(user) => saved_users::stays(connection, user),
            Record::StaysNot(account) => saved_users::stays_not(connection, *account),
            Record::Seat { account, room, rank } => saved_users::seat(connection, *account, room, *rank),
            Record::Marker { account, of, at } => account_records::marker(connection, *account, of, *at),
            Record::Heard { account, device, event } => {
                account_records::heard(connection, *account, device, *event)
            }
            Record::Seen { account, at } => account_records::seen(connection, *account, *at),
            Record::Metadata { account, key, value } => {
                account_records::metadata(connection, *account, key, value.as_deref())
            }
            Record::Room(room) => saved_rooms::save(connection, room),
            Record::RoomDropped(room) => saved_rooms::remove(connection, room),
            #[cfg(feature = "cluster")]
            Record::After(_) => Ok(()),
            Record::Event { .. }
            | Record::Limit { .. }
            | Record::Redaction { .. }
            | Record::RoomRenamed { .. }
            | Record::Whispered { .. } => Ok(()),
        }
    }

    /// Adds a private message, unless one of the accounts was deleted meanwhile.
    fn whisper(&mut self, between: [AccountId; 2], event: &Event) -> rusqlite::Result<()> {
        let [smaller, larger] = between.map(|account| account.0);
        let are_there = "SELECT (?1 = 0 OR EXISTS (SELECT 1 FROM account WHERE id = ?1)) \
            AND EXISTS (SELECT 1 FROM account WHERE id = ?2)";
        if self.connection.query_row(are_there, [smaller, larger], |row| row.get(0))? {
            self.add(&Place::Talk(between), false, event)?;
        }
        Ok(())
    }

    fn add(&mut self, place: &Place, is_closed: bool, event: &Event) -> rusqlite::Result<()> {
        // Ids after the year 2248 do not fit. A clock that is so wrong keeps no history.
        let (Some(columns), Ok(id)) = (columns(&event.kind), i64::try_from(event.id.number())) else {
            return Ok(());
        };
        if self.limits.age.is_none() {
            return Ok(());
        }
        let room = self.rooms.find_or_create(self.connection, place)?;
        if self.limits.lines_of(room.limit) == 0 {
            return Ok(());
        }
        let source = match &event.from {
            Source::User(identity) => Some(self.sources.row(self.connection, identity, event.id)?),
            Source::Server => None,
        };
        let Columns { class, kind, ref text, tags, whom } = columns;
        let number = *self.last_number + 1;
        self.insert.execute(params![
            number,
            room.id,
            class.number(),
            id,
            is_closed,
            kind,
            source,
            time_column(event),
            unless_empty(text),
            unless_empty(tags),
            unless_empty(whom),
        ])?;
        *self.last_number = number;
        *self.last_event = event.id;
        self.rooms.count(room.id, class, 1);
        if room.count(class) >= self.limits.lines_of(room.limit) {
            self.sweep.note(room.id);
        }
        Ok(())
    }

    fn limit(&mut self, place: &Place, limit: Option<HistoryLimit>, at: SystemTime) -> rusqlite::Result<()> {
        // A room without history needs no row to say that it has no limit.
        let room = match limit {
            Some(_) => Some(self.rooms.find_or_create(self.connection, place)?),
            None => self.rooms.find(self.connection, place)?,
        };
        if let Some(mut room) = room
            && room.limit != limit
        {
            // What the old limit has hidden stays so, too.
            self.hide_excess(&room, at)?;
            self.rooms.set_limit(room.id, limit);
            room.limit = limit;
            self.hide_excess(&room, at)?;
            self.sweep.note(room.id);
        }
        Ok(())
    }

    /// Makes what is too much in a room gone for readers, for good. Its rows are deleted later.
    fn hide_excess(&mut self, room: &Room, now: SystemTime) -> rusqlite::Result<()> {
        let own = room.limit.map(|limit| limit.age);
        let too_old = self.limits.oldest(own, now);
        for class in Class::ALL {
            let last = last_excess(self.connection, self.limits.lines_of(room.limit), room, class)?;
            self.rooms.set_gone(room.id, class, last.max(too_old).min(*self.last_event));
        }
        Ok(())
    }

    /// Gives the history of a room to the same room under its new name. An earlier room of that name is of nobody's
    /// concern any more.
    fn rename(&mut self, from: &RoomName, to: &RoomName) -> rusqlite::Result<()> {
        let [old, new] = [from, to].map(|room| Place::Room(room.clone()));
        if old != new
            && let Some(earlier) = self.rooms.find(self.connection, &new)?
        {
            for class in Class::ALL {
                self.rooms.set_gone(earlier.id, class, EventId::MAX);
            }
            self.rooms.set_limit(earlier.id, None);
            self.rooms.abandon(self.connection, earlier.id, &new)?;
            self.sweep.note(earlier.id);
        }
        self.rooms.rename(self.connection, &old, &new)?;
        saved_users::room_renamed(self.connection, from, to)?;
        account_records::room_renamed(self.connection, from, to)
    }

    fn redact(&mut self, place: &Place, id: EventId) -> rusqlite::Result<()> {
        let Some(room) = self.rooms.find(self.connection, place)? else { return Ok(()) };
        // Otherwise something older would appear in its place.
        self.hide_excess(&room, self.last_event.time())?;
        for class in Class::ALL {
            let sql = "DELETE FROM event WHERE room = ? AND class = ? AND id = ?";
            let deleted = self.connection.execute(sql, params![room.id, class.number(), column(id)])?;
            if deleted > 0 {
                self.rooms.count(room.id, class, -1);
            }
        }
        Ok(())
    }
}

/// The time in milliseconds since 1970, unless it is that of the id.
fn time_column(event: &Event) -> Option<i64> {
    let time = millis(event.time);
    (time != millis(event.id.time())).then_some(time)
}

fn unless_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
