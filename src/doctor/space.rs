//! Room on the disk for the history.

use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};

use super::megabytes;

/// Least size of a database with its journal, in bytes.
const LEAST_BYTES: u64 = 8_000_000;

/// Checks that the file system of `directory` has room for a history that may grow by this.
pub(super) fn check(directory: &Path, grows_by: u64) -> Result<String, String> {
    // A directory that is created later is on the file system of the one above.
    let existing = directory.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let found = statvfs(existing).map_err(|error| format!("{}: {error}", existing.display()))?;
    if found.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Err(format!("{} is only for reading: choose another --state", existing.display()));
    }
    room(found.f_bavail.saturating_mul(found.f_frsize), grows_by.max(LEAST_BYTES))
}

fn room(free: u64, needed: u64) -> Result<String, String> {
    let (has, may_need) = (megabytes(free), megabytes(needed));
    if free >= needed {
        return Ok(format!("{has} are free; the history may grow by {may_need}"));
    }
    Err(format!(
        "{has} are free, and the history may grow by {may_need}: make room, or lower --history-bytes"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_must_have_room_to_grow() {
        assert_eq!(room(20, 20), Ok("0.0 MB are free; the history may grow by 0.0 MB".into()));
        let why = "1.9 MB are free, and the history may grow by 2.0 MB: make room, or lower --history-bytes";
        assert_eq!(room(1_999_999, 2_000_000), Err(why.into()));
        assert!(check(Path::new("/tmp/not/there"), 0).is_ok());
    }
}
