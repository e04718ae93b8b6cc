//! What peers can make a server keep, by the allocator's own count: that of the whole process, so one test after the other
//! is run. The last of them is a fuzz target as those of `tests/fuzz` are, and its long run is
//!
//!     PARLOR_FUZZ_SECONDS=600 cargo test --release --test memory

// What was found is said to whoever runs it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[allow(dead_code)] // The other targets use the rest.
#[path = "../fuzz/choices.rs"]
mod choices;
mod crowd;
#[allow(dead_code)]
#[path = "../fuzz/search.rs"]
mod search;
#[cfg(feature = "store")]
mod staying;
#[path = "../support/mod.rs"]
mod support;

use std::alloc::System;
use std::cell::RefCell;
use std::env;
use std::mem::size_of;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cap::Cap;
use parlor::config::{Limits, ServerConfig};
use parlor::message::Peer;
use search::{Random, Target};
#[cfg(feature = "web")]
use support::browser::request;
#[cfg(feature = "web")]
use support::frames::{FIN, PING, TEXT, masked};
use support::options::{config, limits};
use support::scene::{Guest, Scene};
use support::stream::Wire;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Whoever counts has it.
static COUNTING: Mutex<()> = Mutex::new(());

/// Crowds that do harm.
const TARGET: Target = Target { name: "memory", run: crowd::run, input_bytes: 400, cases: 8, threads: 1 };

/// What `--memory` says, in bytes.
const MEMORY: usize = 4 << 20;

/// Most that there is more than in a fresh server with this `--memory`, in bytes. Of what doc/OPERATING.md says, the rest
/// is for what the allocator cannot use.
const fn most(memory: usize) -> usize {
    memory / 5 * 6 + 1_500_000
}

/// Most that is left when everybody has gone, in bytes: of users who left, 256 are remembered.
const MOST_LEFT: usize = 1_000_000;

/// How many peers do harm.
const PEERS: usize = 200;

/// What the test itself has of a guest, at least.
fn bytes_of(guest: &Guest) -> usize {
    let wire = guest.wire.borrow();
    size_of::<RefCell<Wire>>() + wire.arrived.capacity() + wire.written.capacity()
}

fn users(scene: &mut Scene, reads: bool) -> Vec<Guest> {
    let peer = |n: usize| Peer::Tcp([192, 0, 2, (n / 16) as u8].into(), 1);
    let guests: Vec<_> = (0..PEERS).map(|n| scene.connect_from(peer(n))).collect();
    for (n, guest) in guests.iter().enumerate() {
        scene.send(guest, format!("NICK u{n}\r\nUSER u 0 * :u\r\nJOIN #all\r\n"));
        if !reads {
            guest.push_room(0);
        }
    }
    guests
}

fn open_rooms_with_long_lists(scene: &mut Scene) -> Vec<Guest> {
    let guests = users(scene, true);
    for (n, guest) in guests.iter().enumerate() {
        for room in 0..3 {
            let mut lines = format!("JOIN #{n}-{room}\r\nTOPIC #{n}-{room} :{}\r\n", "t".repeat(300));
            for mask in 0..60 {
                lines += &format!("MODE #{n}-{room} +b {mask}{}!*@*\r\n", "x".repeat(180));
            }
            scene.send(guest, lines);
        }
        // What a guest has heard is this test's, and not the server's.
        guests.iter().for_each(|guest| drop(guest.heard()));
    }
    guests
}

fn hear_short_lines_and_never_read(scene: &mut Scene) -> Vec<Guest> {
    let guests = users(scene, false);
    let speaker = scene.connect();
    scene.send(&speaker, "NICK s\r\nUSER u 0 * :u\r\nJOIN #all\r\n");
    for _ in 0..500 {
        scene.send(&speaker, "PRIVMSG #all :x\r\n");
    }
    guests.into_iter().chain([speaker]).collect()
}

fn begin_frames_and_never_end_them(scene: &mut Scene) -> Vec<Guest> {
    let guests: Vec<_> = (0..5 * PEERS).map(|_| scene.connect()).collect();
    for guest in &guests {
        scene.send(guest, "§γ".to_owned() + &"x".repeat(4000));
        scene.send(guest, "x".repeat(200));
    }
    guests
}

/// Users in browsers.
#[cfg(feature = "web")]
fn browsers(scene: &mut Scene) -> Vec<Guest> {
    let guests: Vec<_> = (0..PEERS).map(|_| scene.connect_browser()).collect();
    for (n, guest) in guests.iter().enumerate() {
        let lines = [&format!("NICK b{n}")[..], "USER u 0 * :u", "JOIN #all"];
        scene.send(guest, lines.map(|line| masked(TEXT, line.as_bytes())).concat());
        guest.heard_bytes();
    }
    guests
}

#[cfg(feature = "web")]
fn hear_in_browsers_and_never_read(scene: &mut Scene) -> Vec<Guest> {
    let guests = browsers(scene);
    guests.iter().for_each(|guest| guest.push_room(0));
    let speaker = scene.connect();
    scene.send(&speaker, "NICK s\r\nUSER u 0 * :u\r\nJOIN #all\r\n");
    for _ in 0..500 {
        scene.send(&speaker, "PRIVMSG #all :x\r\n");
    }
    guests.into_iter().chain([speaker]).collect()
}

#[cfg(feature = "web")]
fn ping_in_browsers_and_never_read(scene: &mut Scene) -> Vec<Guest> {
    let guests = browsers(scene);
    let pings = masked(PING, &[b'x'; 125]).repeat(500);
    for guest in &guests {
        guest.push_room(0);
        scene.send(guest, &pings);
    }
    guests
}

/// The longest messages and pings, without their ends.
#[cfg(feature = "web")]
fn begin_messages_and_never_end_them(scene: &mut Scene) -> Vec<Guest> {
    let guests = browsers(scene);
    let message = masked(TEXT - FIN, "x".repeat(9_000).as_bytes());
    let ping = masked(PING, &[b'x'; 125]);
    for guest in &guests {
        scene.send(guest, &message);
        scene.send(guest, &ping[..ping.len() - 1]);
    }
    guests
}

#[cfg(feature = "web")]
fn begin_requests_and_never_end_them(scene: &mut Scene) -> Vec<Guest> {
    let guests: Vec<_> = (0..5 * PEERS).map(|_| scene.connect()).collect();
    for guest in &guests {
        scene.send(guest, "GET / HTTP/1.1\r\nX: ".to_owned() + &"x".repeat(4_000));
        scene.send(guest, "x".repeat(4_000));
    }
    guests
}

#[cfg(feature = "web")]
fn ask_for_the_page_and_never_read_it(scene: &mut Scene) -> Vec<Guest> {
    let guests: Vec<_> = (0..5 * PEERS).map(|_| scene.connect()).collect();
    for guest in &guests {
        guest.push_room(0);
        scene.send(guest, "GET / HTTP/1.1\r\nHost: box\r\nAccept-Encoding: gzip\r\n\r\n");
        scene.send(guest, request(""));
    }
    guests
}

#[test]
fn whatever_peers_do_the_server_keeps_little_more_than_it_may_and_gives_it_back() {
    let _alone = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    let limits = Limits { memory_bytes: MEMORY, connections_per_ip: PEERS, ..limits() };
    type Harm = fn(&mut Scene) -> Vec<Guest>;
    let harms: &[(&str, Harm)] = &[
        ("rooms", open_rooms_with_long_lists),
        ("short lines", hear_short_lines_and_never_read),
        ("frames without an end", begin_frames_and_never_end_them),
        #[cfg(feature = "web")]
        ("browsers", hear_in_browsers_and_never_read),
        #[cfg(feature = "web")]
        ("pings of browsers", ping_in_browsers_and_never_read),
        #[cfg(feature = "web")]
        ("messages without an end", begin_messages_and_never_end_them),
        #[cfg(feature = "web")]
        ("requests without an end", begin_requests_and_never_end_them),
        #[cfg(feature = "web")]
        ("pages that nobody reads", ask_for_the_page_and_never_read_it),
    ];
    for (what, harm) in harms {
        let mut scene = Scene::with(ServerConfig { limits, ..config() });
        let fresh = ALLOCATOR.allocated();
        let guests = harm(&mut scene);
        let ours: usize = guests.iter().map(bytes_of).sum();
        let kept = ALLOCATOR.allocated().saturating_sub(fresh + ours);
        assert!(kept <= most(MEMORY), "{what}: {kept} bytes are allocated");
        for guest in guests {
            scene.reset(&guest);
        }
        scene.settle();
        let left = ALLOCATOR.allocated().saturating_sub(fresh);
        assert!(left <= MOST_LEFT, "{what}: {left} bytes are left of {kept}");
    }
}

#[test]
fn whatever_a_crowd_does_the_server_keeps_little_more_than_it_may() {
    let _alone = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    TARGET.replay();
    match env::var("PARLOR_FUZZ_SECONDS") {
        Err(_) => TARGET.search(Random(0), |tried| tried < TARGET.cases),
        Ok(seconds) => {
            let seconds = seconds.parse().expect("a number of seconds");
            let (began, seed) = (Instant::now(), std::process::id().into());
            TARGET.search(Random(seed), |_| began.elapsed() < Duration::from_secs(seconds))
        }
    };
}
