//! The server, in a separate process, with a directory that has accounts.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{self, Program};

const ARGS: [&str; 4] = ["--listen", "127.0.0.1:0", "--oper", "root:secret"];

pub(crate) struct Server {
    program: Program,
    pub(crate) at: SocketAddr,
    start: Duration,
}

impl Server {
    pub(crate) fn start(program: Option<&str>, state: &Path) -> Self {
        let program = program.unwrap_or(env!("CARGO_BIN_EXE_parlord"));
        let args = [&ARGS[..], &["--state", support::text(state)]].concat();
        let started = Instant::now();
        let program = Program::start(program, &args, Stdio::null());
        let at = program.listening().to_string().parse().expect("an address with a port");
        Self { program, at, start: started.elapsed() }
    }

    /// The time until it listened, and its memory.
    pub(crate) fn started(&self) -> String {
        format!("{:.0?}, {} kB in memory", self.start, self.memory_kb())
    }

    /// Its memory, in kB.
    pub(crate) fn memory_kb(&self) -> u64 {
        self.program.memory().now / 1024
    }

    /// The time that it has computed, in all threads.
    pub(crate) fn computed(&self) -> Duration {
        self.program.cpu_time()
    }
}
