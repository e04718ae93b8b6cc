//! Puts a backup in the place of what a directory for data has.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::claim::{Claim, Claimed};
use super::copying::{Copy, create_directory, sync};
use super::opening;
use crate::date;
use crate::state_files;
use crate::store::StoreError;

/// Replaces the database in `state`, and other files that are in the backup, while no server uses `state`. Returns where
/// what was there is now; `None` if there was nothing.
///
/// Until the whole backup is copied and on the disk, nothing in `state` changes.
pub(in crate::store) fn restore(
    backup: &Path,
    state: &Path,
    now: SystemTime,
) -> Result<Option<PathBuf>, StoreError> {
    let cannot = |why: String| StoreError::new(format!("cannot restore {}: {why}", state.display()));
    let in_use = || cannot("a parlord uses it; stop that first".into());
    let (database, _) = opening::open_to_read(&opening::path(backup))?;
    create_directory(state).map_err(|error| cannot(error.to_string()))?;
    if is_same(backup, state) {
        return Err(cannot("this is the backup itself".into()));
    }
    let _claim = Claim::take(state).map_err(|Claimed| in_use())?;
    opening::complete(&opening::path(state)).map_err(|Claimed| in_use())?;
    let copy = Copy::begin(state.join("restoring")).map_err(cannot)?;
    copy.fill(&database, backup).map_err(cannot)?;
    // Without colons, which the file systems of memory sticks do not like.
    let old = state.join(format!("replaced-{}", date::seconds(now)).replace(':', ""));
    let replaced = give(copy.directory(), state).and_then(|()| replace(copy.directory(), state, &old));
    replaced.map_err(|error| cannot(error.to_string()))?;
    // It has something in it unless there was nothing.
    Ok(fs::remove_dir(&old).is_err().then_some(old))
}

fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Gives the new files to the owner of the directory: root may restore for a server that is not root.
fn give(new: &Path, state: &Path) -> io::Result<()> {
    let owner = fs::metadata(state)?;
    for entry in fs::read_dir(new)? {
        let file = entry?.path();
        if fs::metadata(&file)?.uid() != owner.uid() {
            chown(&file, Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}

/// Moves what is in `state` to `old`, and the files in `new` into its place: all of them, or, after an error, none.
fn replace(new: &Path, state: &Path, old: &Path) -> io::Result<()> {
    create_directory(old)?;
    let mut moved = Vec::new();
    let mut moving = |from: PathBuf, to: PathBuf| -> io::Result<()> {
        if from.exists() {
            fs::rename(&from, &to)?;
            moved.push((from, to));
        }
        Ok(())
    };
    // The journal first: it must not meet another database.
    let journal_first =
        opening::FILES.iter().rev().try_for_each(|name| moving(state.join(name), old.join(name)));
    let all = journal_first.and_then(|()| {
        state_files::ALL.iter().chain(&opening::FILES).try_for_each(|name| {
            if new.join(name).exists() {
                moving(state.join(name), old.join(name))?;
            }
            moving(new.join(name), state.join(name))
        })
    });
    if all.is_err() {
        for (from, to) in moved.iter().rev() {
            // The first error matters more.
            fs::rename(to, from).ok();
        }
    }
    all?;
    sync(old)?;
    sync(state)
}
