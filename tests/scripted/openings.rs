//! Newcomers with a handshake, as over TLS: scripted streams, and times that the test chooses.

use std::time::Duration;

use parlor::config::Limits;
use parlor::message::Peer;

use crate::support::limits;
use crate::support::scene::{Guest, Scene};

/// Handshake steps per turn.
const OPENINGS: usize = 8;

const SECOND: Duration = Duration::from_secs(1);

/// A newcomer whose handshake takes this many bytes, none of which has come.
fn newcomer(scene: &mut Scene, bytes: usize) -> Guest {
    scene.connect_opening(Peer::Unix, bytes)
}

fn is_open(guest: &Guest) -> bool {
    guest.wire.borrow().opening_reads == 0
}

#[test]
fn handshakes_per_turn_are_limited_in_order_and_delay_nobody_else() {
    let mut scene = Scene::new(limits());
    let alice = scene.user("alice");
    let newcomers: Vec<_> = (0..50).map(|_| newcomer(&mut scene, 1)).collect();
    newcomers.iter().for_each(|guest| guest.push("h"));
    for turn in 1..=50_usize.div_ceil(OPENINGS) {
        alice.push(format!("§γ{turn}§γ"));
        scene.poll();
        assert_eq!(alice.heard(), format!("alice说：{turn}\n"));
        let open = newcomers.iter().take_while(|guest| is_open(guest)).count();
        assert_eq!(open, newcomers.iter().filter(|guest| is_open(guest)).count(), "they open in order");
        assert_eq!(open, newcomers.len().min(turn * OPENINGS));
    }
    scene.settle();
    for (n, guest) in newcomers.iter().enumerate() {
        scene.send(guest, format!("∏∑user{n}∏∑"));
        assert_eq!(guest.heard(), "1");
    }
}

#[test]
fn an_endless_handshake_does_not_block_others() {
    let mut scene = Scene::new(limits());
    let endless: Vec<_> = (0..100).map(|_| newcomer(&mut scene, usize::MAX)).collect();
    let bob = newcomer(&mut scene, 2);
    bob.push("hi∏∑bob∏∑");
    for _ in 0..50 {
        endless.iter().for_each(|guest| guest.push("h"));
        scene.poll();
    }
    assert_eq!(bob.heard(), "1");
}

#[test]
fn a_refused_newcomer_is_declined_without_a_handshake() {
    let mut scene = Scene::new(Limits { connections: 1, ..limits() });
    let _first = scene.user("first");
    let second = newcomer(&mut scene, 2);
    assert!(second.wire.borrow().is_declined && second.is_shut());
    assert_eq!(scene.wait(), Some(2 * SECOND), "the same time as for other closing peers");
    scene.advance(2 * SECOND);
    assert!(second.is_closed());
}

#[test]
fn a_handshake_times_out_without_lingering() {
    let mut scene = Scene::new(limits());
    let guest = newcomer(&mut scene, 2);
    scene.send(&guest, "h");
    assert_eq!(scene.wait(), Some(30 * SECOND));
    scene.advance(30 * SECOND);
    assert!(guest.is_closed());
    assert_eq!(scene.server.connections(), 0);
}

#[test]
fn a_stopping_server_waits_for_no_handshake() {
    let mut scene = Scene::new(limits());
    let (guest, alice) = (newcomer(&mut scene, 2), scene.user("alice"));
    scene.turn(|server, now| server.shut_down(now));
    assert!(guest.is_closed());
    assert_eq!(alice.heard(), "* the server is shutting down\n");
}
