//! Copies a directory for data into a new one, while a server may use the old one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::claim::{self, Claim, Claimed};
use super::opening::{self, explain};
use crate::state_files;

/// A directory for a copy, which nobody else writes to. Unless it is published, it is removed.
pub(super) struct Copy {
    directory: PathBuf,
    _claim: Claim,
}

impl Copy {
    /// Creates the directory. One that was left by a killed process is emptied first.
    pub(super) fn begin(directory: PathBuf) -> Result<Self, String> {
        let cannot = |error: io::Error| format!("{}: {error}", directory.display());
        create_directory(&directory).map_err(cannot)?;
        let claim = Claim::take(&directory)
            .map_err(|Claimed| format!("another process writes {}", directory.display()))?;
        let copy = Self { directory, _claim: claim };
        empty(&copy.directory);
        let mut rest = fs::read_dir(&copy.directory).map_err(|error| error.to_string())?.flatten();
        match rest.find(|entry| entry.file_name() != claim::NAME) {
            Some(entry) => Err(format!("{} is in the way; remove it", entry.path().display())),
            None => Ok(copy),
        }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Copies the database on this connection, and the other files in `from`. All is on the disk when this returns.
    pub(super) fn fill(&self, database: &Connection, from: &Path) -> Result<(), String> {
        let file = opening::path(&self.directory);
        let cannot = |path: &Path, why: String| format!("cannot write {}: {why}", path.display());
        let text = file.to_str().ok_or_else(|| cannot(&file, "the path is not UTF-8".into()))?;
        // Only its owner may read it.
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        created.map_err(|error| cannot(&file, error.to_string()))?;
        let copied = database.execute("VACUUM INTO ?", [text]);
        copied.map_err(|error| cannot(&file, explain(&error)))?;
        sync(&file).map_err(|error| cannot(&file, error.to_string()))?;
        for name in state_files::ALL {
            let copy = self.directory.join(name);
            copy_file(&from.join(name), &copy).map_err(|error| cannot(&copy, error.to_string()))?;
        }
        sync(&self.directory).map_err(|error| cannot(&self.directory, error.to_string()))
    }

    /// Gives the directory its name, which must be free or that of an empty directory.
    pub(super) fn publish(self, name: &Path) -> io::Result<()> {
        fs::rename(&self.directory, name)?;
        // On the disk, too.
        sync(name.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // Nothing is there any more if it was published.
        remove(&self.directory);
    }
}

/// Removes a directory with what a copy may consist of, and nothing else.
pub(super) fn remove(directory: &Path) {
    empty(directory);
    remove_empty(directory);
}

/// Removes a directory in which nothing is left of a copy, unless there is something else.
pub(super) fn remove_empty(directory: &Path) {
    fs::remove_file(directory.join(claim::NAME)).ok();
    fs::remove_dir(directory).ok();
}

/// Removes what a copy may consist of, and nothing else.
fn empty(directory: &Path) {
    for name in opening::FILES.iter().chain(&state_files::ALL) {
        // An error shows when the copy is begun or published.
        fs::remove_file(directory.join(name)).ok();
    }
}

/// Creates a directory, which only its owner may read, unless there is one.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Copies a file with its rights, if there is one.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    match fs::metadata(from) {
        Ok(file) if file.is_file() => {}
        Ok(_) => return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    fs::copy(from, to)?;
    sync(to)
}

/// Waits until a file or the entries of a directory are on the disk.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
