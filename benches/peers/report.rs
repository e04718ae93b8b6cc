//! The results as Markdown tables. Figures are medians over the rounds.

use std::fmt::Write;
use std::time::Duration;

use crate::contender::Contender;
use crate::growth::{Crowded, WINDOWS};
use crate::memory::Footprint;
use crate::plan::Plan;
use crate::rounds::Row;
use crate::storms::Storm;

/// Stands for a missing figure.
const NONE: &str = "–";

/// CPU time per delivery, and its ratio to the first contender's.
pub(crate) fn costs(contenders: &[Contender], rows: &[Row]) -> String {
    let names = names(contenders);
    let first = names.first().copied().unwrap_or(NONE);
    let mut table = Table::new(&format!("CPU µs for each delivery (× {first}): receivers, W, bytes"), &names);
    for row in rows {
        let cpus: Vec<_> = row.costs.iter().map(|costs| median(costs, |cost| cost.cpu_ns)).collect();
        let cells = cpus.iter().map(|&cpu_ns| {
            cpu_ns.zip(cpus[0]).map(|(cpu_ns, first)| format!("{:.2} (×{:.2})", cpu_ns / 1e3, cpu_ns / first))
        });
        table.row(&shape(row), cells);
    }
    table.0
}

pub(crate) fn latencies(contenders: &[Contender], rows: &[Row]) -> String {
    let mut table =
        Table::new("latency in ms, 50th / 99th percentile: receivers, W, bytes", &names(contenders));
    for row in rows {
        let cells = row.costs.iter().map(|costs| {
            let p50 = median(costs, |cost| millis(cost.p50));
            let p99 = median(costs, |cost| millis(cost.p99));
            p50.zip(p99).map(|(p50, p99)| format!("{p50:.2} / {p99:.2}"))
        });
        table.row(&shape(row), cells);
    }
    table.0
}

/// The cost of users: logging in, and memory.
pub(crate) fn users(
    contenders: &[Contender],
    storms: &[Vec<Storm>],
    footprints: &[Option<Footprint>],
    plan: &Plan,
) -> String {
    let mut table = Table::new("users", &names(contenders));
    let Plan { newcomers, joiners, users, .. } = plan;
    let of_storms = |figure: fn(&Storm) -> Option<f64>, decimals: usize| {
        storms.iter().map(move |storms| {
            let figures: Vec<_> = storms.iter().filter_map(figure).collect();
            median(&figures, |&figure| figure).map(|figure| format!("{figure:.decimals$}"))
        })
    };
    table.row(
        &format!("{newcomers} log in at once: logins/s"),
        of_storms(|storm| Some(storm.logins_per_second), 0),
    );
    table.row("CPU µs each", of_storms(|storm| Some(storm.login_cpu.as_secs_f64() * 1e6), 0));
    table.row(
        &format!("{joiners} join a room at once: ms"),
        of_storms(|storm| storm.join.map(|join| millis(join.time)), 0),
    );
    table.row("CPU ms", of_storms(|storm| storm.join.map(|join| millis(join.cpu)), 0));
    let fresh = footprints.iter().map(|it| it.map(|it| format!("{:.1}", it.fresh as f64 / 1e6)));
    table.row("a fresh server, MB", fresh);
    for (index, state) in ["idle", "in rooms of 100", "after a burst"].into_iter().enumerate() {
        let each = footprints.iter().map(|it| it.map(|it| format!("{:.0}", it.each[index])));
        table.row(&format!("each of {users} users, {state}, bytes"), each);
    }
    table.0
}

/// The cost of a delivery in crowds, for parlord.
pub(crate) fn growth(crowds: &[Crowded]) -> String {
    let windows = WINDOWS.map(|window| format!("W = {window}"));
    let mut table = Table::new("parlord, CPU µs for each delivery", &windows.each_ref().map(String::as_str));
    for Crowded { seats, costs } in crowds {
        let cells = costs
            .iter()
            .map(|costs| median(costs, |cost| cost.cpu_ns).map(|cpu_ns| format!("{:.2}", cpu_ns / 1e3)));
        table.row(&seats.to_string(), cells);
    }
    table.0
}

pub(crate) struct Table(pub(crate) String);

impl Table {
    pub(crate) fn new(first: &str, names: &[&str]) -> Self {
        let mut table = Self(String::new());
        table.row(first, names.iter().map(|name| Some((*name).to_owned())));
        table.0 += &format!("|---|{}\n", "---|".repeat(names.len()));
        table
    }

    pub(crate) fn row(&mut self, first: &str, cells: impl Iterator<Item = Option<String>>) {
        let cells: Vec<_> = cells.map(|cell| cell.unwrap_or_else(|| NONE.into())).collect();
        writeln!(self.0, "| {first} | {} |", cells.join(" | ")).ok();
    }
}

fn names(contenders: &[Contender]) -> Vec<&str> {
    contenders.iter().map(|contender| contender.name.as_str()).collect()
}

fn shape(row: &Row) -> String {
    let (receivers, window, bytes) = row.shape;
    format!("{receivers}, {window}, {bytes}")
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The median, `None` without values.
pub(crate) fn median<T>(all: &[T], figure: impl Fn(&T) -> f64) -> Option<f64> {
    let mut figures: Vec<_> = all.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}
