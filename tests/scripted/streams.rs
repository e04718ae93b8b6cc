//! The server without sockets or a clock: streams that write short, block, end and break as scripted, and times that
//! the tests choose.

use std::io::ErrorKind;
use std::time::Duration;

use parlor::config::{Flood, Limits};

use crate::support::scene::Scene;
use crate::support::stream::{Fault, Wire};
use crate::support::{limits, login, say};

const QUIET: Duration = Duration::from_millis(500);
const LINGER: Duration = Duration::from_secs(2);
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(4);
const FLUSH_TIMEOUT: Duration = Duration::from_secs(30);
const READ_BUDGET: usize = 16 * 1024;
const TICK: Duration = Duration::from_nanos(1);

// Time.

#[test]
fn the_quiet_time_lasts_exactly_500_ms() {
    let mut scene = Scene::new(limits());
    let bob = scene.user("bob");
    let alice = scene.connect();
    scene.send(&alice, "∏∑alice∏∑");
    assert_eq!(alice.heard(), "1");
    scene.send(&bob, "§γone§γ★【alice※two★【");
    assert_eq!(scene.wait(), Some(QUIET));
    scene.advance(QUIET - TICK);
    assert_eq!(alice.heard(), "");
    scene.advance(TICK);
    assert_eq!(alice.heard(), "bob说：one\nbob悄悄地对你说：two\n");
    assert_eq!(scene.wait(), None, "an online user waits for nothing");
}

#[test]
fn the_next_frame_ends_the_quiet_time_and_a_newline_does_not() {
    let mut scene = Scene::new(limits());
    let bob = scene.user("bob");
    let alice = scene.connect();
    scene.send(&alice, "∏∑alice∏∑");
    scene.send(&bob, "§γone§γ");
    scene.send(&alice, "\n");
    assert_eq!(alice.heard(), "1\n");
    scene.send(&alice, "§γhalf a frame");
    assert_eq!(alice.heard(), "");
    scene.send(&alice, "§γ");
    assert_eq!(alice.heard(), "bob说：one\nalice说：half a frame\n");
}

#[test]
fn a_rename_and_a_refusal_each_start_a_quiet_time() {
    let mut scene = Scene::new(limits());
    let (alice, bob) = (scene.user("alice"), scene.user("bob"));
    for (name, answer) in [("anna", "1"), ("bob", "-1")] {
        scene.send(&alice, format!("∏∑{name}∏∑"));
        scene.send(&bob, "§γhi§γ");
        assert_eq!(alice.heard(), answer);
        scene.advance(QUIET - TICK);
        assert_eq!(alice.heard(), "");
        scene.advance(TICK);
        assert_eq!(alice.heard(), "bob说：hi\n");
    }
}

#[test]
fn the_login_timeout_is_exact_even_after_a_refusal() {
    let limits = limits();
    let mut scene = Scene::new(limits);
    let _alice = scene.user("alice");
    let (silent, half, refused) = (scene.connect(), scene.connect(), scene.connect());
    scene.send(&half, "∏∑bo");
    scene.send(&refused, "∏∑ALICE∏∑");
    assert_eq!(refused.heard(), "-1");
    scene.advance(limits.login_timeout - TICK);
    assert_eq!(silent.heard() + &half.heard(), "");
    scene.advance(TICK);
    assert_eq!(silent.heard(), "ERROR :Closing link: no login within 30 s\r\n");
    assert_eq!(half.heard(), "* no login within 30 s\n");
    assert_eq!(refused.heard(), "* no login within 30 s\n");
    assert!(silent.is_shut() && half.is_shut() && refused.is_shut());
}

#[test]
fn a_login_just_in_time_succeeds() {
    let limits = limits();
    let mut scene = Scene::new(limits);
    let alice = scene.connect();
    scene.advance(limits.login_timeout - TICK);
    scene.send(&alice, "∏∑alice∏∑");
    scene.advance(TICK);
    scene.advance(Duration::from_secs(365 * 24 * 3600));
    assert_eq!(alice.heard(), "1");
    assert!(!alice.is_closed());
}

#[test]
fn the_server_lingers_for_exactly_2_s() {
    let mut scene = Scene::new(limits());
    let guest = scene.connect();
    scene.send(&guest, "?nonsense");
    assert!(guest.heard().starts_with("ERROR :Closing link: ") && guest.is_shut());
    scene.advance(LINGER - TICK);
    scene.send(&guest, "§γstill talking§γ");
    assert!(guest.wire.borrow().arrived.is_empty(), "it reads, so that the close is no reset");
    assert!(!guest.is_closed());
    scene.advance(TICK);
    assert!(guest.is_closed());
    assert_eq!(guest.heard(), "");
}

#[test]
fn lingering_ends_when_the_peer_closes() {
    let mut scene = Scene::new(limits());
    for end in [Scene::end, Scene::reset] {
        let guest = scene.connect();
        scene.send(&guest, "?nonsense");
        end(&mut scene, &guest);
        assert!(guest.is_closed());
    }
}

#[test]
fn a_peer_that_does_not_take_its_last_bytes_is_dropped_after_30_s() {
    let mut scene = Scene::new(limits());
    let alice = scene.user("alice");
    scene.give_room(&alice, 3);
    scene.send(&alice, "§γhi§γ");
    scene.end(&alice);
    assert!(scene.server.hub().users().is_empty(), "the name is free meanwhile");
    scene.advance(FLUSH_TIMEOUT - TICK);
    assert!(!alice.is_closed());
    scene.advance(TICK);
    assert!(alice.is_closed() && !alice.is_shut());
    assert_eq!(alice.heard(), "ali");
}

#[test]
fn a_stopping_server_waits_exactly_4_s_in_total() {
    let mut scene = Scene::new(limits());
    let (reads, deaf) = (scene.user("reads"), scene.user("deaf"));
    scene.give_room(&deaf, 0);
    scene.send(&reads, "§γhi§γ");
    scene.turn(|server, now| server.shut_down(now));
    assert_eq!(reads.heard(), "reads说：hi\n* the server is shutting down\n");
    assert!(reads.is_shut() && !deaf.is_shut());
    scene.advance(LINGER);
    assert!(reads.is_closed() && !deaf.is_closed());
    assert_eq!(scene.wait(), Some(SHUTDOWN_TIMEOUT - LINGER));
    scene.advance(SHUTDOWN_TIMEOUT - LINGER);
    assert_eq!(scene.server.connections(), 0);
}

#[test]
fn a_stopping_server_is_done_as_soon_as_everybody_has_left() {
    let mut scene = Scene::new(limits());
    let (alice, stranger) = (scene.user("alice"), scene.connect());
    scene.turn(|server, now| server.shut_down(now));
    scene.end(&alice);
    scene.end(&stranger);
    assert_eq!(scene.server.connections(), 0);
}

// Names.

#[test]
fn a_name_is_free_in_the_turn_in_which_its_owner_leaves() {
    let mut scene = Scene::new(limits());
    let leave: [fn(&mut Wire); 3] =
        [|wire| wire.ended = true, |wire| wire.broken = true, |wire| wire.arrived.extend(b"?nonsense")];
    for leave in leave {
        let (alice, next) = (scene.user("alice"), scene.connect());
        leave(&mut alice.wire.borrow_mut());
        next.wire.borrow_mut().arrived.extend("∏∑Alice∏∑".as_bytes());
        scene.turn(|server, now| {
            server.readable(alice.key, now);
            server.readable(next.key, now);
        });
        assert_eq!(next.heard(), "1");
        scene.end(&next);
    }
}

// Streams.

#[test]
fn a_stream_that_takes_k_bytes_a_write_gets_everything_in_order() {
    for k in 1..30 {
        let mut scene = Scene::new(limits());
        let (alice, bob) = (scene.user("alice"), scene.user("bob"));
        bob.wire.borrow_mut().write_size = k;
        for n in 0..10 {
            scene.send(&alice, format!("§γ{n}§γ§γagain {n}§γ"));
        }
        let expected: String = (0..10).map(|n| format!("alice说：{n}\nalice说：again {n}\n")).collect();
        assert_eq!(bob.heard(), expected);
    }
}

#[test]
fn a_stream_that_blocks_after_every_k_bytes_gets_everything_in_order() {
    for k in 1..30 {
        let mut scene = Scene::new(limits());
        let (alice, bob) = (scene.user("alice"), scene.user("bob"));
        scene.give_room(&bob, 0);
        scene.send(&alice, "§γone§γ§γtwo§γ");
        let expected = "alice说：one\nalice说：two\n";
        for _ in 0..expected.len().div_ceil(k) {
            scene.give_room(&bob, k);
        }
        assert_eq!(bob.heard(), expected);
    }
}

#[test]
fn a_reset_after_any_byte_of_a_conversation_leaves_no_user_behind() {
    let conversation = "∏∑alice∏∑\n§γhi§γ★【bob※psst★【∏∑anna∏∑§γbye§γ";
    for cut in 0..=conversation.len() {
        let mut scene = Scene::new(limits());
        let bob = scene.user("bob");
        let alice = scene.connect();
        scene.send(&alice, &conversation.as_bytes()[..cut]);
        scene.reset(&alice);
        assert!(alice.is_closed());
        assert_eq!(scene.server.hub().users().len(), 1);
        assert_eq!(scene.server.connections(), 1);
        bob.heard();
        scene.send(&bob, "§γhi§γ");
        assert_eq!(bob.heard(), "bob说：hi\n");
    }
}

#[test]
fn input_before_a_break_is_handled_although_it_cannot_be_answered() {
    let mut scene = Scene::new(limits());
    // A server that takes over reads from everybody at once.
    scene.handover_every = None;
    let (alice, bob) = (scene.user("alice"), scene.user("bob"));
    alice.wire.borrow_mut().broken = true;
    alice.wire.borrow_mut().arrived.extend("§γlast words§γ".as_bytes());
    // The write fails in the turn before the last input is read.
    scene.send(&bob, "★【alice※psst★【");
    scene.settle();
    assert_eq!(bob.heard(), "alice说：last words\n");
    assert!(alice.is_closed());
}

#[test]
fn a_fast_sender_gets_at_most_one_read_budget_per_turn() {
    let mut scene = Scene::new(limits());
    let alice = scene.user("alice");
    let frames = "§γ§γ".repeat(50 * READ_BUDGET / 8);
    alice.wire.borrow_mut().arrived.extend(frames.as_bytes());
    let mut left = frames.len();
    while left > 0 {
        // Each turn reports new input, as when the peer keeps sending.
        scene.turn(|server, now| server.readable(alice.key, now));
        let now_left = alice.wire.borrow().arrived.len();
        assert!(left - now_left <= READ_BUDGET, "{} bytes were read in one turn", left - now_left);
        left = now_left;
        alice.heard();
    }
}

// Outboxes.

#[test]
fn only_an_unfinished_frame_is_kept_of_the_input() {
    let mut scene = Scene::new(limits());
    let alice = scene.user("alice");
    scene.send(&alice, "§γbegun");
    // Each turn checks the memory counts.
    scene.send(&alice, "§γ".to_owned() + &"§γx§γ".repeat(5000) + "§γbeg");
    scene.send(&alice, "un§γ");
    assert!(alice.heard().ends_with("alice说：x\nalice说：begun\n"));
}

#[test]
fn too_many_held_back_bytes_are_sent_early_and_the_newcomer_stays() {
    let mut scene = Scene::new(Limits { outbox_bytes: 100, ..limits() });
    let bob = scene.user("bob");
    let alice = scene.connect();
    scene.send(&alice, "∏∑alice∏∑");
    let line = "bob说：0123456789\n";
    let most = 100 / line.len();
    for _ in 0..most {
        scene.send(&bob, "§γ0123456789§γ");
    }
    assert_eq!(alice.heard(), "1");
    scene.send(&bob, "§γ0123456789§γ");
    assert_eq!(alice.heard(), line.repeat(most + 1), "the quiet ends with the first line too many");
    assert_eq!(scene.wait(), None);
    scene.send(&bob, "§γnext§γ§γlast§γ");
    assert_eq!(alice.heard(), "bob说：next\nbob说：last\n", "nothing is lost, doubled or reordered");
    // Even if everything comes in one turn.
    let carol = scene.connect();
    scene.send(&carol, "∏∑carol∏∑");
    scene.send(&bob, "§γ0123456789§γ".repeat(50));
    assert_eq!(carol.heard(), "1".to_owned() + &line.repeat(50));
    assert_eq!(scene.server.hub().users().len(), 3);
}

#[test]
fn a_newcomer_that_does_not_read_is_closed_as_too_slow() {
    let mut scene = Scene::new(Limits { outbox_bytes: 100, ..limits() });
    let bob = scene.user("bob");
    let alice = scene.connect();
    scene.give_room(&alice, 0);
    scene.send(&alice, "∏∑alice∏∑");
    scene.send(&bob, "§γ0123456789§γ".repeat(50));
    assert_eq!(scene.server.hub().users().len(), 1);
    scene.give_room(&alice, usize::MAX);
    assert_eq!(alice.heard(), "* outbox full: more than 100 bytes were waiting to be read\n");
}

#[test]
fn an_overflowing_outbox_ends_with_a_whole_line_and_the_reason() {
    let mut scene = Scene::new(Limits { outbox_bytes: 100, ..limits() });
    let (alice, bob) = (scene.user("alice"), scene.user("bob"));
    scene.give_room(&bob, 7);
    for _ in 0..10 {
        scene.send(&alice, "§γ0123456789§γ");
    }
    assert_eq!(alice.heard(), "alice说：0123456789\n".repeat(10));
    assert_eq!(scene.server.hub().users().len(), 1);
    scene.give_room(&bob, usize::MAX);
    let told = "* outbox full: more than 100 bytes were waiting to be read\n";
    assert_eq!(bob.heard(), format!("alice说：0123456789\n{told}"));
    assert!(bob.is_shut());
}

#[test]
fn an_overflow_is_the_reason_even_if_the_peer_ends_in_the_same_turn() {
    for ending in ["", "?nonsense"] {
        let mut scene = Scene::new(Limits { outbox_bytes: 100, ..limits() });
        let alice = scene.user("alice");
        scene.give_room(&alice, 0);
        alice.wire.borrow_mut().ended = true;
        scene.send(&alice, "§γ0123456789§γ".repeat(10) + ending);
        scene.give_room(&alice, usize::MAX);
        let told = "* outbox full: more than 100 bytes were waiting to be read\n";
        assert_eq!(alice.heard(), told, "{ending}");
        assert!(alice.is_closed());
    }
}

#[test]
fn no_more_commands_are_handled_after_an_overflow() {
    let mut scene = Scene::new(Limits { outbox_bytes: 100, ..limits() });
    let (alice, bob) = (scene.user("alice"), scene.user("bob"));
    scene.give_room(&alice, 0);
    scene.send(&alice, "§γ0123456789§γ".repeat(1000));
    let heard = "alice说：0123456789\n".repeat(6);
    assert_eq!(bob.heard(), heard, "the fifth overflows the outbox, and the sixth was already batched");
    assert_eq!(scene.server.hub().users().len(), 1);
}

#[test]
fn a_break_during_the_last_bytes_drops_the_connection_at_once() {
    let mut scene = Scene::new(limits());
    let guest = scene.connect();
    // Writing the error finds the break, so reading does not.
    guest.wire.borrow_mut().writes.plan(0, Fault::Fail(ErrorKind::ConnectionReset));
    scene.send(&guest, "?nonsense");
    assert!(guest.is_closed());
    assert_eq!(scene.server.connections(), 0);
}

#[test]
fn a_report_lists_at_most_five_outboxes_largest_first() {
    let mut scene = Scene::new(limits());
    let ana = scene.user("ana");
    let names = ["b", "c", "d", "e", "f", "g"];
    let readers = names.map(|name| scene.user(name));
    for (n, (name, reader)) in names.iter().zip(&readers).enumerate() {
        reader.wire.borrow_mut().room = 0;
        let text = "x".repeat(100 * (n + 1));
        scene.send(&ana, format!("★【{name}※{text}★【"));
    }
    let report = scene.server.report(scene.now);
    let largest: Vec<_> =
        report.largest.iter().filter_map(|waiting| Some(waiting.name.as_ref()?.as_str())).collect();
    assert_eq!(largest, ["g", "f", "e", "d", "c"]);
    let told: Vec<_> = report.largest.iter().map(|waiting| waiting.bytes).collect();
    assert!(told.is_sorted_by(|a, b| a > b) && told[0] > 600, "{told:?}");
    assert!(report.unsent_bytes > told.iter().sum(), "b's are counted, too");
}

#[test]
fn a_peer_waiting_for_its_rate_is_read_to_the_end_when_it_is_closed() {
    let mut scene = Scene::new(Limits { flood: Some(Flood { burst: 1, per_second: 1 }), ..limits() });
    let guest = scene.connect();
    scene.send(&guest, login("ann") + &say("x").repeat(10_000));
    assert!(!guest.wire.borrow().arrived.is_empty(), "it waits");
    guest.heard();
    scene.turn(|server, now| server.shut_down(now));
    scene.settle();
    assert!(guest.heard().contains("the server is shutting down"));
    // Unread input at the close would reset the connection, and the last bytes would be lost.
    assert!(guest.wire.borrow().arrived.is_empty() && guest.is_shut());
}

#[test]
fn a_name_is_free_for_the_next_command_of_the_same_turn() {
    let mut scene = Scene::new(Limits::default());
    let (ana, bob) = (scene.connect(), scene.connect());
    scene.send(&ana, "NICK ana\r\nUSER a 0 * :a\r\n");
    bob.push("NICK ana\r\nUSER b 0 * :b\r\n");
    ana.push("QUIT\r\n");
    scene.turn(|server, now| {
        server.readable(ana.key, now);
        server.readable(bob.key, now);
    });
    assert!(bob.heard().contains(" 001 ana "), "{}", bob.heard());
}

#[test]
fn at_shutdown_nobody_sees_others_quit() {
    let mut scene = Scene::new(Limits::default());
    let guests: Vec<_> = (0..20).map(|_| scene.connect()).collect();
    for (n, guest) in guests.iter().enumerate() {
        scene.send(guest, format!("NICK u{n}\r\nUSER u 0 * :u\r\nJOIN #tea\r\n"));
    }
    guests.iter().for_each(|guest| drop(guest.heard()));
    scene.turn(|server, now| server.shut_down(now));
    for guest in &guests {
        assert_eq!(guest.heard(), "ERROR :Closing link: the server is shutting down\r\n");
    }
}
