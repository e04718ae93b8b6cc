//! A store whose disk takes long: speakers wait, listeners do not, and nobody is closed for it.

use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use parlor::message::AccountAnswer;
use parlor::store::Store;

use crate::irc::house::{Guest, IrcScene};
use crate::support::blank_store::Blank;

/// More than fits in the queue.
const LINES: usize = 300;

/// A server, a speaker with more to say than fits in the queue, a listener, and what ends the wait when it is dropped.
fn full() -> (IrcScene, Guest, Guest, Sender<()>) {
    let mut house = IrcScene::with(|config| {
        (config.limits.flood, config.limits.memory_bytes) = (None, 1024 * 1024);
    });
    // A server whose store is stuck does not come to rest.
    house.scene().handover_every = None;
    let (end, until) = mpsc::channel();
    // An error says that the other end was dropped.
    let commit = move || until.recv().unwrap_or_default();
    let stuck = Blank { write: || (), commit, account: || Ok(AccountAnswer::Unknown) };
    let (woken, wake) = mpsc::channel();
    let store = Store::start(stuck, move || woken.send(()).unwrap_or_default()).expect("a thread");
    house.scene().keep_in(store, wake);
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let lines = (0..LINES).map(|n| format!("PRIVMSG #tea :{n} {}\r\n", "x".repeat(300)));
    house.bytes(ana, lines.collect::<String>());
    (house, ana, bob, end)
}

/// The numbers of the messages that `who` has heard since the last call.
fn heard(house: &mut IrcScene, who: Guest) -> Vec<usize> {
    let lines = house.lines(who);
    let numbers = lines.iter().filter_map(|line| line.split_once("PRIVMSG #tea :")?.1.split(' ').next());
    numbers.map(|number| number.parse().expect("messages are numbered")).collect()
}

/// Lets the store go on until `who` has heard everything.
fn hear_rest(house: &mut IrcScene, who: Guest, mut numbers: Vec<usize>, end: Sender<()>) {
    drop(end);
    while numbers.len() < LINES {
        house.scene().hear_store();
        house.scene().settle();
        numbers.extend(heard(house, who));
    }
    assert_eq!(numbers, (0..LINES).collect::<Vec<_>>());
}

#[test]
fn speakers_wait_for_a_full_store_as_long_as_it_takes_and_listeners_do_not() {
    let (mut house, ana, bob, end) = full();
    let numbers = heard(&mut house, bob);
    assert!((20..LINES / 2).contains(&numbers.len()), "{} heard", numbers.len());
    for _ in 0..10 {
        house.advance(Duration::from_secs(60));
        assert_eq!(
            house.ask(bob, "PING x").last().map(String::as_str),
            Some(":parlor.local PONG parlor.local :x")
        );
    }
    assert!(!house.is_shut(ana), "it cannot answer a PING that is not read");
    hear_rest(&mut house, bob, numbers, end);
}

#[test]
fn everything_that_a_speaker_sent_before_it_finished_is_said_when_the_store_has_room() {
    let (mut house, ana, bob, end) = full();
    house.half_close(ana);
    let numbers = heard(&mut house, bob);
    assert!(numbers.len() < LINES && !house.is_shut(ana));
    hear_rest(&mut house, bob, numbers, end);
    assert!(house.is_shut(ana));
}

#[test]
fn a_speaker_that_waits_for_a_full_store_leaves_when_its_connection_breaks() {
    let (mut house, ana, bob, _end) = full();
    house.forget();
    house.reset(ana);
    assert!(house.is_gone(ana));
    assert_eq!(house.lines(bob).len(), 1, "it has quit");
}
