//! What a device has missed, it is told when it comes back.

use std::time::Duration;

use parlor::config::{Limits, ServerConfig};

use crate::devices::{always_on, device_called, enter_as, irc, login, newcomer, textbook};
use crate::support::Scratch;
use crate::support::accounts::create;
use crate::support::options::limits;
use crate::support::scene::{Guest, Scene};

/// A server where all accounts stay, with a history.
fn scene(scratch: &Scratch) -> Scene {
    scene_with(scratch, limits())
}

fn scene_with(scratch: &Scratch, limits: Limits) -> Scene {
    let mut scene = Scene::with(ServerConfig { limits, ..always_on() });
    let directory = scratch.path("state");
    create(&directory, &[("ana", None)]);
    scene.keep_history(&directory);
    scene
}

/// The texts of messages in what was heard, in order.
fn texts(heard: &str) -> Vec<&str> {
    heard.lines().filter_map(|line| Some(line.split_once(" PRIVMSG ")?.1.split_once(" :")?.1)).collect()
}

/// A device of ana that was here and has ended in an orderly way, and bob, in `#lobby` and `#tea`.
fn left(scene: &mut Scene, name: &str) -> Guest {
    let bob = irc(scene, "bob");
    let ana = device_called(scene, "ana", name);
    for guest in [&bob, &ana] {
        scene.send(guest, "JOIN #tea\r\n");
        guest.heard();
    }
    scene.end(&ana);
    scene.advance(Duration::from_secs(3600));
    bob.heard();
    bob
}

fn say(scene: &mut Scene, who: &Guest, room: &str, text: &str) {
    scene.send(who, format!("PRIVMSG {room} :{text}\r\n"));
}

/// Lets the server do everything that needs no answer of the store.
fn poll(scene: &mut Scene) {
    while scene.poll() {}
}

#[test]
fn a_plain_client_is_told_everything_in_order_with_the_time_and_then_what_happens() {
    let scratch = Scratch::new();
    let mut scene = scene(&scratch);
    let bob = left(&mut scene, "phone");
    for (n, room) in ["#lobby", "#tea", "#tea", "#lobby"].into_iter().enumerate() {
        say(&mut scene, &bob, room, &format!("m{n}"));
    }
    let phone = newcomer(&mut scene, "");
    phone.push(login("ana", "phone"));
    poll(&mut scene);
    while !String::from_utf8_lossy(&phone.wire.borrow().written).contains(" 001 ") {
        scene.hear_store();
        poll(&mut scene);
    }
    bob.push("PRIVMSG #tea :live\r\n");
    poll(&mut scene);
    scene.settle();
    let heard = phone.heard();
    assert_eq!(texts(&heard), ["[02:46] m0", "[02:46] m1", "[02:46] m2", "[02:46] m3", "live"]);
    let names = heard.rfind(" 366 ").expect("the rooms are shown");
    assert!(names < heard.find("m0").expect("it is told"), "{heard}");
    assert_eq!(bob.heard(), "");
    scene.end(&phone);
    let phone = device_called(&mut scene, "ana", "phone");
    assert!(texts(&phone.heard()).is_empty(), "it has heard everything");
}

#[test]
fn clients_that_know_the_time_get_it_and_batches_of_each_conversation() {
    let scratch = Scratch::new();
    let mut scene = scene(&scratch);
    let bob = left(&mut scene, "phone");
    for (room, text) in [("#tea", "a"), ("#tea", "b"), ("#lobby", "c")] {
        say(&mut scene, &bob, room, text);
    }
    let phone = newcomer(&mut scene, "batch message-tags server-time");
    enter_as(&mut scene, &phone, "ana", "phone");
    let heard = phone.heard();
    let batches: Vec<_> = heard.lines().filter(|line| line.contains(" BATCH +")).collect();
    assert!(batches[0].ends_with("chathistory #tea") && batches[1].ends_with("chathistory #lobby"));
    assert_eq!(texts(&heard), ["a", "b", "c"]);
    assert_eq!(heard.matches("batch=h;time=2001-09-09T02:46:40.000Z;msgid=").count(), 3, "{heard}");
}

#[test]
fn clients_that_ask_themselves_are_told_nothing() {
    let scratch = Scratch::new();
    let mut scene = scene(&scratch);
    let bob = left(&mut scene, "phone");
    say(&mut scene, &bob, "#tea", "missed");
    let phone = newcomer(&mut scene, "batch draft/chathistory");
    enter_as(&mut scene, &phone, "ana", "phone");
    assert!(texts(&phone.heard()).is_empty());
    scene.send(&phone, "CHATHISTORY LATEST #tea * 5\r\n");
    assert_eq!(texts(&phone.heard()), ["missed"]);
}

#[test]
fn clients_with_playback_are_told_what_they_have_not_asked_for() {
    let scratch = Scratch::new();
    let mut scene = scene(&scratch);
    let bob = left(&mut scene, "phone");
    say(&mut scene, &bob, "#tea", "tea");
    say(&mut scene, &bob, "#lobby", "lobby");
    let phone = newcomer(&mut scene, "batch server-time znc.in/playback");
    enter_as(&mut scene, &phone, "ana", "phone");
    let heard = phone.heard();
    assert!(heard.contains("PING :replay") && texts(&heard).is_empty(), "{heard}");
    scene.send(&phone, "PRIVMSG *playback :PLAY #tea 0\r\n");
    assert_eq!(texts(&phone.heard()), ["tea"]);
    scene.send(&phone, "PONG :replay\r\n");
    assert_eq!(texts(&phone.heard()), ["lobby"]);
}

#[test]
fn a_device_that_is_new_sees_the_last_messages() {
    let scratch = Scratch::new();
    let mut scene = scene(&scratch);
    let bob = left(&mut scene, "phone");
    for n in 0..30 {
        say(&mut scene, &bob, "#tea", &format!("m{n}"));
    }
    let car = device_called(&mut scene, "ana", "car");
    assert!(texts(&car.heard()).is_empty(), "the helper reads them");
    let desk = newcomer(&mut scene, "");
    enter_as(&mut scene, &desk, "ana", "desk");
    let heard = desk.heard();
    assert_eq!((texts(&heard).len(), texts(&heard)[0]), (20, "[02:46] m10"));
}

#[test]
fn a_crazyit_device_is_told_the_lobby_after_its_quiet_time() {
    let scratch = Scratch::new();
    let mut scene = scene(&scratch);
    let bob = left(&mut scene, "book");
    say(&mut scene, &bob, "#lobby", "one");
    say(&mut scene, &bob, "#tea", "not there");
    say(&mut scene, &bob, "#lobby", "two");
    let book = textbook(&mut scene, "ana", "book");
    say(&mut scene, &bob, "#lobby", "live");
    assert_eq!(book.heard(), "1");
    scene.advance(Duration::from_millis(500));
    assert_eq!(book.heard(), "bob说：[02:46] one\nbob说：[02:46] two\nbob说：live\n");
    scene.end(&book);
    say(&mut scene, &bob, "#lobby", "three");
    let book = textbook(&mut scene, "ana", "book");
    scene.send(&book, "\n§γhere§γ\n");
    assert_eq!(book.heard(), "1\nbob说：[02:46] three\nana说：here\n");
}

#[test]
fn all_pages_come_however_slowly_a_device_reads_and_it_is_not_closed() {
    let scratch = Scratch::new();
    let mut scene = scene_with(&scratch, Limits { outbox_bytes: 16 * 1024, ..limits() });
    let bob = left(&mut scene, "phone");
    for n in 0..400 {
        say(&mut scene, &bob, "#tea", &format!("m{n} {}", "x".repeat(200)));
    }
    let phone = newcomer(&mut scene, "");
    phone.push_room(0);
    enter_as(&mut scene, &phone, "ana", "phone");
    for _ in 0..40 {
        say(&mut scene, &bob, "#tea", &format!("live {}", "x".repeat(200)));
        scene.give_room(&phone, 5_000);
    }
    assert!(!phone.is_closed() && !phone.is_shut());
    scene.give_room(&phone, usize::MAX);
    let heard = phone.heard();
    let missed = texts(&heard).into_iter().filter(|text| text.starts_with("[02:46] m"));
    let numbers: Vec<_> = missed.map(|text| text.split(' ').nth(1).expect("it has a number")).collect();
    assert_eq!(numbers, (0..400).map(|n| format!("m{n}")).collect::<Vec<_>>());
    assert_eq!(texts(&heard).iter().filter(|text| text.starts_with("live")).count(), 40);
}

#[test]
fn a_client_that_asks_for_many_pages_without_reading_waits_and_is_not_closed() {
    let scratch = Scratch::new();
    let mut scene = scene_with(&scratch, Limits { outbox_bytes: 16 * 1024, ..limits() });
    let bob = irc(&mut scene, "bob");
    for n in 0..50 {
        say(&mut scene, &bob, "#lobby", &format!("m{n} {}", "x".repeat(200)));
    }
    let eve = newcomer(&mut scene, "batch draft/chathistory");
    scene.send(&eve, "NICK eve\r\nCAP END\r\nJOIN #lobby\r\n");
    eve.heard();
    eve.push_room(0);
    scene.send(&eve, "CHATHISTORY LATEST #lobby * 50\r\n".repeat(30));
    assert!(!eve.is_closed() && !eve.is_shut());
    for _ in 0..200 {
        scene.give_room(&eve, 16 * 1024);
    }
    assert_eq!(eve.heard().matches("BATCH -h").count(), 30);
    eve.push_room(0);
    scene.send(&eve, "CHATHISTORY LATEST #lobby * 50\r\n".repeat(2));
    scene.advance(Duration::from_secs(601));
    scene.give_room(&eve, usize::MAX);
    assert!(eve.heard().contains("MESSAGE_ERROR"), "it has not read for too long");
}

#[test]
fn a_device_that_breaks_misses_nothing() {
    let scratch = Scratch::new();
    let mut scene = scene(&scratch);
    let bob = left(&mut scene, "phone");
    let phone = device_called(&mut scene, "ana", "phone");
    scene.advance(Duration::from_secs(30));
    say(&mut scene, &bob, "#tea", "heard");
    scene.advance(Duration::from_secs(20));
    scene.send(&phone, "PING x\r\n");
    phone.heard();
    scene.advance(Duration::from_secs(30));
    say(&mut scene, &bob, "#tea", "lost");
    scene.reset(&phone);
    let phone = newcomer(&mut scene, "");
    enter_as(&mut scene, &phone, "ana", "phone");
    assert_eq!(texts(&phone.heard()), ["[02:48] lost"]);
}

#[test]
fn a_device_that_is_cut_off_while_it_is_told_what_it_missed_is_told_the_rest_later() {
    let scratch = Scratch::new();
    let mut scene = scene_with(&scratch, Limits { outbox_bytes: 16 * 1024, ..limits() });
    let bob = left(&mut scene, "phone");
    for n in 0..100 {
        say(&mut scene, &bob, "#tea", &format!("m{n} {}", "x".repeat(200)));
    }
    let phone = newcomer(&mut scene, "");
    phone.push_room(0);
    enter_as(&mut scene, &phone, "ana", "phone");
    let mut heard = String::new();
    while !heard.contains("m3 ") {
        scene.give_room(&phone, 1_000);
        heard.push_str(&phone.heard());
    }
    say(&mut scene, &bob, "#tea", "meanwhile");
    phone.push("QUIT\r\n");
    scene.give_room(&phone, usize::MAX);
    heard.push_str(&phone.heard());
    let phone = newcomer(&mut scene, "");
    enter_as(&mut scene, &phone, "ana", "phone");
    heard.push_str(&phone.heard());
    let told = texts(&heard);
    let numbers: Vec<_> =
        told.iter().filter_map(|text| text.strip_prefix("[02:46] ")?.split_once(' ')).collect();
    assert_eq!(numbers.len(), 100, "each once");
    assert!(told.last().is_some_and(|text| text.ends_with("meanwhile")));
}

#[test]
fn what_a_client_asks_while_it_is_told_what_it_missed_is_answered_at_once() {
    let scratch = Scratch::new();
    let mut scene = scene(&scratch);
    let bob = left(&mut scene, "phone");
    for n in 0..150 {
        say(&mut scene, &bob, "#tea", &format!("m{n}"));
    }
    let phone = newcomer(&mut scene, "echo-message labeled-response batch message-tags");
    let asked = "JOIN #cafe\r\n@label=x PRIVMSG #tea :early\r\n";
    scene.send(&phone, login("ana", "phone") + asked);
    let heard = phone.heard();
    let position = |text: &str| heard.find(text).unwrap_or_else(|| panic!("{text} is not in {heard}"));
    assert!(position("JOIN #cafe") < position(" 366 ana #cafe"));
    assert!(position("label=x") < position("m149"));
    assert_eq!(heard.matches(":early").count(), 1, "{heard}");
    assert_eq!(texts(&heard).len(), 151);
}
