//! Runs a `parlord` under mixed load for a time: on both wires, users chat, come and go, never read, or vanish.
//! Well-behaved users must receive every message, and when everybody has left, the server must be as small as before.
//!
//!     cargo bench --bench soak -- [--quick] [--seconds N]
//!
//! Growth is measured from the end of the first third, when lasting allocations such as tables exist. Without
//! `--bench`, which cargo passes under `cargo bench`, it runs for a second, to show that it works.

// Users of the bench read the report there.
#![allow(clippy::print_stdout)]

#[path = "../../tests/support/mod.rs"]
mod support;

mod chat;
mod harm;

use std::env;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use chat::{Chatter, Count};
use parlor::address::Address;
use support::program::Memory;
use support::{Peer, Program};

/// Number of chatters, alternately on both wires.
const CHATTERS: usize = 16;

/// How many come and go at a time.
const CHURNING: usize = 4;

/// How many do not read at a time.
const STALLING: usize = 8;

/// How many vanish at a time, repeatedly.
const VANISHING: usize = 2;

/// Most growth of the server's memory, as a factor.
const GROWTH: f64 = 1.1;

fn main() {
    let Some(time) = time_to_run(env::args().skip(1)) else { return };
    parlor::net::raise_descriptor_limit();
    let (server, at) = Program::server(&[]);
    let soak = |time| {
        let counts = everybody(&at, time);
        let mut observer = Peer::irc_user(&at, "observer");
        observer.wait_for_solitude();
        (counts, server.memory())
    };
    let (_, start) = soak(time / 3);
    let (counts, end) = soak(time - time / 3);
    report(time, &counts, start, end);
    println!("soak/turns       {}", server.turns());
}

/// How long to run; `None` if the arguments ask for other benches.
fn time_to_run(args: impl Iterator<Item = String>) -> Option<Duration> {
    let (mut seconds, mut is_bench) = (60, false);
    let mut args = args.peekable();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => is_bench = true,
            "--quick" => seconds = 10,
            "--seconds" => {
                let number = args.next().and_then(|number| number.parse().ok());
                seconds = number.expect("--seconds needs a number");
            }
            // An option of another bench, when all run together.
            option if option.starts_with("--") => {}
            filter if "soak".contains(filter) => {}
            _ => return None,
        }
    }
    Some(Duration::from_secs(if is_bench { seconds } else { 1 }))
}

/// The counts of all users.
#[derive(Default)]
struct Counts {
    chat: Count,
    /// How many did not read, and were closed for it.
    stalled: usize,
}

/// Runs all kinds of users for this time.
fn everybody(at: &Address, time: Duration) -> Counts {
    let until = Instant::now() + time;
    // All are connected before the first speaks, and all have spoken before the first leaves.
    let (all_here, all_said) = (Barrier::new(CHATTERS), Barrier::new(CHATTERS));
    thread::scope(|scope| {
        (0..CHURNING).for_each(|n| drop(scope.spawn(move || harm::come_and_go(at, n, until))));
        let stalling: Vec<_> =
            (0..STALLING).map(|n| scope.spawn(move || harm::stall(at, n, until))).collect();
        (0..VANISHING).for_each(|n| drop(scope.spawn(move || harm::vanish(at, n, until))));
        let chatters = (0..CHATTERS).map(|n| {
            let (all_here, all_said) = (&all_here, &all_said);
            scope.spawn(move || {
                let mut chatter = Chatter::enter(at, n, CHATTERS);
                all_here.wait();
                chatter.chat(until);
                chatter.tell_end();
                all_said.wait();
                chatter.leave()
            })
        });
        let chatters: Vec<_> = chatters.collect();
        let mut counts = Counts::default();
        for chatter in chatters {
            counts.chat += chatter.join().expect("a chatter panicked");
        }
        for stalling in stalling {
            counts.stalled += stalling.join().expect("a stalling user panicked");
        }
        counts
    })
}

/// Prints the counts, and fails if a message was lost or the server has grown.
fn report(time: Duration, counts: &Counts, start: Memory, end: Memory) {
    let Count { sent, due, delivered } = counts.chat;
    let mb = |bytes: u64| bytes as f64 / 1e6;
    println!("soak/time       {} s", time.as_secs());
    println!("soak/messages   {sent} sent, {due} due, {delivered} delivered");
    println!("soak/stalled    {} told so and closed", counts.stalled);
    println!(
        "soak/memory     {:.2} MB before, {:.2} MB at most, {:.2} MB after",
        mb(start.now),
        mb(end.peak),
        mb(end.now)
    );
    assert_eq!(due, delivered, "well-behaved users receive everything");
    assert!(sent > 0 && end.now as f64 <= start.now as f64 * GROWTH, "the server has grown");
}
