//! Passwords and their hashes, over scripted streams and a clock that the tests advance: which peers wait for a
//! verdict.

use std::net::Ipv4Addr;
use std::time::Duration;

use parlor::config::{Operator, ServerConfig};
use parlor::message::Peer;
use parlor::secret::Secret;

use crate::support::irc::IrcScene;
use crate::support::options::config;
use crate::support::scene::{Guest, Scene};

/// A cheap hash of `password`, made by the reference implementation.
const HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

/// Wrong guesses that an address has at once, and the time until it has another.
const BURST: usize = 5;
const INTERVAL: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(1);

/// Longer than the server lingers.
const LINGER: Duration = Duration::from_secs(2);

fn secret(text: &str) -> Secret {
    text.parse().expect("a password")
}

/// A server that requires this password, or the password of this hash.
fn locked(password: &str) -> Scene {
    Scene::with(ServerConfig { password: Some(secret(password)), ..config() })
}

fn at(n: u8) -> Peer {
    Peer::Tcp(Ipv4Addr::new(192, 0, 2, n).into(), 1)
}

/// A peer at this address whose guess is under way or queued.
fn guesser(scene: &mut Scene, from: Peer, name: &str, guess: &str) -> Guest {
    let guest = scene.connect_from(from);
    scene.send(&guest, format!("∏∑{name}※{guess}∏∑"));
    guest
}

/// Answers the check under way, in the next turn.
fn answer(scene: &mut Scene) {
    scene.is_thinking = false;
    scene.poll();
    scene.is_thinking = true;
    scene.settle();
}

// Hashes.

#[test]
fn a_hashed_password_works_on_both_wires_and_only_the_right_one() {
    let house = || IrcScene::with(|config| config.password = Some(secret(HASH)));
    for (guess, is_right) in [("password", true), ("passwords", false), ("", false), (HASH, false)] {
        let mut house = house();
        let li = house.connect();
        house.speaks_crazyit(li);
        house.bytes(li, format!("∏∑li※{guess}∏∑"));
        assert_eq!(house.raw(li), if is_right { "1" } else { "-1" }, "{guess}");
        let ana = house.connect();
        house.send(ana, &format!("PASS :{guess}\r\nNICK ana\r\nUSER a 0 * :x"));
        let told = house.lines(ana);
        let answer = if is_right { " 001 ana " } else { " 464 ana " };
        assert!(told[0].contains(answer), "{guess}: {told:#?}");
        assert_eq!(house.hub().users().len(), if is_right { 2 } else { 0 });
    }
}

#[test]
fn an_operators_password_may_be_a_hash_and_the_answer_has_its_label() {
    let operators = vec![Operator { name: "root".into(), password: secret(HASH) }];
    let mut house = IrcScene::with(|config| config.operators = operators);
    let ana = house.irc_with("ana", "labeled-response batch");
    for line in ["OPER root wrong", "OPER nobody password", "OPER nobody wrong"] {
        let told = house.ask(ana, &format!("@label=x {line}"));
        assert_eq!(told, ["@label=x :parlor.local 464 ana :Password incorrect"], "{line}");
    }
    let told = house.ask(ana, "@label=y OPER root password");
    assert!(
        told[0].starts_with("@label=y ") && told.iter().any(|line| line.contains(" 381 ana ")),
        "{told:#?}"
    );
}

#[test]
fn oper_takes_as_long_for_every_name_as_for_the_costliest_operator() {
    let operators = vec![
        Operator { name: "plain".into(), password: secret("plain") },
        Operator { name: "root".into(), password: secret(HASH) },
    ];
    let mut scene = Scene::with(ServerConfig { operators, ..config() });
    let ana = scene.connect();
    scene.send(&ana, "NICK ana\r\nUSER a 0 * :x\r\n");
    scene.is_thinking = true;
    for name in ["root", "nobody", "plain"] {
        scene.send(&ana, format!("OPER {name} wrong\r\n"));
        assert_eq!(scene.questions.len(), 1, "{name}");
        answer(&mut scene);
    }
}

#[test]
fn a_password_removed_by_a_reload_during_its_check_is_refused() {
    let operators = || vec![Operator { name: "root".into(), password: secret(HASH) }];
    let begin = || {
        let operators = operators();
        let mut scene = Scene::with(ServerConfig { operators, password: Some(secret(HASH)), ..config() });
        let ana = scene.connect_from(at(1));
        scene.send(&ana, "PASS password\r\nNICK ana\r\nUSER a 0 * :x\r\n");
        scene.is_thinking = true;
        scene.send(&ana, "OPER root password\r\n");
        let bob = scene.connect_from(at(2));
        scene.send(&bob, "PASS password\r\nNICK bob\r\nUSER b 0 * :x\r\n");
        (scene, ana, bob)
    };
    let told = |scene: &mut Scene, ana: &Guest, bob: &Guest| {
        while !scene.questions.is_empty() {
            answer(scene);
        }
        (ana.heard().contains(" 381 "), bob.heard().contains(" 001 "))
    };
    let (mut scene, ana, bob) = begin();
    assert_eq!(told(&mut scene, &ana, &bob), (true, true), "nothing has changed");
    let (mut scene, ana, bob) = begin();
    scene.change(|config| {
        config.password = Some(secret("another"));
        config.operators[0].password = secret("another");
    });
    assert_eq!(told(&mut scene, &ana, &bob), (false, false));
    let (mut scene, ana, bob) = begin();
    scene.change(|config| (config.password, config.operators) = (None, Vec::new()));
    assert_eq!(told(&mut scene, &ana, &bob), (false, true), "nothing is asked any more");
}

// Passwords that cannot be checked.

const CANNOT_CHECK: &str = "the server cannot check passwords right now, try again later";

/// Answers every question as a server that lacks the thread or the memory to check it.
fn give_up(scene: &mut Scene) {
    while let Some(question) = scene.questions.pop() {
        scene.turn(|server, now| server.checked(question.give_up(), now));
    }
    scene.settle();
}

#[test]
fn a_password_that_cannot_be_checked_is_not_wrong_and_is_not_a_guess() {
    let operators = vec![Operator { name: "root".into(), password: secret(HASH) }];
    let mut scene = Scene::with(ServerConfig { operators, password: Some(secret(HASH)), ..config() });
    let ana = scene.connect_from(at(1));
    scene.send(&ana, "PASS password\r\nNICK ana\r\nUSER a 0 * :x\r\n");
    assert!(ana.heard().contains(" 001 ana "));
    scene.is_thinking = true;
    for _ in 0..2 * BURST {
        let li = guesser(&mut scene, at(1), "li", "password");
        give_up(&mut scene);
        assert_eq!(li.heard(), format!("* {CANNOT_CHECK}\n"));
        let bob = scene.connect_from(at(1));
        scene.send(&bob, "PASS password\r\nNICK bob\r\nUSER b 0 * :x\r\n");
        give_up(&mut scene);
        assert_eq!(bob.heard(), format!("ERROR :Closing link: {CANNOT_CHECK}\r\n"));
        for name in ["root", "nobody"] {
            scene.send(&ana, format!("OPER {name} password\r\n"));
            give_up(&mut scene);
            assert_eq!(ana.heard(), format!(":parlor.local 400 ana OPER :{CANNOT_CHECK}\r\n"), "{name}");
        }
        scene.advance(LINGER);
    }
    let li = guesser(&mut scene, at(1), "li", "password");
    answer(&mut scene);
    assert_eq!(li.heard(), "1", "the address has all its guesses");
}

// Order.

/// Feeds ana's input with `feed` while checks take until all of it has come. Returns the output to ana and bob.
fn heard_of(feed: impl Fn(&mut Scene, &Guest)) -> [String; 2] {
    let mut scene = locked(HASH);
    let bob = guesser(&mut scene, at(1), "bob", "password");
    scene.advance(Duration::from_secs(1));
    scene.is_thinking = true;
    let ana = scene.connect_from(at(2));
    feed(&mut scene, &ana);
    assert_eq!(scene.questions.len(), 1);
    assert_eq!(ana.heard(), "", "nothing is answered before the verdict");
    answer(&mut scene);
    scene.advance(Duration::from_secs(1));
    [ana.heard(), bob.heard()]
}

#[test]
fn input_after_a_password_waits_for_the_verdict_and_is_neither_lost_nor_reordered() {
    let lines: String = (0..50).map(|n| format!("§γ{n}§γ")).collect();
    let sent = format!("∏∑ana※password∏∑{lines}");
    let said: String = (0..50).map(|n| format!("ana说：{n}\n")).collect();
    let expected = [format!("1{said}"), format!("1{said}")];
    assert_eq!(heard_of(|scene, ana| scene.send(ana, &sent)), expected, "whole");
    let bytewise = |scene: &mut Scene, ana: &Guest| sent.bytes().for_each(|byte| scene.send(ana, [byte]));
    assert_eq!(heard_of(bytewise), expected, "byte by byte");
    let login = "∏∑ana※password∏∑";
    let cut = |scene: &mut Scene, ana: &Guest| {
        scene.send(ana, login);
        scene.send(ana, &lines);
    };
    assert_eq!(heard_of(cut), expected, "in two packets");
    let finished = |scene: &mut Scene, ana: &Guest| {
        ana.push(&sent);
        scene.end(ana);
    };
    assert_eq!(heard_of(finished), expected, "and then no more");
}

#[test]
fn a_last_line_without_an_end_that_needs_a_verdict_is_handled_before_the_end() {
    let mut scene = locked(HASH);
    let ana = scene.connect();
    ana.push("PASS password\r\nNICK ana\r\nUSER a 0 * :x");
    scene.is_thinking = true;
    scene.end(&ana);
    assert!(!ana.is_shut() && ana.heard().is_empty());
    answer(&mut scene);
    assert!(ana.heard().contains(" 001 ana ") && ana.is_shut());
}

// Who is gone.

#[test]
fn a_verdict_for_a_closed_connection_is_not_applied_to_the_next_with_its_key() {
    let mut scene = locked(HASH);
    scene.is_thinking = true;
    let ana = guesser(&mut scene, at(1), "ana", "password");
    scene.reset(&ana);
    assert!(ana.is_closed());
    let eve = guesser(&mut scene, at(2), "eve", "wrong");
    assert_eq!(eve.key, ana.key, "keys are used again");
    assert_eq!(scene.questions.len(), 1, "ana's is under way");
    answer(&mut scene);
    assert_eq!(eve.heard(), "");
    answer(&mut scene);
    assert_eq!(eve.heard(), "-1");
    assert!(scene.server.hub().users().is_empty());
}

#[test]
fn a_wait_for_a_verdict_does_not_count_as_time_to_log_in_and_ends_with_the_shutdown() {
    let mut scene = locked(HASH);
    scene.is_thinking = true;
    let ana = guesser(&mut scene, at(1), "ana", "wrong");
    let bob = scene.connect_from(at(2));
    scene.send(&bob, "PASS wrong\r\nNICK bob\r\nUSER b 0 * :x\r\n");
    scene.advance(Duration::from_secs(300));
    answer(&mut scene);
    assert_eq!(ana.heard(), "-1", "however long it takes");
    scene.advance(Duration::from_secs(30) - TICK);
    assert_eq!((ana.heard(), bob.heard()), (String::new(), String::new()));
    scene.advance(TICK);
    assert!(ana.heard().contains("no login within 30 s"));
    scene.turn(|server, now| server.shut_down(now));
    assert!(bob.heard().contains("shutting down"));
    scene.advance(LINGER);
    assert_eq!(scene.server.connections(), 0, "although nothing has been answered");
    answer(&mut scene);
}

// Guesses.

#[test]
fn after_five_wrong_guesses_an_address_has_one_per_ten_seconds_on_all_wires() {
    for password in [HASH, "password"] {
        let mut scene = locked(password);
        let ana = scene.connect_from(at(1));
        for _ in 0..BURST - 1 {
            scene.send(&ana, "∏∑ana※wrong∏∑");
            assert_eq!(ana.heard(), "-1");
        }
        let irc = scene.connect_from(at(1));
        scene.send(&irc, "PASS wrong\r\nNICK bob\r\nUSER b 0 * :x\r\n");
        assert!(irc.heard().contains(" 464 "));
        // Another connection from the same address does not help.
        let other = guesser(&mut scene, at(1), "ana", "wrong");
        scene.send(&ana, "∏∑ana※password∏∑§γhello§γ");
        scene.advance(INTERVAL - TICK);
        assert_eq!((other.heard(), ana.heard()), (String::new(), String::new()));
        let far = guesser(&mut scene, at(2), "far", "password");
        assert_eq!(far.heard(), "1", "other addresses do not wait");
        scene.advance(TICK);
        assert_eq!((other.heard(), ana.heard()), ("-1".into(), String::new()));
        scene.advance(INTERVAL);
        assert_eq!(ana.heard(), "1ana说：hello\n", "a right password after wrong ones is accepted");
    }
}

#[test]
fn right_passwords_are_not_limited() {
    let mut scene = locked(HASH);
    for n in 0..4 * BURST {
        let guest = guesser(&mut scene, Peer::Unix, &format!("user{n}"), "password");
        assert_eq!(guest.heard(), "1");
    }
}

#[test]
fn a_login_without_a_password_is_not_a_guess() {
    let mut scene = locked("password");
    let ana = scene.connect_from(at(1));
    for _ in 0..4 * BURST {
        scene.send(&ana, "∏∑ana∏∑");
        assert_eq!(ana.heard(), "-1");
    }
    scene.send(&ana, "∏∑ana※password∏∑");
    assert_eq!(ana.heard(), "1");
}

#[test]
fn wrong_oper_passwords_count_as_guesses_even_for_unknown_names() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    // A right password under a wrong name must count like any other, or the count would reveal it.
    for line in ["OPER root wrong", "OPER nobody secret", "OPER nobody wrong", "OPER root x", "OPER root y"] {
        assert_eq!(house.told(ana, line), "464 ana");
    }
    house.send(ana, "OPER root secret");
    assert!(house.lines(ana).is_empty());
    house.advance(INTERVAL);
    assert!(house.lines(ana).iter().any(|line| line.contains(" 381 ana ")));
}

#[test]
fn a_hundred_guessers_delay_neither_chat_nor_a_newcomer() {
    let mut scene = locked(HASH);
    let ana = guesser(&mut scene, at(1), "ana", "password");
    let bob = guesser(&mut scene, at(2), "bob", "password");
    scene.advance(Duration::from_secs(1));
    ana.heard();
    bob.heard();
    scene.is_thinking = true;
    let guessers: Vec<_> =
        (0..100).map(|n| guesser(&mut scene, Peer::Unix, "eve", &format!("guess{n}"))).collect();
    let computed = |scene: &Scene| scene.questions.len();
    for round in 0..BURST {
        assert_eq!(computed(&scene), 1, "one at a time");
        // During a check, chat is delivered in the turn in which it arrives.
        ana.push(format!("§γ{round}§γ"));
        scene.poll();
        assert_eq!(bob.heard(), format!("ana说：{round}\n"));
        answer(&mut scene);
    }
    assert_eq!(guessers.iter().filter(|guest| guest.heard() == "-1").count(), BURST);
    assert_eq!(computed(&scene), 0, "nothing is computed for an address that has to wait");
    let newcomer = guesser(&mut scene, at(3), "newcomer", "password");
    assert_eq!(computed(&scene), 1);
    answer(&mut scene);
    assert_eq!(newcomer.heard(), "1");
    scene.advance(INTERVAL);
    assert_eq!(computed(&scene), 1, "one more guess of the hundred");
}

#[test]
fn a_newcomer_waits_for_only_one_guess_of_each_of_a_hundred_addresses() {
    let mut scene = locked(HASH);
    scene.is_thinking = true;
    // Each address has three guesses queued, and the newcomer comes last.
    let guessers: Vec<_> = (0..300).map(|n| guesser(&mut scene, at(n as u8 % 100), "eve", "wrong")).collect();
    let newcomer = guesser(&mut scene, at(200), "newcomer", "password");
    let turns = (1..=300).find(|_| {
        assert_eq!(scene.questions.len(), 1);
        answer(&mut scene);
        newcomer.heard() == "1"
    });
    assert_eq!(turns, Some(101), "one guess of each address is before it");
    assert_eq!(guessers.iter().filter(|guest| guest.heard() == "-1").count(), 100);
}
