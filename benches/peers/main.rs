//! Compares parlord with other servers: each installed one gets the same load in turn, and the operating system counts
//! the CPU time. See doc/BENCHMARKS.md.
//!
//! ```text
//! cargo bench --bench peers                 everything, some twelve minutes
//! cargo bench --bench peers -- --quick      less of it, in two minutes
//! cargo bench --bench peers -- --tls        over TLS, beside parlord over plain sockets
//! cargo bench --bench peers -- --modern     plain and modern clients of IRC beside each other, in fan-out
//! cargo bench --bench peers -- --web        browsers beside plain clients of IRC, in fan-out, also with --tls
//! cargo bench --bench peers -- --nodes      one, two and three nodes beside a single parlord, with --features cluster
//! cargo bench --bench peers -- --other FILE this parlord and another one, such as an older one, in fan-out
//! ```

mod account;
mod browser;
mod client;
mod configs;
mod contender;
mod crowd;
mod failure;
mod growth;
mod hall;
mod kind;
mod latency;
mod loader;
mod memory;
#[cfg(feature = "cluster")]
mod nodes;
#[cfg(not(feature = "cluster"))]
#[path = "no_nodes.rs"]
mod nodes;
mod options;
mod place;
mod plan;
mod relay;
mod report;
mod rounds;
mod stop;
mod storms;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
mod tls;
mod wire;

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use contender::Contender;
use failure::Failure;
use kind::{KINDS, Kind, TLS_KINDS};
use options::{Comparison, Task};
use plan::Plan;
use rounds::{MODERN_SHAPES, SHAPES};
use tls::Certificate;

/// Number of speakers in every run.
const SPEAKERS: usize = 4;

fn main() -> ExitCode {
    parlor::net::raise_descriptor_limit();
    let args: Vec<_> = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    let (result, status) = match options::parse(&args) {
        Ok(Task::Nothing) => (Ok(()), 0),
        Ok(Task::Relay(address)) => (relay::run(address).map_err(Failure::from), 1),
        Ok(Task::Compare(comparison)) => (compare(&comparison), 1),
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

fn compare(comparison: &Comparison) -> Result<(), Failure> {
    stop::on_signals()?;
    let plan = if comparison.is_quick { Plan::quick() } else { Plan::full() };
    let certificate = if comparison.is_over_tls { Some(Rc::new(Certificate::make()?)) } else { None };
    if comparison.is_modern {
        let table = compare_modern(comparison.other.as_deref(), &plan)?;
        return Ok(write!(io::stdout(), "{table}")?);
    }
    if comparison.has_browsers {
        let table = compare_browsers(certificate.as_ref(), &plan)?;
        return Ok(write!(io::stdout(), "{table}")?);
    }
    if comparison.has_nodes {
        return Ok(writeln!(io::stdout(), "{}", nodes::compare(&plan)?.join("\n"))?);
    }
    let tables = match (&comparison.other, &certificate) {
        (Some(program), certificate) => compare_with_other(program, certificate.as_ref(), &plan)?,
        (None, Some(certificate)) => compare_over_tls(certificate, &plan)?,
        (None, None) => compare_plain(&plan)?,
    };
    Ok(writeln!(io::stdout(), "{}", tables.join("\n"))?)
}

fn compare_plain(plan: &Plan) -> Result<Vec<String>, Failure> {
    let mut tables = compare_all(&contenders(&KINDS, Contender::plain), plan)?;
    tables.push(compare_modern(None, plan)?);
    tables.push(report::growth(&growth::measure(&parlord()?, plan)?));
    Ok(tables)
}

/// Compares plain and modern IRC clients. The baseline is parlord with plain ones.
fn compare_modern(other: Option<&Path>, plan: &Plan) -> Result<String, Failure> {
    let mut all = vec![parlord()?, parlord()?.with_modern_clients()];
    if let Some(program) = other {
        let other = || Contender::other(program.into());
        all.extend([other(), other().with_modern_clients()]);
    }
    all.extend(contenders(&[Kind::Inspircd], |kind| Some(Contender::plain(kind)?.with_modern_clients())));
    all.extend(contenders(&[Kind::Relay], Contender::plain));
    Ok(report::costs(&all, &rounds::measure(&all, &MODERN_SHAPES, plan)?))
}

/// Compares plain IRC clients with browsers, and with rooms where half of the clients are browsers.
fn compare_browsers(certificate: Option<&Rc<Certificate>>, plan: &Plan) -> Result<String, Failure> {
    let all = [parlord()?, parlord()?.with_half_browsers(), parlord()?.with_browsers()];
    let all = all.map(|parlord| match certificate {
        Some(certificate) => parlord.over_tls(certificate),
        None => parlord,
    });
    Ok(report::costs(&all, &rounds::measure(&all, &SHAPES, plan)?))
}

/// The baseline is parlord without TLS.
fn compare_over_tls(certificate: &Rc<Certificate>, plan: &Plan) -> Result<Vec<String>, Failure> {
    let mut all = vec![parlord()?];
    all.extend(contenders(&TLS_KINDS, |kind| Some(Contender::plain(kind)?.over_tls(certificate))));
    compare_all(&all, plan)
}

fn compare_with_other(
    program: &Path,
    certificate: Option<&Rc<Certificate>>,
    plan: &Plan,
) -> Result<Vec<String>, Failure> {
    let both = [Contender::other(program.into()), parlord()?];
    let both = both.map(|parlord| match certificate {
        Some(certificate) => parlord.over_tls(certificate),
        None => parlord,
    });
    Ok(vec![report::costs(&both, &rounds::measure(&both, &SHAPES, plan)?)])
}

fn compare_all(contenders: &[Contender], plan: &Plan) -> Result<Vec<String>, Failure> {
    let rows = rounds::measure(contenders, &SHAPES, plan)?;
    let storms = storms::measure(contenders, plan)?;
    let footprints = memory::measure(contenders, &storms, plan)?;
    Ok(vec![
        report::costs(contenders, &rows),
        report::latencies(contenders, &rows),
        report::users(contenders, &storms, &footprints, plan),
    ])
}

/// Those of `kinds` that are installed.
fn contenders(kinds: &[Kind], contender: impl Fn(Kind) -> Option<Contender>) -> Vec<Contender> {
    let is_there = |&kind: &Kind| {
        let contender = contender(kind);
        if contender.is_none() {
            tell(&format!("missing: {}", kind.name()));
        }
        contender
    };
    kinds.iter().filter_map(is_there).collect()
}

fn parlord() -> Result<Contender, Failure> {
    Contender::plain(Kind::Parlord).ok_or_else(|| Failure::Wrong("parlord is missing".into()))
}

/// Prints progress.
fn tell(what: &str) {
    writeln!(io::stderr(), "{what}").ok();
}
