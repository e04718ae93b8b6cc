//! Resources that a process has used, from proc(5), so only on Linux.

use std::fs::{self, DirEntry};
use std::io::{self, ErrorKind};
use std::time::Duration;

/// CPU time of all threads of the process.
pub(crate) fn cpu(pid: u32) -> io::Result<Duration> {
    Ok(threads(pid)?.into_iter().map(|(_, time)| time).sum())
}

/// The threads of the process by name, and the CPU time of each, in user space and in the kernel: the first field of
/// `schedstat`, in nanoseconds. Ended threads are missing; none of the servers ends one under load.
pub(crate) fn threads(pid: u32) -> io::Result<Vec<(String, Duration)>> {
    let task = |task: io::Result<DirEntry>| {
        let path = task?.path();
        let account = fs::read_to_string(path.join("schedstat"))?;
        let time = account.split(' ').next().and_then(|n| n.parse().ok()).ok_or_else(unknown)?;
        Ok((fs::read_to_string(path.join("comm"))?.trim_end().to_owned(), Duration::from_nanos(time)))
    };
    fs::read_dir(format!("/proc/{pid}/task"))?.map(task).collect()
}

/// Resident memory in bytes: `VmRSS` in `status`, which counts in KiB.
pub(crate) fn resident(pid: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or_else(unknown)?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().map_err(|_| unknown())?;
    Ok(kib * 1024)
}

fn unknown() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "/proc does not say it")
}
