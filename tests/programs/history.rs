//! The database of a real server: its export.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::program::NOWHERE;
use crate::support::{Peer, Program, Scratch, text};

const PARLORD: &str = env!("CARGO_BIN_EXE_parlord");

/// What `--export-history` prints, and its exit status and error.
fn export(state: &str, room: &str) -> (Option<i32>, String, String) {
    let mut program = Program::start(PARLORD, &["--state", state, "--export-history", room], Stdio::null());
    let ended = program.ended();
    (ended.status, ended.stdout, ended.stderr)
}

/// Replaces the values that differ from run to run.
fn plain(line: &str) -> String {
    let (before, rest) = line.split_once("\"time\":\"").expect("a time");
    let rest = rest.split_once("\"room\"").expect("a room").1;
    let (from, rest) = rest.split_once("\"host\":\"").expect("a host");
    format!("{before}\"room\"{from}{}", rest.split_once("\",").expect("more").1)
}

#[test]
fn an_export_has_the_history_of_a_room() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let (mut server, address) = Program::server(&["--state", text(&state)]);
    let mut peer = Peer::connect(&address);
    peer.send("NICK bob\r\nUSER bob 0 * :Bob\r\nJOIN #Tea\r\nPRIVMSG #tea :good \"tea\"\r\nPART #tea :bye\r\nPING x\r\n");
    while !peer.line().contains("PONG") {}
    // The server writes about once a second.
    let deadline = Instant::now() + Duration::from_secs(20);
    while !export(text(&state), "#tea").1.contains("\"bye\"") {
        assert!(Instant::now() < deadline, "the running server has not written it");
        thread::sleep(Duration::from_millis(50));
    }
    let while_running = export(text(&state), "#tea");
    drop(peer);
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status, Some(0));
    let lines = [
        r##"{"event":"joined","room":"#Tea","from":"bob","username":"~bob","realname":"Bob","bot":false}"##,
        r##"{"event":"said","room":"#Tea","from":"bob","username":"~bob","realname":"Bob","bot":false,"text":"good \"tea\"","manner":"message"}"##,
        r##"{"event":"parted","room":"#Tea","from":"bob","username":"~bob","realname":"Bob","bot":false,"reason":"bye"}"##,
    ];
    let (status, stdout, error) = export(text(&state), "#tea");
    assert_eq!((status, error.as_str()), (Some(0), ""));
    assert_eq!(while_running, (status, stdout.clone(), error));
    let found: Vec<_> = stdout.lines().map(plain).filter(|line| !line.contains("\"changed\"")).collect();
    assert_eq!(found, lines);
    let (status, _, error) = export(text(&state), "#coffee");
    let file = state.join("parlor.db");
    assert_eq!(
        (status, error),
        (Some(1), format!("parlord: {}: there is no history of #coffee\n", text(&file)))
    );
    let (status, _, error) = export(NOWHERE, "#tea");
    let why = "there is no such file, or it cannot be opened";
    assert_eq!((status, error), (Some(1), format!("parlord: {NOWHERE}/parlor.db: {why}\n")));
    let (status, _, error) = export(text(&state), "tea");
    assert_eq!(status, Some(2));
    assert!(error.starts_with("parlord: --export-history: \"tea\": "), "{error}");
}
