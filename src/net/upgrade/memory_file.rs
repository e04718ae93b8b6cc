//! A file in memory, which only descriptors can reach.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

#[cfg(any(target_os = "android", target_os = "freebsd", target_os = "linux"))]
use rustix::fs::{MemfdFlags, memfd_create};

/// Longest content, in bytes: far more than the state of as many connections as a process may have.
const MOST_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// A file in memory with its position at the beginning.
#[derive(Debug)]
pub(in crate::net) struct MemoryFile(File);

impl MemoryFile {
    pub(in crate::net) fn with(content: &[u8]) -> io::Result<Self> {
        let mut file = nameless()?;
        file.write_all(content)?;
        file.rewind()?;
        Ok(Self(file))
    }

    /// The file at the standard input.
    pub(in crate::net) fn from_stdin() -> io::Result<Self> {
        Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
    }

    /// Reads everything from the beginning, and leaves the position there.
    pub(in crate::net) fn read(&mut self) -> io::Result<Vec<u8>> {
        self.0.rewind()?;
        let mut content = Vec::new();
        // Reserves what the file has.
        (&self.0).take(MOST_BYTES).read_to_end(&mut content)?;
        self.0.rewind()?;
        Ok(content)
    }
}

#[cfg(any(target_os = "android", target_os = "freebsd", target_os = "linux"))]
fn nameless() -> io::Result<File> {
    Ok(memfd_create("parlord", MemfdFlags::CLOEXEC)?.into())
}

/// Other systems have no files in memory: one that only we can open, until its name is gone.
#[cfg(not(any(target_os = "android", target_os = "freebsd", target_os = "linux")))]
fn nameless() -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    let path = std::env::temp_dir().join(format!("parlord-{}", std::process::id()));
    let mut options = File::options();
    let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

impl From<OwnedFd> for MemoryFile {
    fn from(descriptor: OwnedFd) -> Self {
        Self(descriptor.into())
    }
}

impl From<MemoryFile> for OwnedFd {
    fn from(file: MemoryFile) -> Self {
        file.0.into()
    }
}

impl AsFd for MemoryFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
