//! What devices of an account share: being away, and how far its owner has read. Messages for an account whose owner is
//! not here.

use std::time::Duration;

use parlor::config::ServerConfig;

use crate::devices::{always_on, device_called, enter_as, irc, newcomer, past, textbook, with_accounts};
use crate::support::Scratch;
use crate::support::accounts::create;
use crate::support::options::config;
use crate::support::scene::{Guest, Scene};

/// A server where all accounts stay, with a file in which ana has an account.
fn with_file(scratch: &Scratch) -> Scene {
    let directory = scratch.path("state");
    create(&directory, &[("ana", None)]);
    let mut scene = Scene::with(always_on());
    scene.keep_history(&directory);
    scene
}

/// A connection with these capabilities that has not registered.
fn modern(scene: &mut Scene, name: &str, capabilities: &str) -> Guest {
    let guest = newcomer(scene, capabilities);
    scene.send(&guest, format!("NICK {name}\r\nCAP END\r\nJOIN #lobby\r\n"));
    guest.heard();
    guest
}

#[test]
fn a_user_is_away_if_it_is_at_none_of_its_devices_and_others_hear_of_it_once() {
    let mut scene = with_accounts(always_on(), &["ana"]);
    let bob = modern(&mut scene, "bob", "away-notify");
    let desk = device_called(&mut scene, "ana", "desk");
    let phone = device_called(&mut scene, "ana", "phone");
    bob.heard();
    scene.send(&desk, "AWAY :lunch\r\n");
    assert!(desk.heard().contains(" 306 ana "));
    assert_eq!(bob.heard(), "", "somebody is at the phone");
    scene.send(&phone, "AWAY *\r\n");
    assert!(bob.heard().ends_with(" AWAY :lunch\r\n"));
    scene.send(&phone, "AWAY\r\n");
    assert!(bob.heard().ends_with(" AWAY\r\n"));
    scene.end(&phone);
    assert!(bob.heard().ends_with(" AWAY :lunch\r\n"));
    scene.end(&desk);
    assert!(bob.heard().ends_with(" AWAY :Nobody is there right now\r\n"));
    scene.send(&bob, "PRIVMSG ana :hi\r\n");
    assert!(bob.heard().contains(" 301 bob ana :Nobody is there right now"));
    device_called(&mut scene, "ana", "desk");
    assert!(bob.heard().ends_with(" AWAY\r\n"));
}

#[test]
fn a_client_can_be_away_before_it_registers_if_it_has_asked_for_that() {
    let mut scene = with_accounts(always_on(), &["ana"]);
    let bob = modern(&mut scene, "bob", "away-notify extended-join");
    let fetcher = newcomer(&mut scene, "draft/pre-away");
    scene.send(&fetcher, "AWAY *\r\n");
    assert!(fetcher.heard().contains(" 306 "));
    enter_as(&mut scene, &fetcher, "ana", "fetcher");
    scene.send(&fetcher, "JOIN #lobby\r\n");
    let heard = bob.heard();
    assert!(heard.contains("JOIN #lobby ana") && heard.contains(" AWAY :Nobody is there"), "{heard}");
    let plain = newcomer(&mut scene, "");
    scene.send(&plain, "AWAY *\r\n");
    assert!(plain.heard().contains(" 451 "));
    let eve = newcomer(&mut scene, "draft/pre-away");
    scene.send(&eve, "AWAY :later\r\nNICK eve\r\nCAP END\r\nJOIN #lobby\r\n");
    assert!(bob.heard().contains(" AWAY :later\r\n"), "without an account, too");
}

#[test]
fn how_far_somebody_has_read_is_shared_by_all_devices_and_only_rises() {
    let scratch = Scratch::new();
    let mut scene = with_file(&scratch);
    let caps = "draft/read-marker labeled-response batch standard-replies";
    let [desk, phone] = [0, 1].map(|n| {
        let guest = newcomer(&mut scene, caps);
        enter_as(&mut scene, &guest, "ana", ["desk", "phone"][n]);
        guest
    });
    scene.send(&desk, "JOIN #tea\r\n");
    for guest in [&desk, &phone] {
        let heard = guest.heard();
        let marker = heard.find("MARKREAD #tea *\r\n").expect("it is told");
        assert!(heard.find("JOIN #tea") < Some(marker) && Some(marker) < heard.find(" 366 "), "{heard}");
    }
    scene.send(&desk, "@label=x MARKREAD #TEA timestamp=2001-09-09T01:46:30.000Z\r\n");
    let told = "MARKREAD #TEA timestamp=2001-09-09T01:46:30.000Z\r\n";
    assert_eq!(desk.heard(), format!("@label=x :parlor.local {told}"));
    assert_eq!(phone.heard(), format!(":parlor.local {told}"));
    scene.send(&phone, "MARKREAD #tea timestamp=2001-09-09T01:46:00.000Z\r\n");
    assert!(phone.heard().contains("01:46:30.000Z"), "the later one stays");
    assert_eq!(desk.heard(), "");
    scene.send(&phone, "MARKREAD bob timestamp=2099-01-01T00:00:00.000Z\r\nMARKREAD bob\r\n");
    let now = "MARKREAD bob timestamp=2001-09-09T01:46:40.000Z\r\n";
    assert_eq!(phone.heard().matches(now).count(), 2, "nobody has read the future");
    let plain = device_called(&mut scene, "ana", "car");
    scene.send(&phone, "MARKREAD #tea timestamp=2001-09-09T01:46:31.000Z\r\n");
    assert_eq!(plain.heard(), "");
    for (command, code) in [
        ("MARKREAD", "NEED_MORE_PARAMS"),
        ("MARKREAD 1x", "INVALID_PARAMS 1x"),
        ("MARKREAD #tea yesterday", "INVALID_PARAMS #tea yesterday"),
        ("MARKREAD #tea *", "INVALID_PARAMS #tea *"),
    ] {
        phone.heard();
        scene.send(&phone, format!("{command}\r\n"));
        assert!(phone.heard().contains(&format!("FAIL MARKREAD {code} :")), "{command}");
    }
    let eve = modern(&mut scene, "eve", caps);
    scene.send(&eve, "MARKREAD #lobby timestamp=2001-09-09T01:46:31.000Z\r\nMARKREAD #lobby\r\n");
    let heard = eve.heard();
    assert!(heard.contains("FAIL MARKREAD INTERNAL_ERROR #lobby :Log in"), "{heard}");
    assert!(heard.contains("MARKREAD #lobby *\r\n"));
}

#[test]
fn an_account_has_a_limited_number_of_markers() {
    let scratch = Scratch::new();
    let mut scene = with_file(&scratch);
    let desk = newcomer(&mut scene, "draft/read-marker");
    enter_as(&mut scene, &desk, "ana", "desk");
    desk.heard();
    for n in 0..500 {
        scene.send(&desk, format!("MARKREAD #r{n} timestamp=2001-09-09T01:46:30.000Z\r\n"));
    }
    assert_eq!(desk.heard().matches("timestamp=").count(), 500);
    scene.send(&desk, "MARKREAD #one timestamp=2001-09-09T01:46:30.000Z\r\n");
    assert!(desk.heard().contains("FAIL MARKREAD INTERNAL_ERROR #one: Your account has 500 markers"));
    scene.send(&desk, "MARKREAD #r7 timestamp=2001-09-09T01:46:31.000Z\r\n");
    assert!(desk.heard().contains("#r7 timestamp=2001-09-09T01:46:31.000Z"), "old ones can change");
}

/// A server with these accounts, which keeps the past in memory.
fn with_past(config: ServerConfig, names: &[&str]) -> Scene {
    let mut scene = Scene::with(config);
    scene.keep_past(past(names));
    scene
}

/// Robert and ana have accounts; ana has gone.
fn with_ana_gone(scene: &mut Scene) -> Guest {
    let bob = device_called(scene, "robert", "desk");
    let ana = device_called(scene, "ana", "phone");
    scene.end(&ana);
    bob.heard();
    bob
}

#[test]
fn a_message_to_an_account_that_is_not_here_is_kept_and_told_to_each_of_its_devices() {
    let mut scene = with_past(config(), &["ana", "robert", "theodora"]);
    let bob = with_ana_gone(&mut scene);
    assert_eq!(scene.server.hub().users().len(), 1);
    scene.send(&bob, "PRIVMSG ana :call me\r\nPRIVMSG nobody :x\r\nTAGMSG ana\r\n");
    let heard = bob.heard();
    assert!(heard.contains(" 301 robert ana :is not here; your message is kept"), "{heard}");
    assert!(heard.contains(" 401 robert nobody "));
    let book = textbook(&mut scene, "theodora", "book");
    book.heard();
    scene.send(&book, "★【ana※me too★【");
    let heard = book.heard();
    assert!(heard.ends_with("* ana is not here; your message is kept until then\n"), "{heard}");
    scene.advance(Duration::from_secs(60));
    let phone = newcomer(&mut scene, "");
    enter_as(&mut scene, &phone, "ana", "phone");
    let heard = phone.heard();
    assert!(heard.contains("PRIVMSG ana :[01:46] call me") && heard.contains("[01:46] me too"), "{heard}");
    scene.end(&phone);
    let eve = irc(&mut scene, "guest");
    scene.send(&eve, "PRIVMSG ana :from a guest\r\nNICK other\r\n");
    assert!(
        eve.heard().contains(" 301 guest ana :is not here; your message is kept"),
        "guests may leave messages"
    );
    let phone = newcomer(&mut scene, "");
    enter_as(&mut scene, &phone, "ana", "phone");
    let heard = phone.heard();
    assert!(heard.contains(":guest!") && heard.contains("PRIVMSG ana :[01:47] from a guest"), "{heard}");
}

#[test]
fn a_message_of_a_guest_to_a_user_that_stays_is_kept_for_its_devices() {
    let mut scene = with_past(always_on(), &["ana"]);
    let ana = device_called(&mut scene, "ana", "desk");
    scene.end(&ana);
    let eve = irc(&mut scene, "guest");
    scene.send(&eve, "PRIVMSG ana :call me\r\n");
    assert!(eve.heard().contains(" 301 guest ana "));
    let ana = newcomer(&mut scene, "");
    enter_as(&mut scene, &ana, "ana", "desk");
    assert!(ana.heard().contains("] call me"), "her device is told");
}

#[test]
fn without_a_history_nobody_keeps_messages() {
    let mut scene = with_accounts(config(), &["ana", "robert"]);
    let bob = with_ana_gone(&mut scene);
    scene.send(&bob, "PRIVMSG ana :call me\r\n");
    assert!(bob.heard().contains(" 401 robert ana "));
}

#[test]
fn private_messages_from_another_device_are_told_apart_from_those_of_others() {
    let mut scene = with_past(always_on(), &["ana", "robert"]);
    let bob = device_called(&mut scene, "robert", "desk");
    let ana = device_called(&mut scene, "ana", "desk");
    let book = textbook(&mut scene, "ana", "book");
    scene.advance(Duration::from_secs(1));
    book.heard();
    scene.send(&ana, "PRIVMSG robert :hi\r\n");
    scene.send(&bob, "PRIVMSG ana :hello\r\n");
    assert_eq!(book.heard(), "* to robert: hi\nrobert悄悄地对你说：hello\n");
    scene.end(&book);
    scene.send(&ana, "PRIVMSG robert :one\r\n");
    scene.send(&bob, "PRIVMSG ana :two\r\n");
    let book = textbook(&mut scene, "ana", "book");
    scene.advance(Duration::from_secs(1));
    assert_eq!(book.heard(), "1* to robert: [01:46] one\nrobert悄悄地对你说：[01:46] two\n");
}
