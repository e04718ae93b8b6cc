//! Resources that a process has used, from proc(5), so only on Linux.

use std::fs;
use std::io::{self, ErrorKind};
use std::time::Duration;

/// CPU time of all threads of the process, in user space and in the kernel: the first field of their `schedstat`, in
/// nanoseconds. Ended threads are missing; none of the servers ends one under load.
pub(crate) fn cpu(pid: u32) -> io::Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let account = fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += account.split(' ').next().and_then(|n| n.parse::<u64>().ok()).ok_or_else(unknown)?;
    }
    Ok(Duration::from_nanos(nanoseconds))
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
