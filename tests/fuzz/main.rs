//! Fuzzing on the stable toolchain: random bytes become wire bytes, commands, cuts, faults and times, and nothing may
//! panic or break a promise.
//!
//! `cargo test` tries the stored inputs and some random ones, the same in every run. The long run is
//!
//!     PARLOR_FUZZ_SECONDS=600 cargo test --release --test fuzz
//!
//! which tries others in every run, on as many threads as it takes, and prints the number that they came from
//! (`PARLOR_FUZZ_SEED` begins with it again). What is found is stored under `seeds`, and tried by `cargo test` from
//! then on; it is worth a test of its own too, because a target that draws otherwise makes another story of it.

// What was found, and where a long run began, is said to whoever runs it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "../support/mod.rs"]
mod support;

mod choices;
#[cfg(feature = "cluster")]
mod cluster;
mod crazyit;
mod formatting;
mod irc;
mod search;
mod server;
mod splitter;
mod tokens;
#[cfg(feature = "web")]
mod websocket;

use std::env;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use search::{Random, Target};

/// Everything that is tried.
const TARGETS: &[Target] = &[
    Target { name: "splitter", run: splitter::run, input_bytes: 300, cases: 2_000, threads: 1 },
    Target { name: "crazyit", run: crazyit::run, input_bytes: 300, cases: 2_000, threads: 1 },
    Target { name: "irc", run: irc::run, input_bytes: 400, cases: 2_000, threads: 1 },
    Target { name: "formatting", run: formatting::run, input_bytes: 200, cases: 1_000, threads: 1 },
    #[cfg(feature = "web")]
    Target { name: "websocket", run: websocket::run, input_bytes: 400, cases: 3_000, threads: 1 },
    #[cfg(feature = "cluster")]
    Target { name: "cluster", run: cluster::run, input_bytes: 4_000, cases: 3_000, threads: 1 },
    Target { name: "server", run: server::run, input_bytes: 3_000, cases: 400, threads: 8 },
];

#[test]
fn what_was_found_once_is_not_found_again() {
    TARGETS.iter().for_each(Target::replay);
}

#[test]
fn random_inputs_find_nothing() {
    let seconds = env::var("PARLOR_FUZZ_SECONDS").ok();
    let Some(seconds) = seconds.map(|text| text.parse().expect("a number of seconds")) else {
        for target in TARGETS {
            target.search(Random(0), |tried| tried < target.cases);
        }
        return;
    };
    let until = Instant::now() + Duration::from_secs(seconds);
    let seed = match env::var("PARLOR_FUZZ_SEED") {
        Ok(text) => text.parse().expect("a number"),
        Err(_) => SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_nanos() as u64,
    };
    println!("PARLOR_FUZZ_SEED={seed}");
    thread::scope(|scope| {
        for target in TARGETS {
            for n in 0..target.threads {
                let random = Random(seed.wrapping_add(n));
                scope.spawn(move || {
                    let tried = target.search(random, |_| Instant::now() < until);
                    println!("{}: {tried} inputs", target.name);
                });
            }
        }
    });
}
