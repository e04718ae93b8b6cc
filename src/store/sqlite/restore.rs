//! Puts a backup in the place of what a directory for data has.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::claim::{self, Claim, Claimed};
use super::copying::{Copy, create_directory, sync};
use super::opening;
use crate::date;
use crate::state_files;
use crate::store::{Restored, StoreError};

/// The directory of a backup that is checked and copied, and waits until the server begins anew.
pub(crate) const WAITING: &str = "to-restore";

/// Replaces the database in `state`, and other files that are in the backup. If a server uses `state`, a copy of the backup
/// waits there.
///
/// Until the whole backup is copied and on the disk, nothing in `state` changes.
pub(in crate::store) fn restore(
    backup: &Path,
    state: &Path,
    now: SystemTime,
) -> Result<Restored, StoreError> {
    let (database, _) = opening::open_to_read(&opening::path(backup))?;
    create_directory(state).map_err(|error| cannot(state, error))?;
    if is_same(backup, state) {
        return Err(cannot(state, "this is the backup itself"));
    }
    let waiting = state.join(WAITING);
    if waiting.exists() {
        let why = format!("another backup waits in {}: remove that to give it up", waiting.display());
        return Err(cannot(state, why));
    }
    let claim = claim_whole(state);
    let copy = Copy::begin(state.join("restoring")).map_err(|why| cannot(state, why))?;
    copy.fill(&database, backup).map_err(|why| cannot(state, why))?;
    give(copy.directory(), state).map_err(|error| cannot(state, error))?;
    match claim {
        Ok(_claim) => replace(copy.directory(), state, now).map(|old| Restored::Now { old }),
        Err(Claimed) => copy.publish(&waiting).map(|()| Restored::Waits { copy: waiting }),
    }
    .map_err(|error| cannot(state, error))
}

/// True if a backup waits in this directory until the server begins anew.
pub(in crate::store) fn is_waiting(state: &Path) -> bool {
    // It is the last file to be moved.
    opening::path(&state.join(WAITING)).exists()
}

#[cfg(feature = "upgrade")]
/// The directory whose database the next server uses.
pub(super) fn next(state: &Path) -> PathBuf {
    if is_waiting(state) { state.join(WAITING) } else { state.to_owned() }
}

/// Restores the backup that waits in this directory. Returns a line that says so; `None` if there is none, or another
/// process uses the directory.
pub(in crate::store) fn finish(state: &Path, now: SystemTime) -> Result<Option<String>, StoreError> {
    if !is_waiting(state) {
        return Ok(None);
    }
    let Ok(_claim) = claim_whole(state) else { return Ok(None) };
    let waiting = state.join(WAITING);
    let refuse = |why: String| {
        cannot(state, format!("{why}; to go on without the backup, remove {}", waiting.display()))
    };
    // It was sound when it was copied, but may have waited for long.
    opening::open_to_read(&opening::path(&waiting)).map(drop).map_err(|error| refuse(error.to_string()))?;
    let old = replace(&waiting, state, now).map_err(|error| refuse(error.to_string()))?;
    // Whatever else is in it is not ours.
    fs::remove_file(waiting.join(claim::NAME)).and_then(|()| fs::remove_dir(&waiting)).ok();
    let old = old.map(|old| format!("; what was there is in {}", old.display()));
    Ok(Some(format!("the backup that waited is restored{}", old.unwrap_or_default())))
}

fn cannot(state: &Path, why: impl ToString) -> StoreError {
    StoreError::new(format!("cannot restore {}: {}", state.display(), why.to_string()))
}

/// Claims the directory, and completes its database, so that it has all of it when it is moved away.
fn claim_whole(state: &Path) -> Result<Claim, Claimed> {
    let claim = Claim::take(state)?;
    opening::complete(&opening::path(state))?;
    Ok(claim)
}

fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Gives the new files to the owner of the directory: root may restore for a server that is not root.
fn give(new: &Path, state: &Path) -> io::Result<()> {
    let owner = fs::metadata(state)?;
    let files = fs::read_dir(new)?.map(|entry| entry.map(|entry| entry.path()));
    for file in files.chain([Ok(new.to_owned())]) {
        let file = file?;
        if fs::metadata(&file)?.uid() != owner.uid() {
            chown(&file, Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}

/// Moves what is in `state` away, and the files in `new` into its place: all of them, or, after an error, none. Returns where
/// what was there is now; `None` if there was nothing.
fn replace(new: &Path, state: &Path, now: SystemTime) -> io::Result<Option<PathBuf>> {
    let old = create_old(state, now)?;
    let mut moved = Vec::new();
    let all = exchange(new, state, &old, &mut moved);
    if all.is_err() {
        for (from, to) in moved.iter().rev() {
            // The first error matters more.
            fs::rename(to, from).ok();
        }
    }
    let synced = all.and_then(|()| sync(&old)).and_then(|()| sync(state));
    // It has something in it unless there was nothing.
    let old = fs::remove_dir(&old).is_err().then_some(old);
    synced.map(|()| old)
}

/// Creates the directory for what is replaced now, which no earlier restore has used.
fn create_old(state: &Path, now: SystemTime) -> io::Result<PathBuf> {
    // Without colons, which the file systems of memory sticks do not like.
    let first = state.join(format!("replaced-{}", date::seconds(now)).replace(':', ""));
    let (mut old, mut n) = (first.clone(), 1);
    while let Err(error) = DirBuilder::new().mode(0o700).create(&old) {
        if error.kind() != ErrorKind::AlreadyExists {
            return Err(error);
        }
        n += 1;
        old = PathBuf::from(format!("{}-{n}", first.display()));
    }
    // Only root can, and only root needs to.
    give(&old, state).ok();
    Ok(old)
}

/// Moves files, and lists from where to where. Can be repeated if the process is killed on the way: the new database comes
/// last.
fn exchange(new: &Path, state: &Path, old: &Path, moved: &mut Vec<(PathBuf, PathBuf)>) -> io::Result<()> {
    let mut moving = |from: PathBuf, to: PathBuf| -> io::Result<()> {
        if from.exists() {
            fs::rename(&from, &to)?;
            moved.push((from, to));
        }
        Ok(())
    };
    // The journal first: it must not meet another database.
    opening::FILES.iter().rev().try_for_each(|name| moving(state.join(name), old.join(name)))?;
    for name in state_files::ALL.iter().chain(opening::FILES.iter().rev()) {
        if new.join(name).exists() {
            moving(state.join(name), old.join(name))?;
        }
        moving(new.join(name), state.join(name))?;
    }
    Ok(())
}
