//! The store: a database file with the history of rooms, accounts and bans, and the thread that owns it. The event loop
//! hands over what happens and asks questions; it never waits for the disk.
//!
//! Knows no sessions and sockets. [`Store`] is the side of the loop, `Keeper` that of the thread, and between
//! them is a `Desk`. The thread works on a [`Database`]: a file of SQLite, a broker that several nodes share, or a stand-in in
//! tests.

mod class;
mod cursors;
mod database;
mod desk;
mod handle;
mod keeper;
mod limits;
mod place;
mod question;
#[cfg(feature = "cluster")]
mod redis;
mod size;
mod sqlite;
mod times;

pub use database::{Database, Figures};
pub use desk::{Reply, Status};
pub use handle::Store;
pub use question::Question;
#[cfg(feature = "tools")]
pub(crate) use sqlite::WAITING;
pub use sqlite::{ExistingAccount, FreeName};

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

#[cfg(feature = "cluster")]
use crate::broker::Broker;
use crate::message::{AccountId, Ban, EventId, SavedRoom, SavedUser};
use crate::name::{RoomName, UserName};

/// Where the store is, and what it keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The directory of the database file.
    pub directory: PathBuf,
    /// How long the history is kept; `None` records none, only bans.
    pub age: Option<Duration>,
    /// Most messages kept of each room, and as many other events.
    pub lines: u32,
    /// Most bytes of the database file, its journal included.
    pub bytes: u64,
}

/// The broker that is the store of several nodes, and what it keeps.
#[cfg(feature = "cluster")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerConfig {
    pub broker: Broker,
    /// How long the history is kept; `None` records none.
    pub age: Option<Duration>,
    /// Most messages kept of each room, and as many other events.
    pub lines: u32,
    /// Most bytes of the history of all rooms, about.
    pub bytes: u64,
}

/// What an earlier run has left in the store.
#[derive(Debug, Default)]
pub struct Opened {
    pub bans: Vec<Ban>,
    /// All accounts.
    pub accounts: Vec<(AccountId, UserName)>,
    /// The users of accounts that stay.
    pub users: Vec<SavedUser>,
    /// The registered rooms.
    pub rooms: Vec<SavedRoom>,
    /// The last event; later ones must have larger ids.
    pub last_event: EventId,
    /// What operators should know, a line each.
    pub notes: Vec<String>,
}

/// Why the store cannot be opened, in one line that names the file or the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    line: String,
    /// There is no such directory, and none could be created.
    pub is_nowhere: bool,
}

impl StoreError {
    fn new(line: String) -> Self {
        Self { line, is_nowhere: false }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl std::error::Error for StoreError {}

/// Writes the history of a room as lines of JSON.
pub fn export(directory: &Path, room: &RoomName, out: &mut impl Write) -> Result<(), StoreError> {
    sqlite::export(directory, room, out)
}

/// Copies the directory for data to `to`, which must be free or an empty directory, while a server may use it.
pub fn back_up(directory: &Path, to: &Path) -> Result<(), StoreError> {
    sqlite::back_up(directory, to)
}

/// Whether a backup is restored already, or waits for the server that runs.
#[derive(Debug)]
pub enum Restored {
    /// It is in its place.
    Now {
        /// The directory to which the replaced files have moved; `None` if there were none.
        old: Option<PathBuf>,
    },
    /// A server uses the directory. It restores the backup when it begins anew.
    Waits {
        /// The directory with the copy that the server will restore.
        copy: PathBuf,
    },
}

/// Puts a backup in the place of what the directory for data has. If a server uses that, the backup waits.
pub fn restore(backup: &Path, directory: &Path, now: SystemTime) -> Result<Restored, StoreError> {
    sqlite::restore(backup, directory, now)
}

/// Restores the backup that waits in this directory, unless another process uses the directory. Returns a line that says so;
/// `None` if nothing is restored.
pub fn finish_restore(directory: &Path, now: SystemTime) -> Result<Option<String>, StoreError> {
    sqlite::finish_restore(directory, now)
}

/// True if a backup waits in this directory.
#[cfg(any(feature = "tools", feature = "upgrade"))]
pub fn is_restore_waiting(directory: &Path) -> bool {
    sqlite::is_restore_waiting(directory)
}

/// Checks that a server could open the database in this directory once the one that uses it is gone.
#[cfg(feature = "upgrade")]
pub fn could_open(directory: &Path) -> Result<(), StoreError> {
    sqlite::could_open(directory)
}

/// What was found in a database.
#[cfg(feature = "tools")]
#[derive(Debug)]
pub struct Examined {
    /// The time of the newest event; 1970 if there is none.
    pub newest: SystemTime,
    /// The size without the journal.
    pub file_bytes: u64,
    /// What is damaged, in one line.
    pub damage: Option<String>,
}

/// Examines the database in this directory, which a server may use; `None` if there is none.
#[cfg(feature = "tools")]
pub fn examine(directory: &Path) -> Result<Option<Examined>, StoreError> {
    sqlite::examine(directory)
}

/// True for the files of the database.
#[cfg(feature = "tools")]
pub fn is_part(path: &Path) -> bool {
    sqlite::is_part(path)
}
