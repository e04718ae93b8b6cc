//! Accounts and registered rooms after the server was killed.

use std::thread;
use std::time::Duration;

use parlor::address::Address;
use rustix::process::Signal;

use crate::support::{Peer, Program, Scratch, text};

/// What was said to be kept this long before a kill is kept.
const LOST: Duration = Duration::from_secs(2);

/// Sends lines and returns the lines up to the answer to a `PING` behind them.
fn ask(peer: &mut Peer, lines: &str) -> Vec<String> {
    peer.send(format!("{lines}\r\nPING :done\r\n"));
    let mut answer = Vec::new();
    loop {
        let line = peer.line();
        if line.contains(" PONG ") {
            return answer;
        }
        answer.push(line);
    }
}

fn client(address: &Address, name: &str) -> Peer {
    let mut peer = Peer::connect(address);
    ask(&mut peer, &format!("NICK {name}\r\nUSER {name} 0 * :{name}"));
    peer
}

#[test]
fn accounts_and_registered_rooms_survive_a_kill() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let (mut server, address) = Program::server(&["--state", text(&state)]);
    let mut bob = client(&address, "bob");
    let mut ana = client(&address, "ana");
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
    let mut bob = client(&address, "other");
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
