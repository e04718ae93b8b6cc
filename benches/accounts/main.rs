//! Measures what accounts cost: the start with many of them, thousands of logins at once, and how long a quiet user's
//! `PING` takes meanwhile and while others flood the server with guesses and registrations.
//!
//!     cargo bench --bench accounts -- [--quick] [--report] [--program FILE]
//!
//! The bench fails when a quiet user waits too long; with `--report` it only prints. Without `--bench`, which cargo passes
//! under `cargo bench`, it does nothing.

// Users of the bench read the report there.
#![allow(clippy::print_stdout)]

#[cfg(feature = "store")]
mod floods;
#[cfg(feature = "store")]
#[path = "../hostile/herd.rs"]
#[expect(dead_code, reason = "the bench `hostile` needs more of it")]
mod herd;
#[cfg(feature = "store")]
mod logins;
#[cfg(feature = "store")]
#[path = "../hostile/quiet.rs"]
mod quiet;
#[cfg(feature = "store")]
mod seed;
#[cfg(feature = "store")]
mod server;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::env;
use std::process::ExitCode;
#[cfg(feature = "store")]
use std::time::Duration;

/// Longest answer to the quiet user, for 99 of 100.
#[cfg(feature = "store")]
const MOST_AT_P99: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    let args: Vec<_> = env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    if !has("--bench") {
        return ExitCode::SUCCESS;
    }
    let program = args.iter().skip_while(|arg| *arg != "--program").nth(1);
    measure(has("--quick"), has("--report"), program.map(String::as_str))
}

#[cfg(feature = "store")]
fn measure(is_quick: bool, only_reports: bool, program: Option<&str>) -> ExitCode {
    parlor::net::raise_descriptor_limit();
    let (accounts, logins) = if is_quick { (1_000, 500) } else { (10_000, 5_000) };
    let state = support::Scratch::new();
    let directory = state.path("state");
    seed::create(&directory, accounts);
    let server = server::Server::start(program, &directory);
    println!("accounts/start   with {accounts} accounts: {}", server.started());
    let quiet = quiet::Quiet::come(&server);
    let late = [logins::at_once(&server, &quiet, logins), floods::all(&server, &quiet, is_quick)].concat();
    late.iter().for_each(|what| println!("accounts: PING took too long during {what}"));
    if late.is_empty() || only_reports { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the times of the quiet user. Returns the name of what made it wait too long.
#[cfg(feature = "store")]
fn late(what: &str, pings: &quiet::Times) -> Vec<String> {
    let [half, most, all] = [500, 990, 1000].map(|share| pings.at(share));
    println!("accounts/pings   during {what}: half in {half:.1?}, 99 % in {most:.1?}, all in {all:.1?}");
    if most > MOST_AT_P99 { vec![what.to_owned()] } else { Vec::new() }
}

#[cfg(not(feature = "store"))]
fn measure(_: bool, _: bool, _: Option<&str>) -> ExitCode {
    println!("accounts needs the feature `store`");
    ExitCode::SUCCESS
}
