//! A real program as a child process.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use std::{env, fs, iter, thread};

use parlor::address::Address;
use rustix::process::{Pid, Signal, kill_process};

use super::options::PARLORD_ARGS;
use super::{DEADLINE, Scratch, address};

/// A path that cannot exist, and that not even root can create: it would be below a file.
pub const NOWHERE: &str = "/dev/null/nowhere";

/// A running program, killed on drop.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    /// Removed when the program has ended.
    _state: Scratch,
}

/// The memory of a program, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub now: u64,
    pub peak: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    pub status: Option<i32>,
    /// Output that was not read yet.
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    pub fn parlord(args: &[&str]) -> Self {
        Self::start(env!("CARGO_BIN_EXE_parlord"), args, Stdio::null())
    }

    pub fn parlor(args: &[&str]) -> Self {
        Self::start(env!("CARGO_BIN_EXE_parlor"), args, Stdio::piped())
    }

    /// A `parlord` on a free port, and its address.
    pub fn server(args: &[&str]) -> (Self, Address) {
        let server = Self::parlord(&[&PARLORD_ARGS, args].concat());
        let address = server.listening();
        (server, address)
    }

    /// A client with only these variables for trust and config.
    pub fn parlor_in(environment: &[(&str, &str)], args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        command.envs(environment.iter().copied());
        command.args(args).stdin(Stdio::piped()).stderr(Stdio::piped());
        Self::spawn(command)
    }

    pub fn start(program: &str, args: &[&str], stdin: Stdio) -> Self {
        let mut command = Command::new(program);
        command.args(args).stdin(stdin).stderr(Stdio::piped());
        Self::spawn(command)
    }

    /// Starts a program; the caller has set arguments, input and standard error.
    pub fn spawn(mut command: Command) -> Self {
        command.stdout(Stdio::piped());
        command.env("XDG_CONFIG_HOME", NOWHERE);
        // The log level must not depend on the environment of the test run.
        let is_given = command.get_envs().any(|(name, _)| name == "RUST_LOG");
        if !is_given {
            command.env_remove("RUST_LOG");
        }
        // The server finds the client there.
        let programs = Path::new(env!("CARGO_BIN_EXE_parlor")).parent().expect("it is in a directory");
        let paths = env::var_os("PATH").unwrap_or_default();
        let paths = iter::once(programs.to_owned()).chain(env::split_paths(&paths));
        command.env("PATH", env::join_paths(paths).expect("no directory has a colon in its name"));
        // Nor may saved state matter: each server has its own, unless the test says where it is.
        let state = Scratch::new();
        let is_given = command.get_envs().any(|(name, _)| name == "XDG_STATE_HOME");
        if !is_given {
            command.env_remove("STATE_DIRECTORY").env("XDG_STATE_HOME", state.path("state"));
        }
        let mut child = command.spawn().expect("the program can be started");
        let stdout = lines(child.stdout.take().expect("piped"));
        let stderr = child.stderr.take().map_or_else(|| channel().1, lines);
        let stdin = child.stdin.take();
        Self { child, stdin, stdout, stderr, _state: state }
    }

    #[track_caller]
    pub fn listening(&self) -> Address {
        listening(&self.line())
    }

    #[track_caller]
    pub fn line(&self) -> String {
        self.stdout.recv_timeout(DEADLINE).expect("a line on standard output")
    }

    /// The next line on standard output; `None` at the end.
    #[track_caller]
    pub fn try_line(&self) -> Option<String> {
        match self.stdout.recv_timeout(DEADLINE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("a line on standard output, or its end"),
        }
    }

    #[track_caller]
    pub fn error_line(&self) -> String {
        self.stderr.recv_timeout(DEADLINE).expect("a line on standard error")
    }

    /// The next line on standard error; `None` at the end or if none comes in time.
    pub fn next_error_line(&self) -> Option<String> {
        self.stderr.recv_timeout(DEADLINE).ok()
    }

    /// A line on standard error, if there is one already.
    pub fn try_error_line(&self) -> Option<String> {
        self.stderr.try_recv().ok()
    }

    pub fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("the input has not ended");
        stdin.write_all(text.as_bytes()).expect("the program reads");
    }

    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("the program runs");
    }

    /// The memory now and its peak, in bytes (proc(5): `VmRSS`, `VmHWM`).
    pub fn memory(&self) -> Memory {
        let status = self.proc("status");
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux tells it");
            let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
            kib * 1024
        };
        Memory { now: bytes("VmRSS:"), peak: bytes("VmHWM:") }
    }

    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("the program runs, on Linux").count()
    }

    pub fn cpu_time(&self) -> Duration {
        // In hundredths of a second, whatever the kernel's tick (proc(5): `utime`, `stime`). The name may contain
        // anything, and ends at the last parenthesis.
        let stat = self.proc("stat");
        let (_, fields) = stat.rsplit_once(") ").expect("the name ends");
        let ticks: u64 =
            fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
        Duration::from_millis(10 * ticks)
    }

    /// The number of turns and their times, from the server's report.
    pub fn turns(&self) -> String {
        self.signal(Signal::USR1);
        loop {
            let line = self.error_line();
            if let Some((_, turns)) = line.split_once("turns: ") {
                return turns.to_owned();
            }
        }
    }

    /// Asks for several reports, 10 ms apart. The loop must make few turns meanwhile: a busy loop makes thousands.
    #[track_caller]
    pub fn assert_loop_sleeps(&self) {
        const REPORTS: u64 = 20;
        const TURNS_EACH: u64 = 20;
        let turns = || {
            let told = self.turns();
            told.split(',')
                .next()
                .and_then(|count| count.parse::<u64>().ok())
                .expect("it begins with a number")
        };
        let before = turns();
        let made = (0..REPORTS).fold(before, |_, _| turns()) - before;
        assert!(made <= REPORTS * TURNS_EACH, "{made} turns for {REPORTS} reports");
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).expect("the program runs, on Linux")
    }

    /// Waits for the program to end, without closing its input.
    #[track_caller]
    pub fn ended(&mut self) -> Ended {
        self.ended_within(DEADLINE)
    }

    #[track_caller]
    pub fn ended_within(&mut self, limit: Duration) -> Ended {
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                break status;
            }
            assert!(begin.elapsed() < limit, "the program still runs after {limit:?}");
            // Waiting with a timeout would need a signal handler, so poll.
            thread::sleep(Duration::from_millis(5));
        };
        Ended { status: status.code(), stdout: rest(&self.stdout), stderr: rest(&self.stderr) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail if it has already ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The address in a server's first line.
#[track_caller]
pub fn listening(line: &str) -> Address {
    let rest = line.strip_prefix("listening on ").expect("the line begins like this");
    address(rest.split(',').next().expect("split gives one part"))
}

pub fn help(program: &str) -> String {
    let output = Command::new(program).arg("--help").output().expect("the program runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("help is UTF-8")
}

/// Reads lines on a thread, so that waiting for one can have a deadline.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn rest(lines: &Receiver<String>) -> String {
    let mut rest = String::new();
    loop {
        match lines.recv_timeout(DEADLINE) {
            Ok(line) => rest = rest + &line + "\n",
            Err(RecvTimeoutError::Disconnected) => return rest,
            Err(RecvTimeoutError::Timeout) => panic!("the program's output has no end"),
        }
    }
}
