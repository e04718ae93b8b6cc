//! Compares the system's limits for this process with the needs of the config.

use std::fs;
use std::path::Path;

use rustix::process::{Resource, getrlimit};

use super::megabytes;
use crate::config::ServerConfig;

/// Descriptors for other things than connections: listeners, the database, the loop, the link to a broker.
const OTHER_DESCRIPTORS: u64 = 64;

/// Most memory of a server beyond `--memory` and a fifth of it, in bytes (OPERATING.md, `--memory`).
const OTHER_BYTES: u64 = 4_000_000 + 6_000_000;

/// The limits of this machine; `None` if there is no limit or it is unknown.
#[derive(Debug)]
pub(super) struct Machine {
    /// How many descriptors may be open.
    pub(super) descriptors: Option<u64>,
    /// The least limit on memory in bytes, and what sets it.
    pub(super) memory: Option<(u64, &'static str)>,
}

impl Machine {
    pub(super) fn read() -> Self {
        // A server raises the soft limit to the hard one.
        let descriptors = getrlimit(Resource::Nofile).maximum;
        let of_process = getrlimit(Resource::As).current.map(|bytes| (bytes, "the limit on address space"));
        let all = [of_process, group(Path::new("/")), whole(Path::new("/"))];
        Self { descriptors, memory: all.into_iter().flatten().min() }
    }
}

/// The memory of the machine (proc_meminfo(5)).
fn whole(root: &Path) -> Option<(u64, &'static str)> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let kib = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().strip_suffix(" kB")?;
    Some((kib.parse::<u64>().ok()?.checked_mul(1024)?, "the machine"))
}

/// The least limit of the control groups of this process (cgroups(7)): version 2, or the memory controller of version 1.
fn group(root: &Path) -> Option<(u64, &'static str)> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let limits = text.lines().flat_map(|line| {
        let (mount, file, path) = match line.split_once("::") {
            Some(("0", path)) => ("sys/fs/cgroup", "memory.max", path),
            _ => match line.split_once(":memory:") {
                Some((_, path)) => ("sys/fs/cgroup/memory", "memory.limit_in_bytes", path),
                None => return Vec::new(),
            },
        };
        // In a container, the path may be that of the host: then only the mount itself is there.
        let own = Path::new(path.trim_start_matches('/')).ancestors();
        own.filter_map(|path| limit_in(&root.join(mount).join(path).join(file))).collect()
    });
    limits.min().map(|bytes| (bytes, "the control group"))
}

fn limit_in(path: &Path) -> Option<u64> {
    // Without a limit, this is "max" or close to 2^63.
    fs::read_to_string(path).ok()?.trim().parse().ok().filter(|&bytes| bytes < 1 << 62)
}

pub(super) fn descriptors(config: &ServerConfig, most: Option<u64>) -> Result<String, String> {
    let connections = config.limits.connections as u64;
    let needed = connections + OTHER_DESCRIPTORS;
    match most {
        None => Ok(format!("no limit; {needed} are needed")),
        Some(most) if most >= needed => Ok(format!("{most} may be open; {needed} are needed")),
        Some(most) => Err(format!(
            "{most} may be open, and --max-connections {connections} needs {needed}: raise the limit (LimitNOFILE= of a \
             unit, ulimit -Hn), or choose --max-connections {}",
            most.saturating_sub(OTHER_DESCRIPTORS).max(1)
        )),
    }
}

pub(super) fn memory(config: &ServerConfig, most: Option<(u64, &str)>) -> Result<String, String> {
    let bytes = config.limits.memory_bytes as u64;
    let needed = bytes + bytes / 5 + OTHER_BYTES;
    match most {
        None => Ok(format!("no limit is known; up to {} are needed", megabytes(needed))),
        Some((most, by)) if most >= needed => {
            Ok(format!("{by} has {}; up to {} are needed", megabytes(most), megabytes(needed)))
        }
        Some((most, by)) => Err(format!(
            "{by} has {}, and --memory {bytes} may need {}: choose --memory {}{}",
            megabytes(most),
            megabytes(needed),
            (most.saturating_sub(OTHER_BYTES) / 6 * 5).max(64 * 1024),
            if by == "the machine" { "" } else { ", or raise the limit (MemoryMax= of a unit)" },
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::{env, process};

    use super::*;
    use crate::config::Limits;

    fn config(connections: usize, memory_bytes: usize) -> ServerConfig {
        let limits = Limits { connections, memory_bytes, ..Limits::default() };
        ServerConfig { limits, ..ServerConfig::default() }
    }

    #[test]
    fn connections_must_fit_into_the_limit_on_descriptors() {
        let config = config(1_000, 1_000_000);
        assert_eq!(descriptors(&config, Some(1_064)), Ok("1064 may be open; 1064 are needed".into()));
        assert_eq!(descriptors(&config, None), Ok("no limit; 1064 are needed".into()));
        let why = descriptors(&config, Some(1_024)).unwrap_err();
        assert!(why.ends_with("or choose --max-connections 960"), "{why}");
    }

    #[test]
    fn memory_must_fit_into_the_least_limit() {
        let most = Some((22_000_000, "the control group"));
        assert!(memory(&config(1, 10_000_000), most).is_ok());
        let why = memory(&config(1, 10_000_001 + 5), most).unwrap_err();
        assert_eq!(
            why,
            "the control group has 22.0 MB, and --memory 10000006 may need 22.0 MB: choose --memory 10000000, or raise \
             the limit (MemoryMax= of a unit)"
        );
    }

    fn tree(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let root = env::temp_dir().join(format!("parlor-machine-{name}-{}", process::id()));
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn the_least_limit_of_the_groups_above_counts() {
        let root = tree(
            "2",
            &[
                ("proc/meminfo", "MemTotal:       1024 kB\nMemFree: 3 kB\n"),
                ("proc/self/cgroup", "0::/system.slice/parlord.service\n"),
                ("sys/fs/cgroup/system.slice/parlord.service/memory.max", "max\n"),
                ("sys/fs/cgroup/system.slice/memory.max", "64000000\n"),
            ],
        );
        assert_eq!(group(&root), Some((64_000_000, "the control group")));
        assert_eq!(whole(&root), Some((1024 * 1024, "the machine")));
        fs::remove_dir_all(root).unwrap();
        let root = tree(
            "1",
            &[
                ("proc/self/cgroup", "7:cpu:/x\n4:memory:/docker/12\n"),
                ("sys/fs/cgroup/memory/memory.limit_in_bytes", "32000000\n"),
            ],
        );
        assert_eq!(group(&root), Some((32_000_000, "the control group")));
        assert_eq!(whole(&root), None);
        fs::remove_dir_all(root).unwrap();
    }
}
