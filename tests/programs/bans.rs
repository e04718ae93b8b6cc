//! Bans across restarts, with the real program: in the database, or in a file of their own, in the directory of
//! `--state`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use parlor::address::Address;
use rustix::process::Signal;

use crate::support::program::NOWHERE;
use crate::support::{Peer, Program, Scratch, text};

/// A server that keeps what it must under `state`.
fn server(state: &str) -> (Program, Address) {
    Program::server(&["--state", state, "--oper", "root:secret"])
}

fn stop(mut server: Program) {
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status, Some(0));
}

/// An operator of the server, who has read what came of it.
fn operator(address: &Address) -> Peer {
    let mut peer = Peer::connect(address);
    peer.send("NICK root\r\nUSER root 0 * :root\r\nOPER root secret\r\n");
    line_with(&mut peer, " MODE root +o");
    peer
}

/// The next line that contains this.
fn line_with(peer: &mut Peer, part: &str) -> String {
    loop {
        let line = peer.line();
        if line.contains(part) {
            return line;
        }
    }
}

/// What `STATS k` lists.
fn banned(peer: &mut Peer) -> Vec<String> {
    peer.send("STATS k\r\n");
    let mut networks = Vec::new();
    loop {
        let line = peer.line();
        match line.split(' ').collect::<Vec<_>>()[..] {
            [_, "216", _, "K", network, ..] => networks.push(network.to_owned()),
            [_, "219", ..] => return networks,
            _ => {}
        }
    }
}

#[test]
fn bans_outlive_a_restart() {
    let scratch = Scratch::new();
    let state = scratch.path("deep/state");
    let (first, address) = server(text(&state));
    let mut root = operator(&address);
    root.send("KLINE 192.0.2.0/24 :too loud\r\nKLINE 1w 2001:db8::1 :spam\r\nKLINE 10.0.0.1 :x\r\nUNKLINE 10.0.0.1\r\n");
    line_with(&mut root, "K-Line removed");
    stop(first);
    let file = state.join(if cfg!(feature = "store") { "parlor.db" } else { "bans" });
    let content = fs::read(&file).expect("they are kept");
    let has = |text: &str| content.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("192.0.2.0/24") && has("too loud"));
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    let (second, address) = server(text(&state));
    assert_eq!(banned(&mut operator(&address)), ["192.0.2.0/24", "2001:db8::1"]);
    stop(second);
}

#[cfg(feature = "store")]
#[test]
fn a_file_of_bans_is_imported_once_and_renamed() {
    let scratch = Scratch::new();
    let file = scratch.file("bans", "192.0.2.0/24 - root 2026-11-24T08:00:00Z too loud\n");
    let state = file.parent().expect("it is in a directory");
    let (mut first, address) = server(text(state));
    assert_eq!(banned(&mut operator(&address)), ["192.0.2.0/24"]);
    first.signal(Signal::TERM);
    let log = first.ended().stderr;
    assert!(log.contains("imported 1") && log.contains("bans.imported"), "{log}");
    assert!(!file.exists() && file.with_extension("imported").exists());
    let (second, address) = server(text(state));
    assert_eq!(banned(&mut operator(&address)), ["192.0.2.0/24"]);
    stop(second);
}

#[test]
fn a_ban_that_ends_after_2038_outlives_a_restart_on_every_machine() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let (first, address) = server(text(&state));
    let mut root = operator(&address);
    root.send("KLINE 700w 192.0.2.7 :spam\r\n");
    line_with(&mut root, "K-Line added: 192.0.2.7 until 20");
    root.send("KLINE 36500d 192.0.2.8 :spam\r\n");
    line_with(&mut root, "K-Line added: 192.0.2.8 until 21");
    stop(first);
    let (second, address) = server(text(&state));
    assert_eq!(banned(&mut operator(&address)), ["192.0.2.7", "192.0.2.8"]);
    stop(second);
}

#[test]
fn a_wrong_line_is_told_at_start_with_its_file_and_number() {
    let scratch = Scratch::new();
    let file = scratch.file("bans", "# edited\n192.0.2.0/24 for ever\n");
    let directory = file.parent().expect("it is in a directory");
    let mut server = Program::parlord(&["--listen", "127.0.0.1:0", "--state", text(directory)]);
    let ended = server.ended();
    assert_eq!(ended.status, Some(1));
    let why = "\"for\" is not a time such as 2026-11-24T08:00:00Z";
    assert_eq!(ended.stderr, format!("parlord: {}, line 2: {why}\n", text(&file)));
    assert_eq!(ended.stdout, "");
}

// The store is tested on a full disk.
#[cfg(not(feature = "store"))]
#[test]
fn where_bans_cannot_be_kept_they_stand_and_operators_and_the_log_are_told() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    // A directory in the way of the new file hinders root, too.
    fs::create_dir_all(state.join("bans.new")).expect("the directory is ours");
    let (mut server, address) = server(text(&state));
    let mut root = operator(&address);
    root.send("KLINE 192.0.2.0/24 :too loud\r\n");
    line_with(&mut root, "K-Line added: 192.0.2.0/24 for ever");
    let told = line_with(&mut root, "*** Cannot save bans, so a restart will forget the last: ");
    assert!(told.contains(text(&state)), "{told}");
    assert_eq!(banned(&mut root), ["192.0.2.0/24"]);
    server.signal(Signal::TERM);
    let log = server.ended().stderr;
    assert!(log.contains("cannot save bans: ") && !log.contains("too loud"), "{log}");
}

#[test]
fn without_a_directory_for_data_a_server_runs_and_says_that_it_forgets_bans() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlord"));
    command.args(["--listen", "127.0.0.1:0", "--oper", "root:secret"]).env("XDG_STATE_HOME", NOWHERE);
    let server = Program::spawn(command);
    let address = server.listening();
    let mut root = operator(&address);
    root.send("KLINE 192.0.2.0/24 :too loud\r\n");
    let told = if cfg!(feature = "store") { "a restart forgets it, see parlord --state" } else { NOWHERE };
    line_with(&mut root, told);
}
