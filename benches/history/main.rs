//! Measures what a history costs: the size of a million messages, the start with that file, answers while others talk,
//! turns of the loop while the disk is slow, and the start with many accounts.
//!
//!     cargo bench --bench history -- [--quick | --accounts]
//!
//! Without `--bench`, which cargo passes under `cargo bench`, it does nothing.

// Users of the bench read the report there.
#![allow(clippy::print_stdout)]

#[path = "../../tests/support/mod.rs"]
mod support;

#[cfg(feature = "store")]
mod accounts;
#[cfg(feature = "store")]
mod file;
#[cfg(feature = "store")]
mod slow;

use std::env;

fn main() {
    let args: Vec<_> = env::args().skip(1).collect();
    let filters: Vec<_> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let is_meant = filters.is_empty() || filters.iter().any(|filter| "history".contains(filter.as_str()));
    if !args.iter().any(|arg| arg == "--bench") || !is_meant {
        return;
    }
    let has = |name: &str| args.iter().any(|arg| arg == name);
    measure(has("--quick"), has("--accounts"));
}

#[cfg(feature = "store")]
fn measure(is_quick: bool, only_accounts: bool) {
    parlor::net::raise_descriptor_limit();
    if !only_accounts {
        file::measure(if is_quick { 100_000 } else { 1_000_000 });
        slow::measure(if is_quick { 3 } else { 20 });
    }
    accounts::measure();
}

#[cfg(not(feature = "store"))]
fn measure(_: bool, _: bool) {
    println!("history needs the feature `store`");
}
