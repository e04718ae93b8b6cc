//! Puts a backup in the place of what a directory for data has.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::claim::{Claim, Claimed};
use super::copying::{self, Copy, create_directory, remove_empty, sync};
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
    let claim = claim_whole(state);
    let copy = Copy::begin(state.join("restoring")).map_err(|why| cannot(state, why))?;
    // From here on, no other process lets a backup wait.
    let waiting = state.join(WAITING);
    if is_waiting(state) {
        let why = format!("another backup waits in {}: remove that to give it up", waiting.display());
        return Err(cannot(state, why));
    }
    // It is left if the process that restored it was killed in the end.
    remove_empty(&waiting);
    copy.fill(&database, backup).map_err(|why| cannot(state, why))?;
    give(copy.directory(), state).map_err(|error| cannot(state, error))?;
    // If this process is killed on the way, the next server goes on.
    copy.publish(&waiting).map_err(|error| cannot(state, format!("{}: {error}", waiting.display())))?;
    let Ok(_claim) = claim else { return Ok(Restored::Waits { copy: waiting }) };
    let replaced = replace(&waiting, state, now);
    // If replacing has failed, the copy must not wait for the next server.
    copying::remove(&waiting);
    replaced.map(|old| Restored::Now { old }).map_err(|error| cannot(state, error))
}

/// True if a backup waits in this directory until the server begins anew.
pub(in crate::store) fn is_waiting(state: &Path) -> bool {
    // It is the last file to be moved.
    opening::path(&state.join(WAITING)).exists()
}

/// The directory whose database the next server uses.
#[cfg(feature = "upgrade")]
pub(super) fn next(state: &Path) -> PathBuf {
    if is_waiting(state) { state.join(WAITING) } else { state.to_owned() }
}

/// Restores the backup that waits in this directory. Returns a line that says so; `None` if there is none.
pub(in crate::store) fn finish(state: &Path, now: SystemTime) -> Result<Option<String>, StoreError> {
    let waiting = state.join(WAITING);
    if !is_waiting(state) {
        // It is left if the process that restored it was killed in the end.
        remove_empty(&waiting);
        return Ok(None);
    }
    let _claim = claim_whole(state)
        .map_err(|Claimed| cannot(state, "another process uses the database; let that end first"))?;
    let refuse = |why: String| {
        cannot(state, format!("{why}; to go on without the backup, remove {}", waiting.display()))
    };
    // It was sound when it was copied, but may have waited for long.
    opening::open_to_read(&opening::path(&waiting)).map(drop).map_err(|error| refuse(error.to_string()))?;
    let old = replace(&waiting, state, now).map_err(|error| refuse(error.to_string()))?;
    // Whatever else is in it is not ours.
    remove_empty(&waiting);
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

/// Moves what is in `state` away, and the files in `new` into its place: all of them, or, after an error, none. Returns the
/// directory to which the old files have moved; `None` if there were none.
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
    // The certificate goes first and comes last: it must not meet another key, with which no server would start.
    for name in state_files::ALL.iter().filter(|name| new.join(name).exists()) {
        moving(state.join(name), old.join(name))?;
    }
    let mut comes = state_files::ALL.iter().rev().chain(opening::FILES.iter().rev());
    comes.try_for_each(|name| moving(new.join(name), state.join(name)))
}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use super::*;

    /// A directory in which a backup waits; each of its files says `new`, and those beside it say `old`.
    fn waiting(name: &str) -> PathBuf {
        let state = env::temp_dir().join(format!("parlor-restore-{}-{name}", process::id()));
        for (directory, origin) in [(&state, "old"), (&state.join(WAITING), "new")] {
            drop(opening::open(&opening::path(directory), u64::MAX, opening::Purpose::Serve).unwrap());
            let database = rusqlite::Connection::open(opening::path(directory)).unwrap();
            database.execute_batch(&format!("CREATE TABLE {origin} (id)")).unwrap();
            for name in state_files::ALL {
                fs::write(directory.join(name), origin).unwrap();
            }
        }
        state
    }

    fn has_table(directory: &Path, table: &str) -> bool {
        let database = rusqlite::Connection::open(opening::path(directory)).unwrap();
        database.prepare(&format!("SELECT * FROM {table}")).is_ok()
    }

    #[test]
    fn after_a_kill_at_any_moment_the_server_starts_and_completes_the_restore() {
        let first = waiting("first");
        let old = create_old(&first, SystemTime::UNIX_EPOCH).unwrap();
        let mut moved = Vec::new();
        exchange(&first.join(WAITING), &first, &old, &mut moved).unwrap();
        for count in 0..=moved.len() {
            let state = waiting("killed");
            create_old(&state, SystemTime::UNIX_EPOCH).unwrap();
            for (from, to) in &moved[..count] {
                let here = |path: &Path| state.join(path.strip_prefix(&first).unwrap());
                fs::rename(here(from), here(to)).unwrap();
            }
            let read = |name: &str| fs::read_to_string(state.join(name)).ok();
            let certificate = read(state_files::CERTIFICATE);
            assert!(certificate.is_none() || certificate == read(state_files::KEY), "after {count}");
            finish(&state, SystemTime::UNIX_EPOCH).unwrap();
            assert!(has_table(&state, "new") && !is_waiting(&state), "after {count}");
            for name in state_files::ALL {
                assert_eq!(read(name).as_deref(), Some("new"), "{name} after {count}");
            }
            let olds = ["replaced-1970-01-01T000000Z", "replaced-1970-01-01T000000Z-2"];
            let olds = olds.map(|name| state.join(name));
            for name in state_files::ALL {
                let found = olds.iter().find_map(|old| fs::read_to_string(old.join(name)).ok());
                assert_eq!(found.as_deref(), Some("old"), "{name} after {count}");
            }
            let old = olds.iter().find(|old| opening::path(old).exists()).unwrap();
            assert!(has_table(old, "old"), "after {count}");
            fs::remove_dir_all(state).unwrap();
        }
        fs::remove_dir_all(first).unwrap();
    }
}
