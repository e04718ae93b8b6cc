//! The database as a file of SQLite.

mod account_changes;
mod account_records;
mod accounts;
mod backup;
mod bans;
mod changes;
mod claim;
mod copying;
#[cfg(feature = "tools")]
mod examining;
mod expiry;
mod export;
mod ids;
mod kinds;
mod offline;
mod opening;
mod reading;
mod restore;
mod rooms;
mod saved_rooms;
mod saved_users;
mod schema;
mod sources;
mod sweep;
mod writing;

pub(super) use backup::back_up;
#[cfg(feature = "tools")]
pub(super) use examining::{examine, is_part};
pub(super) use export::export;
pub use offline::{ExistingAccount, FreeName};
#[cfg(feature = "upgrade")]
pub(super) use opening::could_open;
#[cfg(feature = "tools")]
pub(crate) use restore::WAITING;
#[cfg(any(feature = "tools", feature = "upgrade"))]
pub(super) use restore::is_waiting as is_restore_waiting;
pub(super) use restore::{finish as finish_restore, restore};

use std::path::PathBuf;
use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension};

use super::database::{Database, Figures};
use super::limits::Limits;
use super::question::Question;
use super::{Opened, StoreConfig, StoreError};
use crate::message::{AccountAnswer, AccountChange, AccountQuery, Answer, Ban, EventId, Record};
use claim::Claim;
use opening::{Purpose, explain, lasting};
use rooms::Rooms;
use sources::Sources;
use sweep::Sweep;

/// The file, and what is known of it.
#[derive(Debug)]
pub(super) struct Sqlite {
    connection: Connection,
    /// After the connection, which closes first.
    _claim: Claim,
    path: PathBuf,
    limits: Limits,
    rooms: Rooms,
    sources: Sources,
    sweep: Sweep,
    /// The number of the last row of `event`.
    last_number: i64,
    /// The last event that was written.
    last_event: EventId,
}

impl Sqlite {
    /// Opens the file, or creates it.
    pub(super) fn open(config: &StoreConfig, now: SystemTime) -> Result<(Self, Opened), StoreError> {
        let path = opening::path(&config.directory);
        let opened = opening::open(&path, config.bytes, Purpose::Serve)?;
        let limits = Limits { age: config.age, lines: config.lines, bytes: config.bytes };
        let notes = bans::import(&opened.0, &config.directory)?;
        let opened = Self::load(opened, path.clone(), limits, now);
        let (database, opened) =
            opened.map_err(|error| StoreError::new(format!("{}: {}", path.display(), explain(&error))))?;
        Ok((database, Opened { notes, ..opened }))
    }

    fn load(
        (connection, claim): (Connection, Claim),
        path: PathBuf,
        limits: Limits,
        now: SystemTime,
    ) -> rusqlite::Result<(Self, Opened)> {
        let last = "SELECT number, id FROM event ORDER BY number DESC LIMIT 1";
        let last = connection.query_row(last, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let (last_number, last_event): (i64, i64) = last.unwrap_or_default();
        let last_event = ids::id(last_event);
        let rooms = Rooms::load(&connection)?;
        let sources = Sources::load(&connection)?;
        let opened = Opened {
            bans: bans::load(&connection, now)?,
            accounts: accounts::names(&connection)?,
            users: saved_users::load(&connection)?,
            rooms: saved_rooms::load(&connection)?,
            last_event,
            notes: Vec::new(),
        };
        let sweep = Sweep::default();
        let database =
            Self { connection, _claim: claim, path, limits, rooms, sources, sweep, last_number, last_event };
        Ok((database, opened))
    }

    fn in_words<T>(&self, result: rusqlite::Result<T>) -> Result<T, String> {
        result.map_err(|error| format!("{}: {}", self.path.display(), explain(&error)))
    }

    fn begin(&self) -> rusqlite::Result<()> {
        if self.connection.is_autocommit() {
            self.connection.execute_batch("BEGIN IMMEDIATE")
        } else {
            Ok(())
        }
    }

    fn end(&mut self) -> rusqlite::Result<()> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.rooms.save(&self.connection)?;
        self.connection.execute_batch("COMMIT")?;
        self.rooms.committed();
        Ok(())
    }
}

impl Database for Sqlite {
    fn write(&mut self, records: &[Record]) -> Result<(), String> {
        let written = self.begin().and_then(|()| self.insert(records));
        self.in_words(written)
    }

    fn commit(&mut self) -> Result<(), String> {
        let committed = self.end();
        self.in_words(committed)
    }

    fn roll_back(&mut self) {
        if !self.connection.is_autocommit() {
            // An error that has rolled it back already is what we want.
            self.connection.execute_batch("ROLLBACK").ok();
        }
        // What was learned in the transaction is not so.
        self.rooms.forget();
        self.sources.forget();
    }

    fn answer(&mut self, question: &mut Question, now: SystemTime) -> Result<Option<Answer>, String> {
        let answer = self.answer_step(question, now);
        self.in_words(answer)
    }

    fn expire(&mut self, now: SystemTime) -> Result<bool, String> {
        let is_more = self.begin().and_then(|()| self.expire_step(now));
        let is_more = is_more.and_then(|is_more| self.end().map(|()| is_more));
        let shortened = is_more.and_then(|is_more| self.shorten_journal().map(|()| is_more));
        self.in_words(shortened)
    }

    fn account(&mut self, query: &AccountQuery) -> Result<AccountAnswer, String> {
        let answer = match query {
            AccountQuery::Change(change) => {
                let changed =
                    lasting(&self.connection, |connection| account_changes::change(connection, change));
                if matches!(change, AccountChange::Drop(_)) {
                    // Private messages are gone.
                    self.rooms.forget();
                    self.sweep.next = Some(0);
                }
                changed
            }
            _ => accounts::answer(&self.connection, query),
        };
        self.in_words(answer)
    }

    fn save_bans(&mut self, bans: &[Ban]) -> Result<(), String> {
        let saved = bans::save(&self.connection, bans);
        if saved.is_err() {
            self.roll_back();
        }
        self.in_words(saved)
    }

    fn figures(&mut self) -> Figures {
        let (messages, events) = self.rooms.totals();
        Figures { messages, events, file_bytes: self.file_bytes() }
    }
}
