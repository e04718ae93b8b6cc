//! Newcomers find the server where it was, or where the new config says.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use parlor::address::Address;
use rustix::process::Signal;

use crate::place::Place;
use crate::support::{Peer, Program, Scratch, address, login, say, text};

/// Both users hear the first one.
#[track_caller]
fn talk(name: &str, one: &mut Peer, other: &mut Peer) {
    one.send(say("hello"));
    let heard = format!("{name}说：hello\n");
    one.expect(&heard);
    other.expect(&heard);
}

#[test]
fn the_file_of_a_unix_socket_stays_and_is_removed_by_the_last_program() {
    let scratch = Scratch::new();
    let Address::Unix(path) = scratch.socket("s") else { unreachable!() };
    let mut place = Place::with_options(&["--listen", &format!("unix:{}", text(&path)), "--flood", "off"]);
    let mut early = Peer::user(&place.at, "early");
    for n in 0..2 {
        place.replace();
        let mut late = Peer::user(&place.at, &format!("late{n}"));
        talk("early", &mut early, &mut late);
    }
    place.server.signal(Signal::TERM);
    assert_eq!(place.server.ended().status, Some(0));
    assert!(!path.exists());
}

#[test]
fn another_address_in_the_config_takes_the_place_of_the_first() {
    let scratch = Scratch::new();
    let [old, new] = ["old", "new"].map(|name| {
        let Address::Unix(path) = scratch.socket(name) else { unreachable!() };
        path
    });
    let config = |path| format!("listen = unix:{}\nflood = off\n", text(path));
    let file = scratch.file("config", &config(&old));
    let place = Place::with_options(&["--config", text(&file)]);
    let mut early = Peer::user(&place.at, "early");
    fs::write(&file, config(&new)).expect("it is ours");
    place.replace();
    assert!(!old.exists() && UnixStream::connect(&old).is_err());
    let mut late = Peer::user(&Address::Unix(new), "late");
    talk("early", &mut early, &mut late);
}

#[test]
fn sockets_of_a_service_manager_are_handed_on() {
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = address(&tcp.local_addr().expect("it is bound").to_string());
    let place = Place::started(|program, state| {
        let pass = "exec 3<&0 0</dev/null; export LISTEN_PID=$$; exec \"$0\" \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", pass, program, "--state", state, "--listen", "unix:/nowhere/at/all"]);
        command.args(["--flood", "off"]).env("LISTEN_FDS", "1").env_remove("LISTEN_FDNAMES");
        command.stdin(OwnedFd::from(tcp)).stderr(Stdio::piped());
        Program::spawn(command)
    });
    assert_eq!(place.at, at);
    let mut early = Peer::user(&at, "early");
    for n in 0..2 {
        place.replace();
        let mut late = Peer::user(&at, &format!("late{n}"));
        talk("early", &mut early, &mut late);
    }
}

#[test]
fn who_waits_in_the_backlog_is_served_by_the_new_program() {
    let place = Place::start(&[]);
    place.install();
    place.ask();
    // Some come before the upgrade, some while it happens, and some after it.
    let mut newcomers: Vec<_> = (0..200).map(|_| Peer::connect(&place.at)).collect();
    for (n, peer) in newcomers.iter_mut().enumerate() {
        peer.send(login(&format!("user{n}")));
        peer.expect("1");
    }
    place.await_log("took over");
}

#[test]
fn the_header_of_a_proxy_may_be_cut() {
    let place = Place::start(&["--proxy-from", "127.0.0.1"]);
    let header = "PROXY TCP4 192.0.2.7 192.0.2.1 4711 6667\r\n";
    for cut in [1, 20, header.len() - 1] {
        let mut peer = Peer::connect(&place.at);
        peer.send(&header[..cut]);
        place.replace();
        peer.send(&header[cut..]);
        peer.send("NICK ana\r\nUSER ana 0 * :ana\r\nWHOIS ana\r\n");
        while !peer.line().contains("192.0.2.7") {}
    }
}

#[cfg(feature = "metrics")]
#[test]
fn counters_are_read_at_the_same_address() {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    let place = Place::start(&["--metrics", "127.0.0.1:0"]);
    let at = loop {
        if let Some(at) = place.server.line().strip_prefix("metrics at ") {
            break at.to_owned();
        }
    };
    let ask = || {
        let mut stream = TcpStream::connect(&at).expect("it listens");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it is read");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    };
    assert!(ask().starts_with("HTTP/1.1 200 OK\r\n"));
    place.replace();
    assert!(ask().starts_with("HTTP/1.1 200 OK\r\n"));
}
