//! WebSocket as others test it: the cases of Autobahn|Testsuite, against a server that sends messages back.
//! `tests/autobahn/run` runs that suite itself.
#![cfg(feature = "web")]

#[path = "../support/mod.rs"]
mod support;

mod case;
mod cases;
mod echo;
mod utf8;

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use case::Case;

/// Starts a server that sends messages back.
fn start() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    echo::serve(listener);
    address
}

/// Plays these, which must be this many: as many as the suite has.
fn play(cases: Vec<Case>, count: usize) {
    assert_eq!(cases.len(), count);
    let port = start().port();
    cases.into_iter().for_each(|case| case.play(port));
}

#[test]
fn messages_of_every_length_are_received() {
    play(cases::framing(), 16);
}

#[test]
fn pings_are_answered() {
    play(cases::pings(), 11);
}

#[test]
fn reserved_bits_are_refused() {
    play(cases::reserved_bits(), 7);
}

#[test]
fn reserved_opcodes_are_refused() {
    play(cases::reserved_opcodes(), 10);
}

#[test]
fn messages_in_fragments_are_received_and_stray_fragments_refused() {
    play(cases::fragmentation(), 20);
}

#[test]
fn text_must_be_utf8_however_it_is_cut() {
    play(cases::text_in_fragments(), 13);
}

#[test]
fn every_kind_of_wrong_utf8_is_refused() {
    play(utf8::sequences(), 132);
}

#[test]
fn the_server_closes_with_the_right_code() {
    play(cases::closing(), 37);
}

#[test]
fn large_messages_are_received() {
    play(cases::large_messages(), 54);
}

#[test]
fn fragments_of_a_library_are_received() {
    play(cases::fragments_of_a_library(), 1);
}

#[test]
#[ignore = "serves until its input ends: for tests/autobahn/run"]
fn serves_until_its_input_ends() {
    let address = start();
    writeln!(io::stdout(), "ws://{address}").unwrap();
    io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
}
