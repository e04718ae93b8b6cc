//! Users that stay outlive the server.

use std::time::Duration;

use parlor::config::ServerConfig;

use crate::devices::{always_on, irc};
use crate::support::Scratch;
use crate::support::scene::{Guest, Scene};

/// A server that begins on this directory.
fn start(scratch: &Scratch, config: ServerConfig, now: Option<parlor::message::Now>) -> Scene {
    let mut scene = Scene::with(config);
    if let Some(now) = now {
        scene.now = now;
    }
    scene.keep_history(&scratch.path("state"));
    scene
}

/// Logs in to the account of ana, at this device, with these capabilities.
fn log_in(scene: &mut Scene, device: &str, capabilities: &str) -> (Guest, String) {
    let guest = scene.connect();
    let lines = format!(
        "CAP REQ :{capabilities}\r\nPASS ana/{device}:correct-horse\r\nNICK x\r\nUSER u 0 * :R\r\nCAP END\r\n"
    );
    scene.send(&guest, lines);
    let heard = guest.heard();
    assert!(heard.contains(" 001 ana "), "{heard}");
    (guest, heard)
}

/// Ana has an account and is in `#tea` with bob. Returns both.
fn with_ana(scene: &mut Scene) -> (Guest, Guest) {
    let (ana, bob) = (irc(scene, "ana"), irc(scene, "bob"));
    scene.send(&ana, "NS REGISTER correct-horse\r\nJOIN #tea\r\n");
    scene.send(&bob, "JOIN #tea\r\n");
    assert!(ana.heard().contains("registered"));
    scene.end(&ana);
    let (ana, _) = log_in(scene, "phone", "draft/read-marker");
    (ana, bob)
}

#[test]
fn after_a_restart_a_user_is_in_its_rooms_with_its_rank_and_each_device_is_told_what_it_missed() {
    let scratch = Scratch::new();
    let mut scene = start(&scratch, always_on(), None);
    let (ana, bob) = with_ana(&mut scene);
    scene.send(&ana, "MARKREAD #tea timestamp=2001-09-09T01:46:30.000Z\r\n");
    scene.end(&ana);
    scene.send(&bob, "PRIVMSG #tea :while you were away\r\n");
    let now = scene.now;
    scene.end_store();
    drop(scene);
    let mut scene = start(&scratch, always_on(), Some(now));
    scene.advance(Duration::from_secs(60));
    let bob = irc(&mut scene, "bob");
    scene.send(&bob, "JOIN #tea\r\nWHOIS ana\r\n");
    let heard = bob.heard();
    assert!(heard.contains(" 353 bob = #tea :bob @ana") && heard.contains(" 301 bob ana "), "{heard}");
    scene.send(&bob, "PRIVMSG #tea :and after\r\n");
    let (ana, heard) = log_in(&mut scene, "phone", "draft/read-marker");
    for line in [
        "JOIN #tea\r\n",
        "MARKREAD #tea timestamp=2001-09-09T01:46:30.000Z\r\n",
        "PRIVMSG #tea :[01:46] while you were away\r\n",
        "PRIVMSG #tea :[01:47] and after\r\n",
    ] {
        assert_eq!(heard.matches(line).count(), 1, "{line} in {heard}");
    }
    assert!(!bob.heard().contains("JOIN"));
    scene.send(&ana, "NS SET ALWAYS-ON off\r\nQUIT\r\n");
    assert!(bob.heard().contains("QUIT"));
    let now = scene.now;
    scene.end_store();
    drop(scene);
    let scene = start(&scratch, always_on(), Some(now));
    assert!(scene.server.hub().users().is_empty(), "it does not stay any longer");
}

#[test]
fn a_user_that_was_gone_for_too_long_does_not_come_back() {
    let scratch = Scratch::new();
    let mut scene = start(&scratch, always_on(), None);
    let (ana, bob) = with_ana(&mut scene);
    scene.end(&ana);
    bob.heard();
    let day = Duration::from_secs(86_400);
    for _ in 0..29 {
        scene.now.instant += day;
        scene.now.time += day;
        bob.push("PONG :parlor.local\r\n");
        scene.settle();
    }
    assert_eq!(
        scene.server.hub().users().iter().filter(|(_, user)| user.name().as_str() == "ana").count(),
        1
    );
    let mut now = scene.now;
    scene.end_store();
    drop(scene);
    (now.instant, now.time) = (now.instant + 2 * day, now.time + 2 * day);
    let mut scene = start(&scratch, always_on(), Some(now));
    scene.turn(|_, _| ());
    assert!(scene.server.hub().users().is_empty());
}
