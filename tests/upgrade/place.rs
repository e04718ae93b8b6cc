//! A server in a place where its program can be replaced.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use parlor::address::Address;
use rustix::process::Signal;

use crate::support::options::PARLORD_ARGS;
use crate::support::{Program, Scratch};

/// A server in a place where its program can be replaced.
pub(crate) struct Place {
    pub(crate) server: Program,
    pub(crate) at: Address,
    path: PathBuf,
    _directory: Scratch,
}

/// Makes this path another name of the program, or a copy of it.
fn copy(path: &Path) {
    let program = env!("CARGO_BIN_EXE_parlord");
    let copied = fs::hard_link(program, path).or_else(|_| fs::copy(program, path).map(|_| ()));
    copied.expect("the directory is ours");
}

impl Place {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::with_options(&[&PARLORD_ARGS, args].concat())
    }

    /// With these options and `--state` only.
    pub(crate) fn with_options(options: &[&str]) -> Self {
        Self::started(|program, state| {
            Program::start(program, &[&["--state", state], options].concat(), Stdio::null())
        })
    }

    /// With what `start` makes of the program and a directory for its state.
    pub(crate) fn started(start: impl FnOnce(&str, &str) -> Program) -> Self {
        let directory = Scratch::new();
        let (path, state) = (directory.path("parlord"), directory.path("state"));
        copy(&path);
        let [program, state] = [&path, &state].map(|path| path.to_str().expect("a path of letters"));
        let server = start(program, state);
        let at = server.listening();
        Self { server, at, path, _directory: directory }
    }

    pub(crate) fn socket_address(&self) -> SocketAddr {
        self.at.to_string().parse().expect("an address of numbers")
    }

    /// Puts another copy of the same program into its place.
    pub(crate) fn install(&self) {
        self.install_with(copy);
    }

    /// Puts this script into the place of the program.
    pub(crate) fn install_script(&self, script: &str) {
        self.install_with(|path| {
            fs::write(path, script).expect("it can be written");
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        });
    }

    /// Removes the program.
    pub(crate) fn remove(&self) {
        fs::remove_file(&self.path).expect("it is ours");
    }

    /// The directory of `--state`.
    pub(crate) fn state(&self) -> PathBuf {
        self.path.with_file_name("state")
    }

    /// Puts a file into the place of the directory of `--state`.
    pub(crate) fn spoil_state(&self) {
        let state = self.state();
        fs::remove_dir_all(&state).expect("it is ours");
        fs::write(&state, "").expect("the directory is ours");
    }

    /// As package managers do: a new file, and a rename.
    fn install_with(&self, write: impl FnOnce(&Path)) {
        let new = self.path.with_extension("new");
        write(&new);
        // Two names of the same file cannot replace each other.
        fs::remove_file(&self.path).ok();
        fs::rename(&new, &self.path).expect("the directory is ours");
    }

    /// Asks for an upgrade.
    pub(crate) fn ask(&self) {
        self.server.signal(Signal::USR2);
    }

    /// Waits for a line of the log with this text.
    #[track_caller]
    pub(crate) fn await_log(&self, text: &str) -> String {
        let mut before = Vec::new();
        while let Some(line) = self.server.next_error_line() {
            if line.contains(text) {
                return line;
            }
            before.push(line);
        }
        panic!("the log does not say {text:?}, but {before:#?}");
    }

    /// Whether the log has a line with this text by now.
    pub(crate) fn has_said(&self, text: &str) -> bool {
        std::iter::from_fn(|| self.server.try_error_line()).any(|line| line.contains(text))
    }

    /// Puts another copy of the program into its place, and waits until that serves.
    #[track_caller]
    pub(crate) fn replace(&self) {
        self.install();
        self.upgrade();
    }

    /// Waits until the new program serves.
    #[track_caller]
    pub(crate) fn upgrade(&self) {
        self.ask();
        self.await_log("took over");
    }
}
