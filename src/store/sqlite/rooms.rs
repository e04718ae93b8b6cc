//! The rooms, and pairs of accounts with private messages, that have a history: how much of it, and its limits.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::ids::{column, id};
use crate::message::{EventId, HistoryLimit};
use crate::store::class::Class;
use crate::store::place::Place;

/// Most rooms remembered here; more are read again.
const REMEMBERED: usize = 1_024;

/// The last event that is gone, of a room whose whole past is gone.
pub(super) const GONE: i64 = i64::MAX;

/// How a room without a name begins, in place of the `#`; its number follows.
const ABANDONED: &str = "!";

/// A row of the table `room`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) id: i64,
    pub(super) messages: u32,
    pub(super) events: u32,
    pub(super) limit: Option<HistoryLimit>,
    /// The last message and the last other event that are gone for readers, though their rows may still be there.
    gone: [EventId; 2],
    /// It differs from its row.
    is_changed: bool,
}

/// Rooms in use. Counts are written with the transaction that changed them.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    ids: HashMap<Place, i64>,
    rooms: HashMap<i64, Room>,
    /// Messages and other events of all rooms.
    messages: u64,
    events: u64,
    /// The same at the last commit.
    committed: (u64, u64),
}

impl Room {
    /// The last event of this class that is gone for readers, though its row may still be there.
    pub(super) fn gone(&self, class: Class) -> EventId {
        self.gone[class.index()]
    }

    pub(super) fn count(&self, class: Class) -> u32 {
        match class {
            Class::Message => self.messages,
            Class::Event => self.events,
        }
    }
}

const COLUMNS: &str = "id, messages, events, limit_lines, limit_age, gone_messages, gone_events";

fn room(row: &Row<'_>) -> rusqlite::Result<Room> {
    let limit = match (row.get(3)?, row.get::<_, Option<i64>>(4)?) {
        (Some(lines), Some(age)) => {
            Some(HistoryLimit { lines, age: Duration::from_secs(u64::try_from(age).unwrap_or_default()) })
        }
        _ => None,
    };
    let gone = |column| row.get(column).map(id);
    Ok(Room {
        id: row.get(0)?,
        messages: row.get(1)?,
        events: row.get(2)?,
        limit,
        gone: [gone(5)?, gone(6)?],
        is_changed: false,
    })
}

impl Rooms {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        // Limits of rooms that were gone when the server stopped.
        let gone = "DELETE FROM room WHERE messages = 0 AND events = 0 \
            AND folded NOT IN (SELECT folded FROM registered_room)";
        connection.execute(gone, [])?;
        let sums = "SELECT coalesce(sum(messages), 0), coalesce(sum(events), 0) FROM room";
        let (messages, events): (i64, i64) =
            connection.query_row(sums, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (messages, events) = (messages.unsigned_abs(), events.unsigned_abs());
        Ok(Self { messages, events, committed: (messages, events), ..Self::default() })
    }

    /// The room of this place, if it has a history or a limit.
    pub(super) fn find(&mut self, connection: &Connection, place: &Place) -> rusqlite::Result<Option<Room>> {
        if let Some(room) = self.ids.get(place).and_then(|id| self.rooms.get(id)) {
            return Ok(Some(*room));
        }
        let sql = format!("SELECT {COLUMNS} FROM room WHERE folded = ?");
        let found = connection.query_row(&sql, [place.folded()], room).optional()?;
        if let Some(mut room) = found {
            // It may be known by its number already.
            room = *self.rooms.entry(room.id).or_insert(room);
            self.ids.insert(place.clone(), room.id);
            return Ok(Some(room));
        }
        Ok(None)
    }

    /// The room with this id.
    pub(super) fn get(&mut self, connection: &Connection, id: i64) -> rusqlite::Result<Option<Room>> {
        if let Some(room) = self.rooms.get(&id) {
            return Ok(Some(*room));
        }
        let sql = format!("SELECT {COLUMNS} FROM room WHERE id = ?");
        let found = connection.query_row(&sql, [id], room).optional()?;
        if let Some(room) = found {
            self.rooms.insert(id, room);
        }
        Ok(found)
    }

    /// The room of this place, which is created if need be.
    pub(super) fn find_or_create(
        &mut self,
        connection: &Connection,
        place: &Place,
    ) -> rusqlite::Result<Room> {
        if let Some(room) = self.find(connection, place)? {
            return Ok(room);
        }
        let sql = "INSERT INTO room (folded, name, messages, events, gone_messages, gone_events, smaller, larger) \
            VALUES (?, ?, 0, 0, 0, 0, ?, ?)";
        let [smaller, larger] = place.accounts();
        connection.execute(sql, params![place.folded(), place.name(), smaller, larger])?;
        let room = Room {
            id: connection.last_insert_rowid(),
            messages: 0,
            events: 0,
            limit: None,
            gone: [EventId::MIN; 2],
            is_changed: false,
        };
        self.ids.insert(place.clone(), room.id);
        self.rooms.insert(room.id, room);
        Ok(room)
    }

    /// Takes the name of a room away. Its events have to be gone for readers, and are deleted later.
    pub(super) fn abandon(
        &mut self,
        connection: &Connection,
        id: i64,
        place: &Place,
    ) -> rusqlite::Result<()> {
        self.ids.remove(place);
        let sql = "UPDATE room SET folded = ? WHERE id = ?";
        connection.execute(sql, params![format!("{ABANDONED}{id}"), id])?;
        Ok(())
    }

    /// Gives a room another name, which no other has.
    pub(super) fn rename(
        &mut self,
        connection: &Connection,
        from: &Place,
        to: &Place,
    ) -> rusqlite::Result<()> {
        if let Some(id) = self.ids.remove(from) {
            self.ids.insert(to.clone(), id);
        }
        let sql = "UPDATE room SET folded = ?, name = ? WHERE folded = ?";
        connection.execute(sql, params![to.folded(), to.name(), from.folded()])?;
        Ok(())
    }

    /// Counts events that were added to a room, or deleted.
    pub(super) fn count(&mut self, id: i64, class: Class, change: i64) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.is_changed = true;
        let (count, total) = match class {
            Class::Message => (&mut room.messages, &mut self.messages),
            Class::Event => (&mut room.events, &mut self.events),
        };
        *count = u32::try_from(i64::from(*count).saturating_add(change)).unwrap_or_default();
        *total = total.saturating_add_signed(change);
    }

    pub(super) fn set_limit(&mut self, id: i64, limit: Option<HistoryLimit>) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.is_changed |= room.limit != limit;
            room.limit = limit;
        }
    }

    /// Makes events up to `id` gone for readers.
    pub(super) fn set_gone(&mut self, room: i64, class: Class, id: EventId) {
        if let Some(room) = self.rooms.get_mut(&room)
            && room.gone(class) < id
        {
            room.gone[class.index()] = id;
            room.is_changed = true;
        }
    }

    /// Messages and other events of all rooms.
    pub(super) fn totals(&self) -> (u64, u64) {
        self.committed
    }

    /// True if so many rooms are remembered that they should be saved and forgotten.
    pub(super) fn is_full(&self) -> bool {
        self.rooms.len() >= REMEMBERED
    }

    /// Writes what has changed, and deletes rooms without events and limit. Forgets all rooms if there are many.
    pub(super) fn save(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = "UPDATE room SET messages = ?, events = ?, limit_lines = ?, limit_age = ?, \
            gone_messages = ?, gone_events = ? WHERE id = ?";
        let mut update = connection.prepare(sql)?;
        let mut delete = connection.prepare("DELETE FROM room WHERE id = ?")?;
        let mut gone = false;
        for room in self.rooms.values_mut().filter(|room| room.is_changed) {
            room.is_changed = false;
            if room.messages == 0 && room.events == 0 && room.limit.is_none() {
                delete.execute([room.id])?;
                gone = true;
                continue;
            }
            let lines = room.limit.map(|limit| limit.lines);
            let age = room.limit.map(|limit| i64::try_from(limit.age.as_secs()).unwrap_or(i64::MAX));
            let [messages, events] = room.gone.map(column);
            update.execute(params![room.messages, room.events, lines, age, messages, events, room.id])?;
        }
        if gone || self.is_full() {
            self.ids.clear();
            self.rooms.clear();
        }
        Ok(())
    }

    /// The transaction is committed.
    pub(super) fn committed(&mut self) {
        self.committed = (self.messages, self.events);
    }

    /// The transaction is undone.
    pub(super) fn forget(&mut self) {
        self.ids.clear();
        self.rooms.clear();
        (self.messages, self.events) = self.committed;
    }
}
