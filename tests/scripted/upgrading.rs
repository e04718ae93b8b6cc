//! Connections that cannot be handed over to another program, and the users who had them.

use std::time::Duration;

use parlor::config::ServerConfig;

use crate::devices::{device_called, enter_as, irc, newcomer};
use crate::support::Scratch;
use crate::support::accounts::create;
use crate::support::options::{config, limits};
use crate::support::scene::{Guest, Scene};

/// A server with a history, where users do not stay; ana on a connection that cannot be handed over, and bob.
fn scene(scratch: &Scratch) -> (Scene, Guest, Guest) {
    let mut scene = Scene::with(ServerConfig { limits: limits(), ..config() });
    let directory = scratch.path("state");
    create(&directory, &[("ana", None)]);
    scene.keep_history(&directory);
    let bob = irc(&mut scene, "bob");
    let ana = device_called(&mut scene, "ana", "desk");
    ana.wire.borrow_mut().is_portable = false;
    bob.heard();
    (scene, ana, bob)
}

/// Begins an upgrade, which fails after connections have ended.
fn upgrade_in_vain(scene: &mut Scene) {
    scene.turn(|server, now| server.begin_settling(false, now)).expect("it is not shutting down");
    while scene.poll() {}
    scene.server.stop_settling();
    scene.settle();
}

#[test]
fn a_user_with_an_account_comes_back_within_a_minute_and_nobody_has_seen_it_leave() {
    let scratch = Scratch::new();
    let (mut scene, ana, bob) = scene(&scratch);
    upgrade_in_vain(&mut scene);
    let heard = ana.heard();
    assert!(ana.is_shut() && heard.starts_with("ERROR ") && heard.contains("upgrade"), "{heard}");
    scene.advance(Duration::from_secs(50));
    scene.send(&bob, "NAMES #lobby\r\nPRIVMSG #lobby :tea?\r\nPRIVMSG ana :and cake?\r\nWHOIS ana\r\n");
    let heard = bob.heard();
    assert!(heard.contains("ana") && !heard.contains(" 301 "), "she is not away: {heard}");
    let back = newcomer(&mut scene, "");
    enter_as(&mut scene, &back, "ana", "desk");
    let heard = back.heard();
    for part in [" JOIN #lobby\r\n", "PRIVMSG #lobby :[", "tea?", "PRIVMSG ana :[", "and cake?"] {
        assert!(heard.contains(part), "{part} is not in {heard}");
    }
    scene.advance(Duration::from_secs(50));
    assert_eq!(bob.heard(), "");
    scene.end(&back);
    assert!(bob.heard().contains(":ana!"), "later she leaves like others");
}

#[test]
fn a_user_that_does_not_come_back_within_a_minute_leaves() {
    let scratch = Scratch::new();
    let (mut scene, _, bob) = scene(&scratch);
    upgrade_in_vain(&mut scene);
    scene.advance(Duration::from_secs(59));
    assert_eq!(bob.heard(), "");
    scene.advance(Duration::from_secs(1));
    let heard = bob.heard();
    assert!(heard.contains(":ana!") && heard.contains("QUIT :Did not come back after an upgrade"), "{heard}");
    assert_eq!(scene.server.hub().users().len(), 1);
}

#[test]
fn a_user_without_an_account_leaves_with_its_connection() {
    let scratch = Scratch::new();
    let (mut scene, ana, bob) = scene(&scratch);
    bob.wire.borrow_mut().is_portable = false;
    ana.wire.borrow_mut().is_portable = true;
    upgrade_in_vain(&mut scene);
    assert!(ana.heard().contains(":bob!") && bob.is_shut());
}
