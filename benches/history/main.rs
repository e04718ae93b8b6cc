//! Measures what a history costs: the size of a million messages, the start with that file, answers while others talk,
//! and turns of the loop while the disk is slow.
//!
//!     cargo bench --bench history -- [--quick]
//!
//! Without `--bench`, which cargo passes under `cargo bench`, it does nothing.

// Users of the bench read the report there.
#![allow(clippy::print_stdout)]

#[path = "../../tests/support/mod.rs"]
mod support;

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
    measure(args.iter().any(|arg| arg == "--quick"));
}

#[cfg(feature = "store")]
fn measure(is_quick: bool) {
    parlor::net::raise_descriptor_limit();
    file::measure(if is_quick { 100_000 } else { 1_000_000 });
    slow::measure(if is_quick { 3 } else { 20 });
}

#[cfg(not(feature = "store"))]
fn measure(_: bool) {
    println!("history needs the feature `store`");
}
