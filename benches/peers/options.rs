//! The command line. Cargo gives every bench the same one, so what is meant for criterion's benches arrives here too.

use std::net::SocketAddr;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Compare {
        /// Less of everything.
        is_quick: bool,
    },
    /// Be the bare relay there.
    Relay(SocketAddr),
    /// Another bench is meant, or none: `cargo test --all-targets` runs benches as well.
    Nothing,
}

pub(crate) fn parse(args: &[String]) -> Result<Task, String> {
    let (mut is_quick, mut is_bench) = (false, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => is_quick = true,
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
    Ok(if is_bench { Task::Compare { is_quick } } else { Task::Nothing })
}
