//! What was measured, as tables in Markdown.

use std::fmt::Write;

use crate::contender::Kind;
use crate::rounds::{Cost, Row};

/// Processor time for each delivery, in microseconds, and how many times the relay's that is.
pub(crate) fn costs(kinds: &[Kind], rows: &[Row]) -> String {
    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    let mut table = head("receivers, W, bytes", &names);
    for row in rows {
        let (receivers, window, bytes) = row.shape;
        let medians: Vec<_> = row.costs.iter().map(|costs| median(costs, |cost| cost.cpu_ns)).collect();
        let limit = medians.first().copied().flatten();
        let cells = medians.iter().map(|&cpu_ns| match (cpu_ns, limit) {
            (Some(cpu_ns), Some(limit)) => format!("{:.2} ({:.2})", cpu_ns / 1e3, cpu_ns / limit),
            _ => "–".into(),
        });
        line(&mut table, &format!("{receivers}, {window}, {bytes}"), cells);
    }
    table
}

/// Latency of deliveries: the median and the 99th percentile, in milliseconds.
pub(crate) fn latencies(kinds: &[Kind], rows: &[Row]) -> String {
    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    let mut table = head("receivers, W, bytes", &names);
    for row in rows {
        let (receivers, window, bytes) = row.shape;
        let cells = row.costs.iter().map(|costs| {
            let p50 = median(costs, |cost| cost.p50.as_secs_f64());
            let p99 = median(costs, |cost| cost.p99.as_secs_f64());
            p50.zip(p99).map_or("–".into(), |(p50, p99)| format!("{:.2} / {:.2}", p50 * 1e3, p99 * 1e3))
        });
        line(&mut table, &format!("{receivers}, {window}, {bytes}"), cells);
    }
    table
}

fn head(first: &str, names: &[&str]) -> String {
    let mut table = String::new();
    line(&mut table, first, names.iter().map(|name| (*name).to_owned()));
    table + "|---" + &"|---".repeat(names.len()) + "|\n"
}

fn line(table: &mut String, first: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<_> = cells.collect();
    writeln!(table, "| {first} | {} |", cells.join(" | ")).ok();
}

/// The middle one, `None` where there is none.
fn median(costs: &[Cost], figure: impl Fn(&Cost) -> f64) -> Option<f64> {
    let mut figures: Vec<_> = costs.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}
