//! The command line. Cargo passes the same one to every bench, so options for criterion's benches arrive here too.

use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Compare(Comparison),
    /// Run the relay at this address.
    Relay(SocketAddr),
    /// Another bench is meant, or none: `cargo test --all-targets` runs benches too.
    Nothing,
}

/// Selects servers and tables. The default selects all of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Use TLS, with servers that have it.
    pub(crate) is_over_tls: bool,
    /// Only modern IRC clients, in fan-out.
    pub(crate) is_modern: bool,
    /// Only browsers beside plain IRC clients of parlord, in fan-out.
    pub(crate) has_browsers: bool,
    /// Only parlord as several nodes, in fan-out.
    pub(crate) has_nodes: bool,
    /// Only parlord and this other build of it, in fan-out.
    pub(crate) other: Option<PathBuf>,
    /// Measure less.
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
            "--web" => comparison.has_browsers = true,
            "--nodes" => comparison.has_nodes = true,
            "--other" => {
                let program = args.next().ok_or("--other needs a program")?;
                comparison.other = Some(program.into());
            }
            // Added by `cargo bench`.
            "--bench" => is_bench = true,
            "--relay" => {
                let address = args.next().and_then(|address| address.parse().ok());
                return address.map(Task::Relay).ok_or_else(|| "--relay needs an address".into());
            }
            option if option.starts_with('-') => return Err(format!("unknown option {option}")),
            // A filter as in criterion: run the benches whose names contain it.
            filter if !"peers".contains(filter) => return Ok(Task::Nothing),
            _ => {}
        }
    }
    let is_quick = comparison.is_quick;
    if comparison.is_modern && comparison.is_over_tls {
        return Err("--modern goes without --tls".into());
    }
    if comparison.has_nodes
        && comparison != (Comparison { has_nodes: true, is_quick, ..Comparison::default() })
    {
        return Err("--nodes goes with nothing but --quick".into());
    }
    if comparison.has_browsers && (comparison.is_modern || comparison.other.is_some()) {
        return Err("--web goes without --modern and --other".into());
    }
    Ok(if is_bench { Task::Compare(comparison) } else { Task::Nothing })
}
