//! How long an upgrade in place lets users wait, and what it leaves behind.
//!
//!     cargo bench --bench upgrade -- [--quick]
//!
//! A user asks the server with `PING` all the time while it is upgraded several times: the longest time until `PONG` is the
//! pause that users notice. Half of the others are textbook clients in the lobby, half are on IRC in rooms of ten.
//! `--quick` leaves out the largest crowd. Without `--bench`, which cargo passes under `cargo bench`, only the smallest is
//! upgraded, to show that it works.

// Users of the bench read the report there.
#![allow(clippy::print_stdout)]
#![cfg_attr(not(feature = "upgrade"), allow(dead_code, unused_imports))]

#[path = "../../tests/upgrade/crowd.rs"]
#[allow(dead_code, reason = "tests use more")]
mod crowd;
#[path = "../../tests/upgrade/place.rs"]
#[allow(dead_code, reason = "tests use more")]
mod place;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::env;
use std::time::{Duration, Instant};

use crowd::{Crowd, Part};
use parlor::net::raise_descriptor_limit;
use place::Place;
use support::Peer;

const CROWDS: [usize; 3] = [10, 1_000, 10_000];

const UPGRADES: usize = 5;

/// Users in a room on IRC.
const IN_A_ROOM: usize = 10;

/// Round trips before and after an upgrade.
const CALM: usize = 200;

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let crowds = match args.iter().any(|arg| arg == "--bench") {
        true if args.iter().any(|arg| arg == "--quick") => &CROWDS[..2],
        true => &CROWDS[..],
        false => &CROWDS[..1],
    };
    if cfg!(not(feature = "upgrade")) {
        return println!("this build cannot upgrade");
    }
    raise_descriptor_limit();
    println!(
        "{:>6}  {:>14}  {:>14}  {:>12}  {:>22}",
        "users", "median pause", "longest pause", "calm", "memory before, after"
    );
    crowds.iter().for_each(|&users| measure(users));
}

fn measure(users: usize) {
    let most = (users + 100).to_string();
    let place = Place::start(&["--max-connections", &most, "--max-per-ip", &most]);
    let parts: Vec<_> = (0..users)
        .map(
            |n| if n % 2 == 0 { Part::Textbook } else { Part::Irc(vec![format!("#r{}", n / 2 / IN_A_ROOM)]) },
        )
        .collect();
    let _crowd = Crowd::gather(place.socket_address(), &parts);
    let mut asker = Peer::irc_user(&place.at, "asker");
    let before = place.server.memory().now;
    let calm = (0..CALM).map(|_| ask(&mut asker)).max().unwrap_or_default();
    let mut pauses: Vec<_> = (0..UPGRADES).map(|_| pause(&place, &mut asker)).collect();
    pauses.sort_unstable();
    let (median, longest) = (pauses[UPGRADES / 2], pauses[UPGRADES - 1]);
    let after = place.server.memory().now;
    let memory = format!("{} kB, {} kB", before / 1024, after / 1024);
    println!("{users:>6}  {median:>14.1?}  {longest:>14.1?}  {calm:>12.1?}  {memory:>22}");
}

/// The longest time that one who asks all the time waits for an answer while the server is upgraded.
fn pause(place: &Place, asker: &mut Peer) -> Duration {
    place.install();
    place.ask();
    let mut longest = Duration::ZERO;
    while !place.has_said("took over") {
        longest = longest.max(ask(asker));
    }
    (0..CALM).map(|_| ask(asker)).fold(longest, Duration::max)
}

fn ask(asker: &mut Peer) -> Duration {
    let asked = Instant::now();
    asker.send("PING pause\r\n");
    while !asker.line().contains("PONG") {}
    asked.elapsed()
}
