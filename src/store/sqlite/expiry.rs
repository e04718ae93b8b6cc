//! Deleting what need not be kept: events that are too old, more than a room may have, or more than fit in the file.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rusqlite::{OptionalExtension, params};

use super::Sqlite;
use super::ids::{self, column};
use super::opening::{PAGE_BYTES, journal_pages, pragma};
use super::rooms::GONE;
use super::sources::USED_FOR;
use crate::message::EventId;
use crate::store::class::Class;

/// Rows deleted in one step.
const STEP_ROWS: u32 = 500;

/// Rooms looked at in one step.
const STEP_ROOMS: u32 = 200;

/// Pages given back to the file system in one step.
const STEP_PAGES: u32 = 256;

/// How often all rooms are looked at, because some limit the age of their history.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

impl Sqlite {
    /// Deletes some rows. True if more are to be deleted.
    pub(super) fn expire_step(&mut self, now: SystemTime) -> rusqlite::Result<bool> {
        let too_old = self.limits.oldest(None, now);
        if self.delete_first(too_old)? == STEP_ROWS || self.trim_noted(now)? || self.look_at_rooms(now)? {
            return Ok(true);
        }
        if self.used_bytes()? > self.allowed_bytes() && self.delete_first(EventId::MAX)? > 0 {
            return Ok(true);
        }
        Ok(self.delete_sources()? || self.shrink()?)
    }

    /// Deletes the first events of all rooms, up to this id. Returns their number.
    fn delete_first(&mut self, last: EventId) -> rusqlite::Result<u32> {
        let sql = "SELECT number, room, class FROM (SELECT number, room, class, id FROM event ORDER BY number LIMIT ?2) \
            WHERE id <= ?1";
        let last = column(last);
        if self.first_id()?.is_none_or(|first| first > last) {
            return Ok(0);
        }
        self.delete(sql, &[last, STEP_ROWS.into()])
    }

    /// Deletes the rows that `sql` selects by number, room and class.
    fn delete(&mut self, sql: &str, parameters: &[i64]) -> rusqlite::Result<u32> {
        let mut select = self.connection.prepare(sql)?;
        let rows = select.query_map(rusqlite::params_from_iter(parameters), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, Class::of_number(row.get(2)?)))
        })?;
        let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        let mut delete = self.connection.prepare("DELETE FROM event WHERE number = ?")?;
        for &(number, room, class) in &rows {
            delete.execute([number])?;
            if self.rooms.is_full() {
                self.rooms.save(&self.connection)?;
            }
            self.rooms.get(&self.connection, room)?;
            self.rooms.count(room, class, -1);
        }
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }

    /// Deletes what a noted room has too much of. True if there may be more.
    fn trim_noted(&mut self, now: SystemTime) -> rusqlite::Result<bool> {
        let Some(&id) = self.sweep.noted.first() else { return Ok(false) };
        if !self.trim(id, now)? {
            self.sweep.noted.remove(&id);
        }
        Ok(!self.sweep.noted.is_empty())
    }

    /// Deletes some of what a room has too much of. True if it may have more.
    fn trim(&mut self, id: i64, now: SystemTime) -> rusqlite::Result<bool> {
        let Some(room) = self.rooms.get(&self.connection, id)? else { return Ok(false) };
        let too_old = self.limits.oldest(room.limit.map(|limit| limit.age), now);
        let mut is_more = false;
        for class in Class::ALL {
            let gone = column(too_old.max(room.gone(class)));
            let old = "SELECT number, room, class FROM event \
                WHERE room = ?1 AND class = ?2 AND id <= ?3 ORDER BY id LIMIT ?4";
            let mut deleted = self.delete(old, &[id, class.number(), gone, STEP_ROWS.into()])?;
            let left = room.count(class).saturating_sub(deleted);
            let excess = left.saturating_sub(self.limits.lines_of(room.limit)).min(STEP_ROWS);
            if excess > 0 {
                deleted += self.delete(old, &[id, class.number(), i64::MAX, excess.into()])?;
            }
            is_more |= deleted >= STEP_ROWS;
        }
        Ok(is_more)
    }

    /// Notes the rooms that have too much. True if there may be more of them.
    fn look_at_rooms(&mut self, now: SystemTime) -> rusqlite::Result<bool> {
        let is_due = now.duration_since(self.sweep.since).is_ok_and(|since| since >= SWEEP_EVERY);
        if self.sweep.next.is_none() && is_due {
            self.sweep.next = Some(0);
            self.sweep.since = now;
        }
        let Some(first) = self.sweep.next else { return Ok(false) };
        // Rooms in memory may have other counts than their rows.
        self.rooms.save(&self.connection)?;
        let sql = "SELECT id, limit_lines IS NOT NULL OR gone_messages = ?4 OR messages > ?1 OR events > ?1 \
            FROM room WHERE id >= ?2 ORDER BY id LIMIT ?3";
        let mut select = self.connection.prepare(sql)?;
        let rooms = select.query_map(params![self.limits.lines, first, STEP_ROOMS, GONE], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?))
        })?;
        let rooms: Vec<_> = rooms.collect::<Result<_, _>>()?;
        self.sweep.next = rooms.last().map(|(last, _)| last + 1);
        let noted = rooms.iter().filter(|(_, may_have_too_much)| *may_have_too_much);
        self.sweep.noted.extend(noted.map(|(id, _)| id));
        Ok(!rooms.is_empty())
    }

    /// Deletes identities that no event has any longer. True if there may be more.
    fn delete_sources(&mut self) -> rusqlite::Result<bool> {
        let unused = match self.first_id()? {
            Some(first) => {
                let first = ids::id(first).time();
                first.checked_sub(USED_FOR).map_or(EventId::MIN, EventId::before)
            }
            None => {
                self.sources.forget();
                EventId::MAX
            }
        };
        let sql = "DELETE FROM source WHERE id IN (SELECT id FROM source ORDER BY id LIMIT ?) AND born <= ?";
        let deleted = self.connection.execute(sql, params![STEP_ROWS, column(unused)])?;
        Ok(deleted as u64 == u64::from(STEP_ROWS))
    }

    /// Gives pages back to the file system if the file is larger than it may be.
    fn shrink(&mut self) -> rusqlite::Result<bool> {
        let is_large =
            self.pages()? * PAGE_BYTES > self.allowed_bytes() && self.number("freelist_count")? > 0;
        if is_large {
            pragma(&self.connection, &format!("incremental_vacuum({STEP_PAGES})"))?;
        }
        Ok(is_large)
    }

    /// Empties the journal if a large transaction has left it large.
    pub(super) fn shorten_journal(&self) -> rusqlite::Result<()> {
        let most = 2 * journal_pages(self.limits.bytes) * PAGE_BYTES;
        if self.journal().metadata().is_ok_and(|file| file.len() > most) {
            pragma(&self.connection, "wal_checkpoint(TRUNCATE)")?;
        }
        Ok(())
    }

    fn first_id(&self) -> rusqlite::Result<Option<i64>> {
        let sql = "SELECT id FROM event ORDER BY number LIMIT 1";
        self.connection.query_row(sql, [], |row| row.get(0)).optional()
    }

    /// The file without its journal. A transaction may be larger than the journal usually is, and add as much to the
    /// file before something is deleted.
    fn allowed_bytes(&self) -> u64 {
        self.limits.bytes - 4 * journal_pages(self.limits.bytes) * PAGE_BYTES
    }

    fn used_bytes(&self) -> rusqlite::Result<u64> {
        Ok(self.pages()?.saturating_sub(self.number("freelist_count")?) * PAGE_BYTES)
    }

    fn pages(&self) -> rusqlite::Result<u64> {
        self.number("page_count")
    }

    fn number(&self, name: &str) -> rusqlite::Result<u64> {
        let number = self.connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))?;
        Ok(number.unsigned_abs())
    }

    /// The size of the file and its journal; 0 if it cannot be told.
    pub(super) fn file_bytes(&self) -> u64 {
        let files = [self.path.metadata(), self.journal().metadata()];
        files.into_iter().flatten().map(|file| file.len()).sum()
    }

    fn journal(&self) -> PathBuf {
        self.path.with_extension("db-wal")
    }
}
