//! Accounts and registered rooms after the server was killed.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Peer, Program, Scratch, text};

/// At most what has happened in this time before a kill is lost, as doc/OPERATING.md promises. The test waits for it,
/// because nothing tells what is on the disk without writing it there.
const LOST: Duration = Duration::from_secs(2);

/// Sends lines, and returns the answers.
fn ask(peer: &mut Peer, lines: &str) -> Vec<String> {
    peer.send(format!("{lines}\r\n"));
    peer.settle_on_irc("done")
}

#[test]
fn accounts_and_registered_rooms_survive_a_kill() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let (mut server, address) = Program::server(&["--state", text(&state)]);
    let mut bob = Peer::irc_user(&address, "bob");
    let mut ana = Peer::irc_user(&address, "ana");
    for peer in [&mut bob, &mut ana] {
        let answer = ask(peer, "NS REGISTER correct-horse");
        assert!(
            answer.iter().any(|line| line.contains("is registered, and you are logged in")),
            "{answer:?}"
        );
    }
    let steps =
        ["JOIN #tea", "CS REGISTER #tea", "TOPIC #tea :green", "MODE #tea +sb x!*@*", "CS AMODE #tea bob +v"];
    steps.iter().for_each(|step| drop(ask(&mut ana, step)));
    thread::sleep(LOST);
    server.signal(Signal::KILL);
    server.ended();

    let (_server, address) = Program::server(&["--state", text(&state)]);
    let mut bob = Peer::irc_user(&address, "other");
    let answer = ask(&mut bob, "NS IDENTIFY bob correct-horse");
    assert!(answer.iter().any(|line| line.trim_end().ends_with("You are logged in as bob")), "{answer:?}");
    let joined = ask(&mut bob, "JOIN #tea");
    let has = |end: &str| joined.iter().any(|line| line.trim_end().ends_with(end));
    assert!(has(" 332 bob #tea :green") && has("MODE #tea +v bob") && has(":+bob"), "{joined:?}");
    let modes = ask(&mut bob, "MODE #tea\r\nMODE #tea b");
    let has = |part: &str| modes.iter().any(|line| line.contains(part));
    assert!(has(" 324 bob #tea +nst") && has(" 367 bob #tea x!*@* ana "), "{modes:?}");
    let info = ask(&mut bob, "CS INFO #tea");
    assert!(info.iter().any(|line| line.contains("#tea: founder ana")), "{info:?}");
}
