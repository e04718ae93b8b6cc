//! A copy of the database, made while the server runs.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::opening::{self, explain};

/// The directory of the copy, beside the database: a server can use it as its own.
const DIRECTORY: &str = "backup";

/// Copies the database, and returns where the copy is. An earlier copy is replaced when the new one is complete. Must
/// not be in a transaction.
pub(super) fn back_up(connection: &Connection, path: &Path) -> Result<PathBuf, String> {
    let directory = path.parent().unwrap_or(Path::new(".")).join(DIRECTORY);
    let (copy, new) = (opening::path(&directory), directory.join("new.db"));
    let cannot = |why: String| format!("cannot copy {} to {}: {why}", path.display(), copy.display());
    prepare(&directory, &new).map_err(|error| cannot(error.to_string()))?;
    let copied = connection.execute("VACUUM INTO ?", [new.to_string_lossy()]);
    let copied = copied.map_err(|error| cannot(explain(&error)));
    let copied = copied.and_then(|_| publish(&new, &copy).map_err(|error| cannot(error.to_string())));
    if copied.is_err() {
        // The original error matters more.
        fs::remove_file(&new).ok();
    }
    copied.map(|()| copy)
}

/// Creates an empty file for the copy, which only its owner may read.
fn prepare(directory: &Path, new: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    // Left by a server that died meanwhile.
    match fs::remove_file(new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(new).map(|_| ())
}

/// Puts the complete copy in its place.
fn publish(new: &Path, copy: &Path) -> io::Result<()> {
    File::open(new)?.sync_all()?;
    fs::rename(new, copy)?;
    File::open(copy.parent().unwrap_or(Path::new(".")))?.sync_all()
}
