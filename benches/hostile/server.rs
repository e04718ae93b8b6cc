//! The server under attack, in a separate process.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use parlor::address::Address;
use rustix::process::Signal;

use crate::options::Options;
use crate::support::{self, Peer, Program, Scratch};

/// Shared by all servers: an operator and a free port.
const ARGS: [&str; 4] = ["--listen", "127.0.0.1:0", "--oper", "root:secret"];

pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) at: SocketAddr,
    address: Address,
    /// The directory for bans, not shared with other servers.
    _state: Scratch,
}

impl Server {
    pub(crate) fn start(options: &Options, args: &[&str]) -> Self {
        let program = options.program.as_deref().unwrap_or(env!("CARGO_BIN_EXE_parlord"));
        let state = Scratch::new();
        let kept = state.path("state");
        #[cfg(feature = "store")]
        crate::seed::create(&kept, parlor::hub::RANKS_PER_ROOM);
        let args = [&ARGS, args, &["--state", support::text(&kept)]].concat();
        let program = Program::start(program, &args, Stdio::null());
        let address = program.listening();
        let at = address.to_string().parse().expect("an address with a port");
        Self { program, at, address, _state: state }
    }

    /// The names of all IRC commands.
    pub(crate) fn commands(&self) -> Vec<String> {
        let mut peer = Peer::irc_user(&self.address, "curious");
        peer.send("HELP\r\n");
        let mut names = Vec::new();
        loop {
            let line = peer.line();
            let text = line.rsplit_once(" :").map_or("", |(_, text)| text);
            match line.split(' ').nth(1) {
                Some("705") => names.extend(text.trim_end().split(' ').map(str::to_owned)),
                Some("706") => return names,
                _ => {}
            }
        }
    }

    /// The longest turn since the last call.
    pub(crate) fn longest_turn(&self) -> Duration {
        self.program.signal(Signal::USR1);
        let mut longest = None;
        loop {
            let line = self.program.error_line();
            // Older programs report the longest turn since the start instead.
            for mark in [", all in ", "longest turn since the last report by signal: "] {
                if let Some((_, time)) = line.split_once(mark) {
                    longest = Some(duration(time));
                }
            }
            if line.contains("paused for sending too much") {
                return longest.expect("the report tells of turns");
            }
        }
    }
}

fn duration(text: &str) -> Duration {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').expect("a unit");
    let number: f64 = text[..digits].parse().expect("a number");
    let seconds = match &text[digits..] {
        "s" => number,
        "ms" => number / 1e3,
        "µs" => number / 1e6,
        _ => number / 1e9,
    };
    Duration::from_secs_f64(seconds)
}
