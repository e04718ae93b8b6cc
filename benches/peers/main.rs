//! parlord beside its peers: the same work for each server that is installed, in turns, with the processor time that
//! the operating system has counted. See README.md, "How fast it is".
//!
//! ```text
//! cargo bench --bench peers                 everything, some ten minutes
//! cargo bench --bench peers -- --quick      less of it, in two minutes
//! ```

mod account;
mod client;
mod configs;
mod contender;
mod crowd;
mod failure;
mod growth;
mod hall;
mod latency;
mod loader;
mod memory;
mod options;
mod place;
mod plan;
mod relay;
mod report;
mod rounds;
mod stop;
mod storms;
mod wire;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use contender::{KINDS, Kind};
use failure::Failure;
use options::Task;
use plan::Plan;

/// How many speak, in every run.
const SPEAKERS: usize = 4;

fn main() -> ExitCode {
    parlor::net::raise_descriptor_limit();
    let args: Vec<_> = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    let (result, status) = match options::parse(&args) {
        Ok(Task::Nothing) => (Ok(()), 0),
        Ok(Task::Relay(address)) => (relay::run(address).map_err(Failure::from), 1),
        Ok(Task::Compare { is_quick }) => (compare(if is_quick { Plan::quick() } else { Plan::full() }), 1),
        Err(error) => (Err(Failure::Wrong(error)), 2),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&format!("peers: {failure}"));
            ExitCode::from(status)
        }
    }
}

fn compare(plan: Plan) -> Result<(), Failure> {
    stop::on_signals()?;
    let (kinds, missing): (Vec<Kind>, Vec<Kind>) =
        KINDS.into_iter().partition(|kind| kind.program().is_some());
    for kind in missing {
        tell(&format!("missing: {}", kind.name()));
    }
    let rows = rounds::measure(&kinds, &plan)?;
    let storms = storms::measure(&kinds, &plan)?;
    let footprints = memory::measure(&kinds, &storms, &plan)?;
    let tables = [
        report::costs(&kinds, &rows),
        report::latencies(&kinds, &rows),
        report::users(&kinds, &storms, &footprints, &plan),
        report::growth(&growth::measure(&plan)?),
    ];
    Ok(writeln!(io::stdout(), "{}", tables.join("\n"))?)
}

/// Tells how far it is.
fn tell(what: &str) {
    writeln!(io::stderr(), "{what}").ok();
}
