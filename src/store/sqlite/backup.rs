//! A copy of the directory for data, with which a server can be started.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::copying::Copy;
use super::opening;
use crate::store::StoreError;

/// Copies the directory for data to `to`, which must be free or an empty directory, while a server may use it. `to` is
/// there when the copy is complete and on the disk.
pub(in crate::store) fn back_up(state: &Path, to: &Path) -> Result<(), StoreError> {
    let cannot = |why: String| StoreError::new(format!("cannot back up to {}: {why}", to.display()));
    check_free(to).map_err(|error| cannot(error.to_string()))?;
    let (database, _) = opening::open_to_read(&opening::path(state))?;
    let copy = Copy::begin(to.with_added_extension("partial")).map_err(cannot)?;
    copy.fill(&database, state).map_err(cannot)?;
    copy.publish(to).map_err(|error| cannot(error.to_string()))
}

fn check_free(path: &Path) -> io::Result<()> {
    let refused = |why: &str| Err(io::Error::new(ErrorKind::InvalidInput, why));
    if path.file_name().is_none() {
        return refused("give the name of a new directory");
    }
    match fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
        Ok(false) => refused("it is not empty; give the name of a new directory"),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(true) | Err(_) => Ok(()),
    }
}
