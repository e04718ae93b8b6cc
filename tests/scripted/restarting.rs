//! Users that stay outlive the server.

use std::time::{Duration, SystemTime};

use parlor::config::{AccountsConfig, ServerConfig};
use parlor::message::{Account, AccountId, SavedUser};
use parlor::name::UserName;
use parlor::store::Opened;

use crate::devices::{always_on, irc, past};
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

/// A user that stayed when an earlier run ended at this time.
fn saved(number: u32, last_seen: SystemTime) -> SavedUser {
    let name = UserName::new(&format!("u{number}")).expect("a name");
    let [username, host, realname] = ["u", "h", "R"].map(Box::from);
    let account = Account::new(AccountId(number), name, last_seen);
    SavedUser { account, username, host, realname, since: last_seen, last_seen, seats: Vec::new() }
}

#[test]
fn when_thousands_have_been_away_for_too_long_a_turn_looks_after_a_thousand_of_them() {
    let accounts = AccountsConfig { always_on_days: 1, ..always_on().accounts };
    let mut scene = Scene::with(ServerConfig { accounts, ..always_on() });
    let users: Vec<_> = (1..=2_500).map(|number| saved(number, scene.now.time)).collect();
    let accounts = users.iter().map(|user| (user.account.id, user.account.name.clone())).collect();
    let (store, wake) = past(&[]).store();
    scene.keep_with(store, Opened { users, accounts, ..Opened::default() }, wake);
    assert_eq!(scene.server.hub().users().len(), 2_500);
    scene.advance(Duration::from_secs(2 * 86_400));
    for left in [1_500, 500, 0] {
        assert_eq!(scene.server.hub().users().len(), left);
        let wait = scene.wait().expect("it goes on");
        assert_eq!(wait <= Duration::from_secs(1), left > 0, "{wait:?}");
        scene.advance(wait);
    }
}
