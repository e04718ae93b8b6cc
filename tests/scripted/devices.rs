//! Users with accounts: with several connections, or none.

use std::time::Duration;

use parlor::config::{AccountsConfig, HistoryConfig, Limits, ServerConfig};

use crate::support::accounts::{PASSWORD, stored_password};
use crate::support::known::Known;
use crate::support::options::{config, limits};
use crate::support::past::Past;
use crate::support::scene::{Guest, Scene};

/// A server with these accounts, and without a history.
pub(crate) fn with_accounts(config: ServerConfig, names: &[&str]) -> Scene {
    let history = HistoryConfig { age: None, ..config.history };
    let mut scene = Scene::with(ServerConfig { history, ..config });
    scene.keep_past(past(names));
    scene
}

/// A store in memory with these accounts.
pub(crate) fn past(names: &[&str]) -> Past {
    let mut past = Past::new(Duration::from_secs(86_400), 10_000);
    past.known = Known::with(names, &stored_password());
    past
}

/// An IRC user without an account, in the lobby, whose welcome was read.
pub(crate) fn irc(scene: &mut Scene, name: &str) -> Guest {
    let guest = scene.connect();
    scene.send(&guest, format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\nJOIN #lobby\r\n"));
    guest.heard();
    guest
}

/// A connection that speaks IRC, with these capabilities.
pub(crate) fn newcomer(scene: &mut Scene, capabilities: &str) -> Guest {
    let guest = scene.connect();
    scene.send(&guest, format!("CAP REQ :{capabilities}\r\nUSER u 0 * :R\r\n"));
    guest.heard();
    guest
}

/// Logs a newcomer in to an account.
fn enter(scene: &mut Scene, guest: &Guest, name: &str) {
    enter_as(scene, guest, name, "irc");
}

/// The same as this device.
pub(crate) fn enter_as(scene: &mut Scene, guest: &Guest, name: &str, device: &str) {
    scene.send(guest, login(name, device));
}

/// What a newcomer sends to log in.
pub(crate) fn login(name: &str, device: &str) -> String {
    format!("PASS {name}/{device}:{PASSWORD}\r\nNICK x\r\nCAP END\r\n")
}

/// A device of an account on CrazyIt that was just logged in.
pub(crate) fn textbook(scene: &mut Scene, name: &str, device: &str) -> Guest {
    let guest = scene.connect();
    scene.send(&guest, format!("∏∑{name}/{device}※{PASSWORD}∏∑"));
    guest
}

/// A device of an account on IRC, in the lobby.
fn device(scene: &mut Scene, name: &str) -> Guest {
    device_called(scene, name, "irc")
}

/// The same with this name.
pub(crate) fn device_called(scene: &mut Scene, name: &str, device: &str) -> Guest {
    let guest = newcomer(scene, "");
    enter_as(scene, &guest, name, device);
    scene.send(&guest, "JOIN #lobby\r\n");
    guest.heard();
    guest
}

pub(crate) fn always_on() -> ServerConfig {
    let accounts = AccountsConfig { always_on: true, ..AccountsConfig::default() };
    ServerConfig { accounts, limits: limits(), ..config() }
}

#[test]
fn each_connection_of_a_user_hears_others_and_what_its_twin_says() {
    let mut scene = with_accounts(config(), &["ana"]);
    let (ana, bob) = (device(&mut scene, "ana"), irc(&mut scene, "bob"));
    let phone = device(&mut scene, "ana");
    assert_eq!(bob.heard(), "", "nobody hears of the second");
    ana.heard();
    scene.send(&bob, "PRIVMSG #lobby :hi\r\nPRIVMSG ana :psst\r\n");
    assert_eq!(ana.heard(), phone.heard());
    scene.send(&phone, "PRIVMSG #lobby :from the bus\r\nPRIVMSG bob :me too\r\n");
    assert_eq!(phone.heard(), "", "it has no echo-message");
    let heard = ana.heard();
    assert!(
        heard.contains("PRIVMSG #lobby :from the bus") && heard.contains("PRIVMSG bob :me too"),
        "{heard}"
    );
    assert_eq!(bob.heard().lines().count(), 2);
}

#[test]
fn an_echo_has_a_label_on_the_sender_only_and_the_same_msgid_everywhere() {
    let mut scene = with_accounts(config(), &["ana"]);
    let caps = "batch echo-message labeled-response message-tags";
    let [desk, phone] = [0, 1].map(|_| newcomer(&mut scene, caps));
    for guest in [&desk, &phone] {
        enter(&mut scene, guest, "ana");
    }
    scene.send(&desk, "JOIN #lobby\r\n");
    desk.heard();
    phone.heard();
    scene.send(&desk, "@label=x PRIVMSG #lobby :hi\r\n");
    let (own, other) = (desk.heard(), phone.heard());
    assert!(own.starts_with("@label=x;") && !other.contains("label"), "{own}{other}");
    assert_eq!(own.replace("label=x;", ""), other);
    scene.send(&desk, "@label=y JOIN #tea\r\n");
    assert!(!phone.heard().contains("label"));
}

#[test]
fn a_further_device_is_shown_the_rooms_of_its_user() {
    let mut scene = with_accounts(config(), &["ana"]);
    let (desk, bob) = (device(&mut scene, "ana"), irc(&mut scene, "bob"));
    scene.send(&desk, "JOIN #tea\r\nTOPIC #tea :green\r\nMODE ana +i\r\n");
    desk.heard();
    let phone = newcomer(&mut scene, "");
    enter(&mut scene, &phone, "ana");
    let heard = phone.heard();
    let after = heard.find(" 001 ana ").expect("it is welcome");
    for line in [
        "MODE ana :+i",
        "JOIN #lobby\r\n",
        "JOIN #tea\r\n",
        " 332 ana #tea :green",
        " 353 ana = #tea :@ana",
        " 366 ana #tea",
        " 366 ana #lobby",
    ] {
        assert!(heard[after..].contains(line), "{line} is not in {heard}");
    }
    assert_eq!(bob.heard(), "");
    scene.send(&phone, "JOIN #coffee\r\n");
    let heard = desk.heard();
    assert!(heard.contains("JOIN #coffee") && heard.contains(" 353 ana = #coffee :@ana"), "{heard}");
    let silent = newcomer(&mut scene, "draft/no-implicit-names");
    enter(&mut scene, &silent, "ana");
    let heard = silent.heard();
    assert!(heard.contains("JOIN #tea") && !heard.contains(" 353 "), "{heard}");
}

#[test]
fn a_device_that_does_not_read_is_shown_one_room_at_a_time() {
    let mut scene = with_accounts(
        ServerConfig { limits: Limits { outbox_bytes: 16 * 1024, ..limits() }, ..config() },
        &["ana"],
    );
    let desk = device(&mut scene, "ana");
    for n in 0..49 {
        scene.send(&desk, format!("JOIN #{}{n}\r\n", "x".repeat(40)));
        desk.heard();
    }
    let phone = newcomer(&mut scene, "");
    phone.push_room(0);
    enter(&mut scene, &phone, "ana");
    assert!(!phone.is_closed());
    for _ in 0..200 {
        scene.give_room(&phone, 200);
    }
    let heard = phone.heard();
    assert_eq!(heard.matches(" 366 ").count(), 50, "{heard}");
}

#[test]
fn a_crazyit_device_is_in_the_lobby_and_hears_the_others() {
    let mut scene = with_accounts(config(), &["ana"]);
    let phone = newcomer(&mut scene, "");
    enter(&mut scene, &phone, "ana");
    phone.heard();
    let textbook = textbook(&mut scene, "ana", "crazyit");
    let heard = phone.heard();
    assert!(heard.contains("JOIN #lobby") && heard.contains(" 353 ana = #lobby :ana"), "{heard}");
    scene.send(&phone, "PRIVMSG #lobby :hi\r\n");
    scene.advance(Duration::from_secs(1));
    assert_eq!(textbook.heard(), "1ana说：hi\n");
}

#[test]
fn a_user_leaves_only_with_its_last_connection() {
    let mut scene = with_accounts(config(), &["ana"]);
    let (ana, bob) = (device(&mut scene, "ana"), irc(&mut scene, "bob"));
    let phone = device(&mut scene, "ana");
    scene.reset(&ana);
    assert_eq!(bob.heard(), "");
    scene.send(&bob, "PRIVMSG ana :still there?\r\n");
    assert!(phone.heard().contains("still there?"));
    scene.send(&phone, "QUIT :bye\r\n");
    assert!(bob.heard().contains("QUIT :Quit: bye"));
    assert_eq!(scene.server.hub().users().len(), 1);
}

#[test]
fn a_staying_user_keeps_its_rooms_without_a_connection_and_returns_to_them() {
    let mut scene = with_accounts(always_on(), &["ana"]);
    let (ana, bob) = (device(&mut scene, "ana"), irc(&mut scene, "bob"));
    scene.end(&ana);
    assert_eq!(bob.heard(), "");
    scene.send(&bob, "NAMES #lobby\r\nPRIVMSG ana :are you there?\r\n");
    assert!(bob.heard().contains("ana"));
    let back = device(&mut scene, "ana");
    scene.send(&bob, "PRIVMSG #lobby :welcome back\r\n");
    assert!(back.heard().contains("welcome back"));
    scene.end(&back);
    scene.change(|config| config.accounts.always_on = false);
    assert!(bob.heard().contains("QUIT :Away for too long"));
}

#[test]
fn a_client_that_logs_in_later_gets_the_account_s_user_and_rooms_and_as_a_guest_loses_them() {
    let mut scene = with_accounts(config(), &["ana"]);
    let (desk, bob) = (device(&mut scene, "ana"), irc(&mut scene, "bob"));
    scene.send(&desk, "JOIN #tea\r\n");
    scene.send(&bob, "JOIN #coffee\r\n");
    bob.heard();
    scene.send(&bob, format!("NS IDENTIFY ana {PASSWORD}\r\n"));
    let heard = bob.heard();
    for line in [
        ":bob!~bob@",
        " NICK ana\r\n",
        ":ana!~u@",
        " PART #coffee\r\n",
        " JOIN #tea\r\n",
        " 353 ana = #lobby :ana",
        " 353 ana = #tea :@ana",
    ] {
        assert!(heard.contains(line), "{line} is not in {heard}");
    }
    assert!(!heard.contains("JOIN #lobby"), "it is there already: {heard}");
    assert!(desk.heard().contains(":bob!~bob@"), "bob has left");
    scene.send(&bob, "NS LOGOUT\r\n");
    let heard = bob.heard();
    assert!(heard.contains(" NICK guest1\r\n") && heard.contains(" PART #tea\r\n"), "{heard}");
    assert_eq!(desk.heard(), "", "the guest was in no room");
    scene.send(&bob, "JOIN #lobby\r\n");
    assert!(bob.heard().contains(":guest1!"));
}

#[test]
fn at_shutdown_all_connections_of_a_user_close_and_it_leaves_once() {
    let mut scene = with_accounts(config(), &["ana"]);
    let ana = device(&mut scene, "ana");
    let phone = device(&mut scene, "ana");
    scene.turn(|server, now| server.shut_down(now));
    scene.settle();
    assert!(ana.is_shut() && phone.is_shut());
    assert!(scene.server.hub().users().is_empty());
}

#[test]
fn every_device_follows_a_renamed_room_in_its_own_way() {
    let mut scene = with_accounts(config(), &["bob"]);
    let (ana, bob) = (irc(&mut scene, "ana"), device(&mut scene, "bob"));
    scene.send(&ana, "JOIN #tea\r\n");
    scene.send(&bob, "JOIN #tea\r\n");
    let phone = newcomer(&mut scene, "draft/channel-rename");
    enter(&mut scene, &phone, "bob");
    for guest in [&ana, &bob, &phone] {
        guest.heard();
    }
    scene.send(&ana, "RENAME #tea #coffee\r\n");
    let heard = bob.heard();
    let lines: Vec<_> = heard.lines().filter_map(|line| line.split_once(' ')).collect();
    let commands: Vec<_> = lines.iter().filter_map(|(_, rest)| rest.split(' ').next()).collect();
    assert_eq!(commands, ["PART", "JOIN", "353", "366"], "{heard}");
    let heard = phone.heard();
    assert!(heard.starts_with(":ana!") && heard.ends_with(" RENAME #tea #coffee :\r\n"), "{heard}");
    assert_eq!(heard.lines().count(), 1);
}
