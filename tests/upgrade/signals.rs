//! Signals while one program takes the place of another.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::place::Place;
use crate::refusing::but;
use crate::support::{DEADLINE, Peer};

/// So many that, without care, a signal comes when no program has handlers.
const UPGRADES: usize = 25;

/// Between two signals: enough for a few steps of the program. Without it, a process that runs on a processor of its own can
/// signal so fast that the other one runs nothing but the handler.
const PAUSE: Duration = Duration::from_micros(500);

#[test]
fn signals_at_any_time_do_not_end_the_server() {
    let place = Place::start(&[]);
    let mut peer = Peer::irc_member(&place.at, "iris");
    for signal in [Signal::USR1, Signal::HUP, Signal::USR2] {
        for _ in 0..UPGRADES {
            place.ask();
            signal_until_taken_over(&place, signal);
        }
    }
    peer.send("PING :here\r\n");
    while !peer.line().contains("here") {}
}

fn signal_until_taken_over(place: &Place, signal: Signal) {
    let end = Instant::now() + DEADLINE;
    while !place.has_said("took over") {
        assert!(Instant::now() < end, "no program takes over while {signal:?} comes again and again");
        place.server.signal(signal);
        thread::sleep(PAUSE);
    }
}

#[test]
fn a_server_that_is_told_to_stop_between_two_programs_stops_in_order() {
    for _ in 0..5 {
        let mut place = Place::start(&[]);
        place.ask();
        place.await_log("handing over");
        place.server.signal(Signal::TERM);
        assert_eq!(place.server.ended().status, Some(0));
    }
}

#[test]
fn a_server_that_is_told_to_stop_during_a_rehearsal_stops() {
    let mut place = Place::start(&[]);
    place.install_script(&but("rehearse", "sleep 1"));
    place.ask();
    place.await_log("shows whether it could take over");
    place.server.signal(Signal::TERM);
    place.await_log("no upgrade: the server is shutting down");
    assert_eq!(place.server.ended().status, Some(0));
}
