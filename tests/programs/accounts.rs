//! `parlord --add-account` and `--reset-password`, which work on the file while no server uses it.

use std::fs::File;
use std::process::Stdio;

use parlor::store::{Store, StoreConfig};
use rustix::process::Signal;

use crate::support::{Peer, Program, Scratch, text};

const PARLORD: &str = env!("CARGO_BIN_EXE_parlord");

/// Runs the program with an option for this name, and this input. Returns its exit status, output and complaint.
fn run(state: &str, option: &str, name: &str, input: &str) -> (Option<i32>, String, String) {
    // A pipe would break if the program does not read.
    let scratch = Scratch::new();
    let input = File::open(scratch.file("input", input)).expect("it is ours");
    let ended = Program::start(PARLORD, &["--state", state, option, name], Stdio::from(input)).ended();
    (ended.status, ended.stdout, ended.stderr)
}

/// The answer to a login on CrazyIt.
fn log_in(address: &parlor::address::Address, name: &str, password: &str) -> Peer {
    let mut peer = Peer::connect(address);
    peer.send(format!("∏∑{name}※{password}∏∑"));
    peer
}

#[test]
fn an_account_that_was_added_can_log_in_and_has_another_password_after_a_reset() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let state = text(&state);
    let (status, output, error) = run(state, "--add-account", "Alice", "open sesame\nand a note\n");
    assert_eq!((status, output.as_str(), error.as_str()), (Some(0), "the account Alice exists now\n", ""));
    let (mut server, address) = Program::server(&["--state", state]);
    log_in(&address, "alice", "open sesame").expect("1");
    log_in(&address, "alice", "open barley").expect("-1");
    for (option, advice) in [("--add-account", "NS SAREGISTER"), ("--reset-password", "NS RESETPASS")] {
        let (status, output, error) = run(state, option, "alice", "x\n");
        assert_eq!((status, output.as_str()), (Some(1), ""));
        let why = format!("another parlord uses this; stop it, or let an operator use {advice}\n");
        assert!(error.ends_with(&why) && error.lines().count() == 1, "{error}");
    }
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status, Some(0));
    let (status, output, error) = run(state, "--reset-password", "ALICE", "open barley\n");
    assert_eq!((status, output.as_str(), error.as_str()), (Some(0), "ALICE has a new password\n", ""));
    let (_server, address) = Program::server(&["--state", state]);
    log_in(&address, "alice", "open sesame").expect("-1");
    log_in(&address, "alice", "open barley").expect("1");
}

#[test]
fn names_that_are_taken_or_look_alike_unknown_accounts_and_bad_passwords_are_refused_in_one_line() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let state = text(&state);
    let file = format!("{state}/parlor.db");
    let (status, _, error) = run(state, "--reset-password", "alice", "secret\n");
    let missing = format!("parlord: {file}: there is no such file, or it cannot be opened\n");
    assert_eq!((status, error), (Some(1), missing));
    for (input, status) in [("\n", 2), ("open※sesame\n", 2), ("secret\n", 0)] {
        assert_eq!(run(state, "--add-account", "alice", input).0, Some(status), "{input:?}");
    }
    for (option, name, status, why) in [
        ("--add-account", "ALICE", 1, format!("{file}: there is an account alice already")),
        ("--add-account", "аlice", 1, format!("{file}: аlice looks like the account alice")),
        ("--add-account", "NickServ", 1, format!("{file}: the name NickServ belongs to a service")),
        ("--add-account", "1x", 2, "--add-account: \"1x\": this name cannot begin with '1'".into()),
        ("--reset-password", "bob", 1, format!("{file}: there is no account bob")),
        ("--reset-password", "аlice", 1, format!("{file}: there is no account аlice")),
    ] {
        let refused = run(state, option, name, "secret\n");
        assert_eq!(refused, (Some(status), String::new(), format!("parlord: {why}\n")), "{option} {name}");
    }
    let config = StoreConfig { directory: state.into(), age: None, lines: 1, bytes: 1024 * 1024 };
    let (_store, opened) = Store::open(&config, || {}, std::time::SystemTime::now()).expect("it is sound");
    assert_eq!(opened.accounts.len(), 1);
}
