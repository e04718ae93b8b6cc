//! A backup that waits is restored by the next program: it begins anew.

use std::fs;
use std::net::Ipv4Addr;
#[cfg(feature = "tls")]
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use parlor::address::Address;
use rusqlite::Connection;
use rustix::process::Signal;
#[cfg(feature = "tls")]
use rustls::version::TLS13;

use crate::place::Place;
use crate::refusing::but;
use crate::support::accounts::{PASSWORD, create};
#[cfg(feature = "tls")]
use crate::support::address;
use crate::support::options::PARLORD_ARGS;
#[cfg(feature = "tls")]
use crate::support::tls::Certificate;
use crate::support::{Peer, Program, text};

const PARLORD: &str = env!("CARGO_BIN_EXE_parlord");

fn run(state: &str, option: &str, value: &str) {
    let ended = Program::start(PARLORD, &["--state", state, option, value], Stdio::null()).ended();
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
}

/// The account ana in her registered room.
fn ana(at: &Address) -> Peer {
    let mut ana = Peer::connect(at);
    ana.send(format!("PASS ana:{PASSWORD}\r\nNICK ana\r\nUSER ana 0 * :ana\r\nJOIN #tea\r\n"));
    ana.settle_on_irc("welcome");
    ana
}

fn topic(peer: &mut Peer) -> String {
    peer.send("TOPIC #tea\r\n");
    peer.settle_on_irc("topic").concat()
}

/// A server that runs with these options, and a backup that waits for it. The room had the topic `green` when that was made, and
/// has `red` now.
fn place(options: &[&str]) -> (Place, Peer) {
    let place = Place::started(|program, state| {
        create(state.as_ref(), &[("ana", None)]);
        let (first, at) = Program::server(&[&["--state", state], options].concat());
        ana(&at).send("CS REGISTER #tea\r\nTOPIC #tea :green\r\nQUIT\r\n");
        stop(first);
        run(state, "--backup", &backup(state));
        Program::start(program, &[&["--state", state], &PARLORD_ARGS[..], options].concat(), Stdio::null())
    });
    let state = place.state();
    let mut ana = ana(&place.at);
    assert!(topic(&mut ana).contains("green"));
    ana.send("TOPIC #tea :red\r\n");
    ana.settle_on_irc("changed");
    run(text(&state), "--restore", &backup(text(&state)));
    (place, ana)
}

fn stop(mut server: Program) {
    // Whoever has left is written first.
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status, Some(0));
}

fn backup(state: &str) -> String {
    format!("{state}-backup")
}

fn waiting(place: &Place) -> bool {
    place.state().join("to-restore").exists()
}

#[test]
fn users_are_told_to_connect_again_and_find_what_the_backup_has() {
    let (place, mut ana_before) = place(&[]);
    let mut textbook = Peer::user(&place.at, "bob");
    assert!(topic(&mut ana_before).contains("red"), "nothing changes while it waits");
    place.upgrade();
    for peer in [&mut ana_before, &mut textbook] {
        let last = peer.rest();
        assert!(last.contains("the server is being upgraded, connect again"), "{last}");
    }
    assert!(!waiting(&place));
    assert!(topic(&mut ana(&place.at)).contains("green"));
    let mut bob = Peer::irc_member(&place.at, "bob");
    assert_eq!(bob.population(), (1, 0), "nobody else has come from the server before");
    // The next one keeps its users.
    place.replace();
    bob.settle_on_irc("here");
}

#[test]
fn users_stay_if_the_new_program_or_the_backup_is_unusable() {
    let (place, mut ana) = place(&[]);
    place.install_script(&but("rehearse", "exit 1"));
    place.ask();
    place.await_log("no upgrade: the new program cannot take over");
    place.install();
    let database = place.state().join("to-restore/parlor.db");
    let whole = fs::read(&database).expect("it waits");
    fs::write(&database, "nonsense, and more of it".repeat(100)).expect("it is ours");
    place.ask();
    let line = place.await_log("no upgrade: the new program cannot take over");
    assert!(
        line.contains("to-restore/parlor.db: this is not a database of parlord, or it is damaged"),
        "{line}"
    );
    assert!(topic(&mut ana).contains("red"));
    fs::write(&database, whole).expect("it is ours");
    place.upgrade();
    assert!(ana.rest().contains("connect again"));
    assert!(!waiting(&place));
}

#[test]
fn the_server_goes_on_if_the_backup_cannot_be_restored_in_the_end() {
    let (place, mut ana_before) = place(&[]);
    let reader = Connection::open(place.state().join("parlor.db")).expect("it is a database");
    reader.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").expect("it can be read");
    place.ask();
    let line = place.await_log("could not take over");
    assert!(line.contains("another process uses the database"), "{line}");
    place.await_log("took over");
    assert!(ana_before.rest().contains("connect again"));
    assert!(waiting(&place));
    let mut ana_after = ana(&place.at);
    assert!(topic(&mut ana_after).contains("red"));
    drop(reader);
    place.upgrade();
    assert!(topic(&mut ana(&place.at)).contains("green"));
}

#[test]
fn newcomers_wait_for_the_next_server_and_cost_it_nothing() {
    let (place, mut ana) = place(&[]);
    place.ask();
    // She does not leave, so the server waits a second.
    assert!(ana.rest().contains("connect again"));
    let before = place.server.cpu_time();
    let mut bob = Peer::connect(&place.at);
    bob.send("NICK bob\r\nUSER bob 0 * :bob\r\n");
    place.await_log("took over");
    bob.settle_on_irc("welcome");
    let spent = place.server.cpu_time() - before;
    assert!(spent < Duration::from_millis(500), "{spent:?}");
}

#[test]
fn a_newcomer_whose_proxy_tells_too_late_is_told_to_connect_again() {
    let (place, mut ana) = place(&["--proxy-from", "127.0.0.2"]);
    let mut late = Peer::connect_from(&place.at, Ipv4Addr::new(127, 0, 0, 2));
    late.send("PROXY TCP4 192.0.2.7 192.0.2.1 ");
    place.ask();
    // She does not leave, so the server waits a second.
    assert!(ana.rest().contains("connect again"));
    late.send("4711 6667\r\n");
    assert!(late.rest().contains("connect again"));
    place.await_log("took over");
}

#[test]
fn a_backup_that_is_given_up_changes_nothing() {
    let (place, mut ana) = place(&[]);
    fs::remove_dir_all(place.state().join("to-restore")).expect("it is ours");
    place.upgrade();
    assert!(topic(&mut ana).contains("red"));
}

#[test]
fn peers_that_read_nothing_do_not_hinder_a_restore() {
    let (place, mut ana) = place(&[]);
    let _silent = ["bob", "carol", "dave"].map(|name| {
        let silent = Peer::irc_user(&place.at, name);
        ana.send(format!("PRIVMSG {name} :{}\r\n", "x".repeat(400)).repeat(1_000));
        ana.settle_on_irc("said");
        silent
    });
    place.upgrade();
    assert!(!waiting(&place));
}

#[cfg(feature = "tls")]
#[test]
fn the_certificate_in_the_backup_is_used() {
    let (place, _ana) = place(&["--self-signed", "--tls-listen", "127.0.0.1:0"]);
    let line = place.server.line();
    let (at, _) = line.split_once(" with TLS, ").expect("it tells where");
    let at = address(at.strip_prefix("listening on ").expect("it begins like this"));
    let files = |directory: PathBuf| ["cert.pem", "key.pem"].map(|name| directory.join(name));
    let [cert, key] = files(backup(text(&place.state())).into());
    let saved = Certificate::read(cert, key);
    // As if it had been made anew meanwhile.
    for file in files(place.state()) {
        fs::remove_file(file).expect("it is ours");
    }
    place.upgrade();
    let mut peer = Peer::over_tls(&at, saved.client(&[&TLS13])).register("bob");
    peer.settle_on_irc("trusted");
}
