//! Attacks a server with every command at its most expensive, from one address, and measures how long a quiet user's `PING`
//! takes. Browsers do the same with everything that HTTP and WebSocket allow and do not allow. Then thousands join one
//! room, half of them are banned, and their server ends. At last, peers of a node do their worst while its broker is away.
//!
//!     cargo bench --bench hostile -- [--quick] [--no-flood] [--report] [--program FILE] [NAME...]
//!
//! Each row prints the server's longest turn, and the median, 99th percentile and maximum of the quiet user's pings. The
//! bench fails when a row exceeds the target or a command has no row. With `--report` it only prints them; an older program
//! reports its longest turn since the start. `--no-flood` removes the limit on messages per second. Without `--bench`, which
//! cargo passes under `cargo bench`, it does nothing.

// Users of the bench read the report there.
#![allow(clippy::print_stdout)]

#[path = "../../tests/support/mod.rs"]
mod support;

#[cfg(feature = "web")]
mod browser;
mod herd;
mod mass;
#[cfg(feature = "cluster")]
mod nodes;
mod options;
mod quiet;
mod rows;
#[cfg(feature = "store")]
#[path = "../accounts/seed.rs"]
mod seed;
mod server;
#[cfg(feature = "web")]
mod web;

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use herd::Herd;
use options::Options;
use quiet::Quiet;
use rows::{CAPABILITIES, ROWS, Row};
use server::Server;

/// Connections per address that the default limits allow.
const ATTACKERS: usize = 16;

/// Users during the attacks, and the rooms that all of them are in.
const BYSTANDERS: usize = 320;
const ROOMS: usize = 50;

/// Users of the CrazyIt wire.
const CRAZYIT: usize = 64;

/// Users that each have created as many rooms with long names as they may.
const HOARDERS: usize = 64;

/// Longest answer to the quiet user: for 99 of 100, and for all.
const MOST_AT_P99: Duration = Duration::from_millis(50);
const MOST: Duration = Duration::from_millis(100);

/// Duration of a row.
const ROW_TIME: Duration = Duration::from_secs(1);
const QUICK_ROW_TIME: Duration = Duration::from_millis(400);

/// Interval between an attacker's repetitions.
const BEAT: Duration = Duration::from_millis(5);

fn main() -> ExitCode {
    let Some(options) = Options::new(std::env::args().skip(1)) else { return ExitCode::SUCCESS };
    parlor::net::raise_descriptor_limit();
    let mut failures = attacks(&options);
    #[cfg(feature = "web")]
    {
        failures += web::rows(&options);
    }
    failures += mass::rows(&options);
    #[cfg(feature = "cluster")]
    {
        failures += nodes::rows(&options);
    }
    if failures == 0 || options.only_reports {
        println!("hostile: {failures} over the target");
        return ExitCode::SUCCESS;
    }
    println!("hostile: {failures} over the target of {MOST_AT_P99:?} at p99 and {MOST:?} at most");
    ExitCode::FAILURE
}

/// Runs the rows of single commands. Returns how many exceeded the target.
fn attacks(options: &Options) -> usize {
    let chosen: Vec<_> = ROWS.iter().enumerate().filter(|(_, row)| options.chooses(row.name)).collect();
    if chosen.is_empty() {
        return 0;
    }
    let flood: &[&str] = if options.has_flood { &[] } else { &["--flood", "off"] };
    let server = Server::start(options, flood);
    every_command_has_a_row(&server);
    let bystanders = Bystanders::come(&server);
    let quiet = Quiet::come(&server);
    println!("{:<34} {:>10} {:>9} {:>9} {:>9}", "hostile", "turn", "p50", "p99", "max");
    let over = |(n, row): (usize, &Row)| usize::from(!attack(n, row, &server, &bystanders, &quiet, options));
    chosen.into_iter().map(over).sum()
}

/// Fails when a command that the server lists has no row.
fn every_command_has_a_row(server: &Server) {
    for command in server.commands() {
        let is_there = ROWS.iter().any(|row| row.name.split(' ').next() == Some(&command));
        assert!(is_there, "{command} has no row in benches/hostile/rows.rs: add its most expensive input");
    }
}

/// The users before the attack: those in all rooms, joined in different orders; those of the CrazyIt wire; and those
/// that have created thousands of rooms with long names.
struct Bystanders(Herd);

impl Bystanders {
    fn come(server: &Server) -> Self {
        let herd = Herd::new();
        herd.count(" 366 ");
        for n in 0..BYSTANDERS + CRAZYIT + HOARDERS {
            let index = herd.connect(server.at, Self::source(n));
            herd.send(index, &Self::first(n));
        }
        herd.wait_for(BYSTANDERS * ROOMS);
        herd.count("");
        herd.settle();
        Self(herd)
    }

    /// Reconnects those that the server has closed. Returns their number.
    fn come_back(&self, server: &Server) -> usize {
        let gone: Vec<_> =
            (0..BYSTANDERS + CRAZYIT + HOARDERS).filter(|&index| !self.0.is_open(index)).collect();
        for &n in &gone {
            self.0.reconnect(n, server.at, Self::source(n));
            self.0.send(n, &Self::first(n));
        }
        self.0.settle();
        gone.len()
    }

    fn source(n: usize) -> [u8; 4] {
        [127, 9, (n / ATTACKERS) as u8, 1]
    }

    /// The first lines of the `n`th. It is an operator while it joins, so that `--flood` does not slow it down.
    fn first(n: usize) -> String {
        let user = |name: &str, lines: &str| {
            format!("NICK {name}\r\nUSER by 0 * :by\r\nOPER root secret\r\n{lines}MODE {name} -o\r\n")
        };
        if n >= BYSTANDERS + CRAZYIT {
            let n = n - BYSTANDERS - CRAZYIT;
            let join = |room| format!("JOIN #{}x{n}x{room}\r\n", "é".repeat(54));
            return user(&format!("keep{n}"), &(0..ROOMS).map(join).collect::<String>());
        }
        if n >= BYSTANDERS {
            return format!("∏∑cz{}∏∑", n - BYSTANDERS);
        }
        let rooms: Vec<_> = (0..ROOMS).map(|room| format!("#room{}", (room + n) % ROOMS)).collect();
        let seen: Vec<_> = (0..ATTACKERS).map(|n| format!("seen{n}")).collect();
        // Half of them request capabilities, so that there are several kinds of receivers.
        let capabilities =
            if n.is_multiple_of(2) { format!("CAP REQ :{CAPABILITIES}\r\n") } else { String::new() };
        let lines = format!("{capabilities}MONITOR + {}\r\nJOIN {}\r\n", seen.join(","), rooms.join(","));
        user(&format!("by{n}"), &lines)
    }
}

/// Runs one row. True when the quiet user's waits met the target.
fn attack(
    n: usize,
    row: &Row,
    server: &Server,
    bystanders: &Bystanders,
    quiet: &Quiet,
    options: &Options,
) -> bool {
    let source = [127, 8, n as u8, 2];
    let herd = Herd::new();
    let attackers = if row.is_for_operators { 1 } else { ATTACKERS };
    for attacker in 0..attackers {
        let index = herd.connect(server.at, source);
        herd.send(index, &(row.first)(attacker, n));
        if row.is_for_operators {
            herd.send(index, "OPER root secret\r\n");
        }
    }
    if row.has_rank {
        herd.settle();
        bystanders.0.send(0, &format!("MODE #room0 +o {}\r\n", rows::name(0, n)));
    }
    herd.settle();
    quiet.wait_for_calm();
    server.longest_turn();
    quiet.begin();
    let (start, time) = (Instant::now(), if options.is_quick { QUICK_ROW_TIME } else { ROW_TIME });
    let mut round = 0;
    while start.elapsed() < time {
        for attacker in 0..attackers {
            if !herd.is_open(attacker) {
                herd.reconnect(attacker, server.at, source);
                herd.send(attacker, &(row.first)(attacker, n));
            }
            herd.send(attacker, &(row.attack)(attacker, round));
        }
        round += 1;
        thread::sleep(BEAT);
    }
    let pings = quiet.end();
    let turn = server.longest_turn();
    drop(herd);
    quiet.wait_for_calm();
    let lost = bystanders.come_back(server);
    let lost = if lost > 0 { format!("  {lost} bystanders ended") } else { String::new() };
    let is_fine = pings.at(990) <= MOST_AT_P99 && pings.at(1000) <= MOST;
    println!(
        "{:<34} {:>10.1?} {:>9.1?} {:>9.1?} {:>9.1?}{}{lost}",
        row.name,
        turn,
        pings.at(500),
        pings.at(990),
        pings.at(1000),
        if is_fine { "" } else { "  OVER" }
    );
    is_fine
}
