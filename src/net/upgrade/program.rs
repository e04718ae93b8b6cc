//! The program that takes over: where it is, and how it is started.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::role::{REASON, REHEARSE, ROLE, TAKE_BACK, TAKE_OVER};
use crate::held_signals::HeldSignals;

/// The variable for the place of the program: that of a process whose file was replaced is not known otherwise.
const PLACE: &str = "PARLORD_PROGRAM";

/// Ends an argument, because none contains it.
const SEPARATOR: u8 = 0;

/// What a service manager told the first program, and is no longer true (sd_listen_fds(3)).
const ONCE: [&str; 3] = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

/// The program that takes over, and what it is started with.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    /// All of them, with the name of the program.
    args: Vec<OsString>,
}

impl Program {
    /// The file that this process was started from, with the same options. If another program is in its place later, it is
    /// that one.
    pub fn of_this_process() -> io::Result<Self> {
        let args: Vec<_> = env::args_os().collect();
        let running = env::current_exe()?;
        let named = args.first().map(Path::new);
        let path = named.and_then(|named| link_to(&running, named, env::var_os("PATH"))).unwrap_or(running);
        Ok(Self { path, args })
    }

    /// The same in a program that took over, whose own file may be another one by now.
    pub(in crate::net) fn of_successor() -> io::Result<Self> {
        match env::var_os(PLACE).map(PathBuf::from).filter(|place| place.is_absolute()) {
            Some(path) => Ok(Self { path, args: env::args_os().collect() }),
            None => Self::of_this_process(),
        }
    }

    pub(in crate::net) fn path(&self) -> &Path {
        &self.path
    }

    /// The program that runs now, even if its file was replaced.
    pub(in crate::net) fn running() -> io::Result<OwnedFd> {
        File::open("/proc/self/exe").map(OwnedFd::from)
    }

    /// Starts the program as a child that reads `state` from its standard input, and answers on `answer`.
    pub(super) fn rehearse(&self, state: OwnedFd, answer: OwnedFd) -> io::Result<Child> {
        let mut command = self.command(&self.path, REHEARSE);
        command.stdin(Stdio::from(state)).stdout(Stdio::from(answer)).spawn()
    }

    /// Runs the program instead of this one, with `handed` as its standard input and signals that still wait. Returns only
    /// if that fails.
    pub(in crate::net) fn take_over(&self, handed: OwnedFd, _held: HeldSignals) -> io::Error {
        self.command(&self.path, TAKE_OVER).stdin(Stdio::from(handed)).exec()
    }

    /// The arguments with the name of the program, as bytes.
    pub(in crate::net) fn encoded_args(&self) -> Vec<u8> {
        self.args.iter().flat_map(|arg| arg.as_bytes().iter().chain([&SEPARATOR])).copied().collect()
    }

    /// The same program with these arguments.
    pub(in crate::net) fn with_args(&self, encoded: &[u8]) -> Self {
        let args = encoded.split_inclusive(|&byte| byte == SEPARATOR);
        let args =
            args.map(|arg| OsStr::from_bytes(arg.strip_suffix(&[SEPARATOR]).unwrap_or(arg)).to_owned());
        Self { path: self.path.clone(), args: args.collect() }
    }

    /// Runs the program that is open as `earlier` again, because of `reason`, with signals that still wait. Returns only if
    /// that fails.
    pub(in crate::net) fn take_back(
        &self,
        earlier: BorrowedFd<'_>,
        handed: OwnedFd,
        reason: &str,
        _held: HeldSignals,
    ) -> io::Error {
        let path = PathBuf::from(format!("/proc/self/fd/{}", earlier.as_raw_fd()));
        self.command(&path, TAKE_BACK).env(REASON, reason).stdin(Stdio::from(handed)).exec()
    }

    fn command(&self, path: &Path, role: &str) -> Command {
        let mut command = Command::new(path);
        if let Some((name, options)) = self.args.split_first() {
            command.arg0(name).args(options);
        }
        command.env(ROLE, role).env(PLACE, &self.path).env_remove(REASON);
        ONCE.iter().for_each(|name| {
            command.env_remove(name);
        });
        command
    }
}

/// Where a shell finds the program that runs as `running` under this name: a symbolic link may lead to another one later.
fn link_to(running: &Path, named: &Path, search: Option<OsString>) -> Option<PathBuf> {
    let identity = |path: &Path| path.metadata().map(|file| (file.dev(), file.ino())).ok();
    let wanted = identity(running)?;
    let directories = search.iter().flat_map(env::split_paths);
    let places: Vec<_> = match named.components().count() {
        1 => directories.map(|directory| directory.join(named)).collect(),
        _ => vec![named.to_owned()],
    };
    let place = places.into_iter().find(|place| identity(place) == Some(wanted))?;
    std::path::absolute(place).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_program_is_where_it_was_called_unless_another_one_is_there() {
        let directory = env::temp_dir().join(format!("parlor-program-{}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let [running, link, other] = ["running", "link", "other"].map(|name| directory.join(name));
        [&running, &other].into_iter().for_each(|path| fs::write(path, "").unwrap());
        symlink("running", &link).unwrap();
        let search = env::join_paths([Path::new("/"), &directory]).unwrap();
        let link_to = |named: &Path| link_to(&running, named, Some(search.clone()));
        let found = [&link, Path::new("link"), &other, Path::new("other"), Path::new("no/such")].map(link_to);
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!(found, [Some(link.clone()), Some(link), None, None, None]);
    }

    #[test]
    fn arguments_of_any_bytes_come_back_from_their_encoding() {
        let args: Vec<_> = [&b"parlord"[..], b"", b"--motd", b"\xff\n", b""].map(OsStr::from_bytes).into();
        for count in 0..=args.len() {
            let args = args[..count].iter().map(|arg| (*arg).to_owned()).collect();
            let program = Program { path: "/bin/parlord".into(), args };
            let other = Program { args: vec!["other".into()], ..program.clone() };
            assert_eq!(other.with_args(&program.encoded_args()).args, program.args);
        }
    }
}
