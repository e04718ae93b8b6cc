//! The command line. Cargo gives every bench the same one, so what is meant for criterion's benches arrives here too.

use std::net::SocketAddr;
use std::path::PathBuf;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Compare(Comparison),
    /// Be the bare relay there.
    Relay(SocketAddr),
    /// Another bench is meant, or none: `cargo test --all-targets` runs benches as well.
    Nothing,
}

/// Who is compared, in what: all servers in everything, where nothing else is said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Over TLS, where a server speaks it.
    pub(crate) is_over_tls: bool,
    /// Modern clients of IRC alone, in fan-out.
    pub(crate) is_modern: bool,
    /// parlord and this other one alone, perhaps built from older sources, in fan-out.
    pub(crate) other: Option<PathBuf>,
    /// Less of everything.
    pub(crate) is_quick: bool,
}

pub(crate) fn parse(args: &[String]) -> Result<Task, String> {
    let (mut comparison, mut is_bench) = (Comparison::default(), false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => comparison.is_quick = true,
            "--tls" => comparison.is_over_tls = true,
            "--modern" => comparison.is_modern = true,
            "--other" => {
                let program = args.next().ok_or("--other needs a program")?;
                comparison.other = Some(program.into());
            }
            // What `cargo bench` adds.
            "--bench" => is_bench = true,
            "--relay" => {
                let address = args.next().and_then(|address| address.parse().ok());
                return address.map(Task::Relay).ok_or_else(|| "--relay needs an address".into());
            }
            option if option.starts_with('-') => return Err(format!("unknown option {option}")),
            // A filter, as criterion has it: the benches whose names contain it.
            filter if !"peers".contains(filter) => return Ok(Task::Nothing),
            _ => {}
        }
    }
    if comparison.is_modern && comparison.is_over_tls {
        return Err("--modern goes without --tls".into());
    }
    Ok(if is_bench { Task::Compare(comparison) } else { Task::Nothing })
}
