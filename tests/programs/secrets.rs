//! Passwords of accounts are in nothing that a server writes or tells.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use parlor::address::Address;
use rustix::process::Signal;

use crate::support::accounts::plain;
use crate::support::{Peer, Program, Scratch, address, text};

/// Passwords, right and wrong ones, each given in a way of its own.
const FIRST: &str = "Sesam-1-oeffne-dich";
const SECOND: &str = "Sesam-2-oeffne-dich";
const THIRD: &str = "Sesam-3-oeffne-dich";
const WRONG: &str = "Sesam-4-oeffne-dich";

/// The part that all of them share.
const MARK: &str = "oeffne-dich";

struct House {
    server: Program,
    at: Address,
    metrics: Address,
}

/// A server that logs everything.
fn house(state: &Path) -> House {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlord"));
    command.args(["--listen", "127.0.0.1:0", "--flood", "off", "--state", text(state)]);
    if cfg!(feature = "metrics") {
        command.args(["--metrics", "127.0.0.1:0"]);
    }
    command.env("RUST_LOG", "trace").stdin(Stdio::null()).stderr(Stdio::piped());
    let server = Program::spawn(command);
    let at = server.listening();
    let metrics = if cfg!(feature = "metrics") {
        address(server.line().strip_prefix("metrics at ").expect("the line begins like this"))
    } else {
        at.clone()
    };
    House { server, at, metrics }
}

/// Waits for a line with this part, and returns everything up to it.
#[track_caller]
fn until(peer: &mut Peer, part: &str) -> String {
    let mut heard = String::new();
    loop {
        let line = peer.line();
        heard += &line;
        if line.contains(part) {
            return heard;
        }
    }
}

/// Gives passwords in every way there is. Returns everything that was heard.
fn give_all(at: &Address) -> String {
    let mut heard = String::new();
    let mut alice = Peer::connect(at);
    alice.send(
        "CAP REQ :echo-message message-tags\r\nNICK alice\r\nUSER a 0 * :a\r\nCAP END\r\nJOIN #room\r\n",
    );
    alice.send(format!("PRIVMSG NickServ :REGISTER {FIRST}\r\n"));
    heard += &until(&mut alice, "NOTICE alice :");
    alice.send(format!("NS SET PASSWORD {FIRST} {SECOND}\r\n"));
    heard += &until(&mut alice, "NOTICE alice :");
    // A further device of the same user, which must not hear what the first tells the services.
    let mut phone = Peer::connect(at);
    let login = plain("alice/phone", SECOND);
    phone.send("CAP REQ :sasl echo-message\r\nNICK alice\r\nUSER a 0 * :a\r\nAUTHENTICATE PLAIN\r\n");
    phone.send(format!("AUTHENTICATE {login}\r\nCAP END\r\n"));
    heard += &until(&mut phone, " 903 ");
    alice.send(format!(
        "NS IDENTIFY {WRONG}\r\nNICKSERV SET PASSWORD {WRONG} {THIRD}\r\nPRIVMSG NS :{THIRD}\r\n"
    ));
    for _ in 0..3 {
        heard += &until(&mut alice, "NOTICE alice :");
    }
    alice.send("PRIVMSG #room :done\r\nPING done\r\n");
    heard += &until(&mut alice, "PONG");
    heard += &until(&mut phone, "#room :done");
    for (first, answer) in [
        (format!("PASS alice:{WRONG}\r\nNICK alice\r\nUSER a 0 * :a\r\n"), "464"),
        (format!("PASS alice:{SECOND}\r\nNICK alice\r\nUSER a 0 * :a\r\n"), " 001 "),
        (format!("∏∑alice※{SECOND}∏∑"), "1"),
    ] {
        let mut peer = Peer::connect(at);
        peer.send(&first);
        if first.starts_with("PASS") {
            heard += &until(&mut peer, answer);
        } else {
            peer.expect(answer);
            peer.send(format!("★【NickServ※IDENTIFY alice {SECOND}★【"));
            heard += &until(&mut peer, "NickServ");
        }
    }
    let mut bob = Peer::connect(at);
    bob.send("CAP REQ :draft/account-registration\r\nNICK bob\r\nUSER b 0 * :b\r\nCAP END\r\n");
    bob.send(format!("REGISTER * * {THIRD}\r\nREGISTER * * {THIRD} {THIRD}\r\nPING done\r\n"));
    heard + &until(&mut bob, "PONG")
}

#[test]
fn passwords_are_in_no_log_no_metrics_no_export_no_file_and_are_told_to_nobody() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let House { mut server, at, metrics } = house(&state);
    let heard = give_all(&at);
    assert!(!heard.contains(MARK), "a peer was told a password: {heard}");
    let mut reader = Peer::connect(&metrics);
    if cfg!(feature = "metrics") {
        reader.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(!reader.rest().contains(MARK), "metrics have a password");
    }
    server.signal(Signal::USR1);
    server.signal(Signal::TERM);
    let ended = server.ended();
    assert_eq!(ended.status, Some(0));
    for (what, output) in [("output", &ended.stdout), ("log", &ended.stderr)] {
        assert!(!output.contains(MARK), "the {what} has a password: {output}");
    }
    assert!(ended.stderr.contains("wrong password"), "guesses are logged: {}", ended.stderr);
    let mut export = Program::start(
        env!("CARGO_BIN_EXE_parlord"),
        &["--state", text(&state), "--export-history", "#room"],
        Stdio::null(),
    );
    let export = export.ended();
    assert!(export.stdout.contains("done"), "{export:?}");
    assert!(!export.stdout.contains(MARK) && !export.stdout.contains("argon2"), "{export:?}");
    let mut hashes = Vec::new();
    for file in fs::read_dir(&state).expect("it is ours").flatten() {
        let bytes = fs::read(file.path()).expect("it is ours");
        let content = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!content.contains(MARK), "{:?} has a password", file.path());
        hashes.extend(content.match_indices("$argon2id$").map(|(at, _)| content[at..].to_owned()));
    }
    // Whoever reads the file has the hash, and cannot log in with it.
    let hash = hashes.first().expect("a password is stored as its hash");
    let hash: String = hash.chars().take_while(|c| c.is_ascii_graphic()).take(97).collect();
    let House { server: _server, at, .. } = house(&state);
    let mut thief = Peer::connect(&at);
    thief.send("CAP REQ :sasl\r\nNICK thief\r\nUSER t 0 * :t\r\nAUTHENTICATE PLAIN\r\n");
    thief.send(format!("AUTHENTICATE {}\r\n", plain("alice", &hash)));
    until(&mut thief, " 904 ");
}
