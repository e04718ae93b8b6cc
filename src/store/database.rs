//! What the store's thread needs of a database.

use std::time::{Duration, SystemTime};

use super::question::Question;
use crate::message::{AccountAnswer, AccountQuery, Answer, Ban, Record};

/// A database. Its errors are one line each, and may pass: a full disk gets room again.
///
/// Records are written in a transaction, which the first of them begins. Questions see them before the commit.
pub trait Database: Send + 'static {
    /// How long the first record of a group waits for others: for a disk, because each commit writes at least a page.
    fn gather(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// How long a question waits, so that what others have recorded before it was asked is committed.
    fn settle(&self) -> Duration {
        Duration::ZERO
    }

    /// How soon writing is tried again when it has failed.
    fn retry(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// Adds records to the transaction.
    fn write(&mut self, records: &[Record]) -> Result<(), String>;

    /// Commits the transaction, if there is one.
    fn commit(&mut self) -> Result<(), String>;

    /// Undoes the transaction, if there is one.
    fn roll_back(&mut self);

    /// Works on a question for a few milliseconds. `None` if it takes longer: call it again.
    fn answer(&mut self, question: &mut Question, now: SystemTime) -> Result<Option<Answer>, String>;

    /// Deletes, for a few milliseconds, what need not be kept any longer. True if more is left. Called outside
    /// transactions.
    fn expire(&mut self, now: SystemTime) -> Result<bool, String>;

    /// Answers a question about accounts. A change is on the disk when it returns. Called outside transactions.
    fn account(&mut self, query: &AccountQuery) -> Result<AccountAnswer, String>;

    /// Replaces all bans, which are on the disk when it returns. Called outside transactions.
    fn save_bans(&mut self, bans: &[Ban]) -> Result<(), String>;

    /// The database's size.
    fn figures(&mut self) -> Figures;
}

/// The size of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub messages: u64,
    /// Joins, changes of modes and so on.
    pub events: u64,
    /// The file and its journal.
    pub file_bytes: u64,
}
