//! A server whose descriptors run out.

use std::process::Stdio;
use std::time::Instant;

use parlor::address::Address;
use parlor::net::raise_descriptor_limit;

use crate::support::options::PARLORD_ARGS;
use crate::support::{DEADLINE, Peer, Program, login};

/// A server that may have 64 descriptors, and where it listens.
fn narrow_server() -> (Program, Address) {
    let parlord = env!("CARGO_BIN_EXE_parlord");
    let limited = ["-c", "ulimit -n 64; exec \"$0\" \"$@\"", parlord];
    let server = Program::start("sh", &[&limited[..], &PARLORD_ARGS].concat(), Stdio::null());
    let at = server.listening();
    (server, at)
}

/// Connects, and asks for a name without waiting for anything.
fn newcomer(at: &Address, name: &str) -> Peer {
    let mut peer = Peer::connect(at);
    peer.send(login(name));
    peer
}

#[test]
fn without_descriptors_newcomers_are_told_one_by_one_nothing_spins_and_service_comes_back() {
    raise_descriptor_limit();
    let (server, at) = narrow_server();
    let mut waiting: Vec<_> = (0..200).map(|n| newcomer(&at, &format!("u{n}"))).collect();
    server.assert_loop_sleeps();

    let (mut inside, mut told, begin) = (Vec::new(), 0, Instant::now());
    for mut peer in waiting.drain(..) {
        if told == 0 && peer.receive_once() == b"1" {
            inside.push(peer);
            continue;
        }
        // The first who is told has been read of already.
        if told > 0 {
            let line = peer.line();
            let start = "ERROR :Closing link: the server is full (";
            assert!(line.starts_with(start) && line.ends_with("try again in a few minutes\r"), "{line}");
        }
        peer.expect_end();
        told += 1;
    }
    // A pause of a second for each of them would take longer: each who leaves ends it.
    assert!(begin.elapsed() < DEADLINE, "{told} were told in {:?}", begin.elapsed());
    assert!(inside.len() > 40 && told > 130, "{} came in, {told} were told", inside.len());

    inside.truncate(1);
    inside[0].settle("u0");
    let again: Vec<_> = (0..40).map(|n| Peer::user(&at, &format!("again{n}"))).collect();
    assert_eq!(again.len(), 40);
}

#[test]
fn a_descriptor_that_is_freed_lets_the_next_newcomer_in() {
    raise_descriptor_limit();
    let (_server, at) = narrow_server();
    let mut inside = Vec::new();
    // Up to the one that is told that there is no room.
    loop {
        let mut peer = newcomer(&at, &format!("u{}", inside.len()));
        if peer.receive_once() != b"1" {
            peer.expect_end();
            break;
        }
        inside.push(peer);
    }
    for n in 0..20 {
        let leaves = inside.pop().expect("there are more than that");
        drop(leaves);
        inside[0].settle("u0");
        inside.push(Peer::user(&at, &format!("next{n}")));
    }
}
