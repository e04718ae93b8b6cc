//! The command line. Cargo gives every bench the same one, so what is meant for criterion's benches arrives here too.

use std::net::SocketAddr;
use std::path::PathBuf;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Compare {
        what: Comparison,
        /// Less of everything.
        is_quick: bool,
    },
    /// Be the bare relay there.
    Relay(SocketAddr),
    /// Another bench is meant, or none: `cargo test --all-targets` runs benches as well.
    Nothing,
}

/// Who is compared, in what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// All servers in everything, over plain sockets.
    Plain,
    /// Those that speak TLS, over TLS, beside parlord over plain sockets.
    Tls,
    /// parlord and another one, perhaps built from older sources, in fan-out.
    Other(PathBuf),
}

pub(crate) fn parse(args: &[String]) -> Result<Task, String> {
    let (mut what, mut is_quick, mut is_bench) = (Comparison::Plain, false, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => is_quick = true,
            "--tls" => what = Comparison::Tls,
            "--other" => {
                let program = args.next().ok_or("--other needs a program")?;
                what = Comparison::Other(program.into());
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
    Ok(if is_bench { Task::Compare { what, is_quick } } else { Task::Nothing })
}
