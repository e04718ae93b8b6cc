//! The directory for data and the database in it.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::process::geteuid;

use super::{Finding, megabytes, space};
use crate::config::ServerConfig;
use crate::date;
use crate::state_files;
use crate::store::{self, Examined};

/// How far the newest event may be ahead of the clock: clocks are corrected.
const AHEAD: Duration = Duration::from_secs(60);

pub(super) fn check(config: &ServerConfig, now: SystemTime) -> Vec<Finding> {
    #[cfg(feature = "cluster")]
    if config.cluster.is_on() {
        return vec![Finding::new("store", Ok("the broker keeps it".into()))];
    }
    let Some(directory) = &config.state else {
        return vec![Finding::new("store", Ok("nothing is kept, see --state".into()))];
    };
    let mut findings = vec![Finding::new("directory", rights(directory))];
    let examined = match directory.exists() {
        true => store::examine(directory).map_err(|error| error.to_string()),
        false => Ok(None),
    };
    let file_bytes = examined.as_ref().ok().and_then(|found| Some(found.as_ref()?.file_bytes)).unwrap_or(0);
    findings.push(Finding::new("store", examined.and_then(|found| database(found, now))));
    if store::is_restore_waiting(directory) {
        let shown = directory.display();
        let advice = "restart the server or send it SIGUSR2, or remove that directory to give the backup up";
        findings
            .push(Finding::new("backup", Err(format!("one waits in {shown}/{}: {advice}", store::WAITING))));
    }
    let most = if config.history.age.is_some() { config.history.bytes as u64 } else { 0 };
    findings.push(Finding::new("disk", space::check(directory, most.saturating_sub(file_bytes))));
    findings
}

fn database(examined: Option<Examined>, now: SystemTime) -> Result<String, String> {
    let Some(Examined { newest, file_bytes, damage }) = examined else {
        return Ok("there is no database yet".into());
    };
    if let Some(damage) = damage {
        return Err(format!("the database is damaged ({damage}): restore a backup with --restore"));
    }
    if newest.duration_since(now).is_ok_and(|ahead| ahead > AHEAD) {
        return Err(format!(
            "the newest event is of {}, and the clock says {}: set the clock, or wait until then; meanwhile events are in \
             order, but their ids have wrong times",
            date::seconds(newest),
            date::seconds(now)
        ));
    }
    Ok(format!("the database is sound, {}", megabytes(file_bytes)))
}

/// Checks that the user of this process may use the directory, and that others may not.
fn rights(directory: &Path) -> Result<String, String> {
    let shown = directory.display();
    let owner = match fs::metadata(directory) {
        Ok(found) if found.is_dir() => found,
        Ok(_) => return Err(format!("{shown} is no directory: remove it, or choose another --state")),
        Err(_) if !directory.exists() => return Ok(format!("{shown} is created at the start")),
        Err(error) => return Err(format!("{shown}: {error}")),
    };
    let user = geteuid().as_raw();
    if user != 0 && owner.uid() != user {
        return Err(format!(
            "{shown} belongs to user {}, and this is user {user}: run this as the user of the server",
            owner.uid()
        ));
    }
    if owner.mode() & 0o022 != 0 {
        return Err(format!("others may write to {shown}: chmod go-w {shown}"));
    }
    // Links and what else is there are the operator's own.
    let entries = fs::read_dir(directory).map_err(|error| format!("{shown}: {error}"))?;
    let files = entries.flatten().filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)));
    for (path, file) in files.filter(|(path, file)| file.is_file() && is_private(path)) {
        mine(&path, &file, &owner)?;
    }
    Ok(format!("{shown} is for user {} only", owner.uid()))
}

/// True for files that only the server may read.
fn is_private(path: &Path) -> bool {
    store::is_part(path) || path.file_name().is_some_and(|name| name == state_files::KEY)
}

fn mine(path: &Path, file: &Metadata, owner: &Metadata) -> Result<(), String> {
    let shown = path.display();
    if file.uid() != owner.uid() {
        let owner = owner.uid();
        return Err(format!(
            "{shown} belongs to user {}, and its directory to {owner}: chown {owner} {shown}",
            file.uid()
        ));
    }
    if file.mode() & 0o066 != 0 {
        return Err(format!("others may read {shown}: chmod go-rwx {shown}"));
    }
    Ok(())
}
