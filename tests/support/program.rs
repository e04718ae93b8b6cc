//! One of the real programs, as a child process.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use parlor::address::Address;
use rustix::process::{Pid, Signal, kill_process};

use super::options::PARLORD_ARGS;
use super::{DEADLINE, address};

/// A running program. It is killed when the test leaves it behind.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

/// How a program ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    pub status: Option<i32>,
    /// What had not been read of it yet.
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

    /// A server on a port of its own, and where it listens.
    pub fn server(args: &[&str]) -> (Self, Address) {
        let server = Self::parlord(&[&PARLORD_ARGS, args].concat());
        let address = server.listening();
        (server, address)
    }

    pub fn start(program: &str, args: &[&str], stdin: Stdio) -> Self {
        let mut command = Command::new(program);
        command.args(args).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        // What the program logs must not depend on who runs the tests.
        command.env_remove("RUST_LOG").env("XDG_CONFIG_HOME", "/nowhere");
        let mut child = command.spawn().expect("the program can be started");
        let stdout = lines(child.stdout.take().expect("piped"));
        let stderr = lines(child.stderr.take().expect("piped"));
        let stdin = child.stdin.take();
        Self { child, stdin, stdout, stderr }
    }

    /// Reads the line in which a server tells where it listens.
    #[track_caller]
    pub fn listening(&self) -> Address {
        let line = self.line();
        let rest = line.strip_prefix("listening on ").expect("the line begins like this");
        address(rest.split(',').next().expect("split gives one part"))
    }

    /// The next line on standard output.
    #[track_caller]
    pub fn line(&self) -> String {
        self.stdout.recv_timeout(DEADLINE).expect("a line on standard output")
    }

    /// The next line on standard error.
    #[track_caller]
    pub fn error_line(&self) -> String {
        self.stderr.recv_timeout(DEADLINE).expect("a line on standard error")
    }

    pub fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("the input has not ended");
        stdin.write_all(text.as_bytes()).expect("the program reads");
    }

    /// Ends the program's input.
    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Sends a signal to this process and no other.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("the program runs");
    }

    /// Waits for the program's end; its input goes on.
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
            // Nothing tells of a child's end without a signal handler, so ask again and again.
            thread::sleep(Duration::from_millis(5));
        };
        Ended { status: status.code(), stdout: rest(&self.stdout), stderr: rest(&self.stderr) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Reads on a thread, so that waiting for a line can have a deadline.
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
