//! Limits on input, memory and admission: over scripted streams and a clock that the tests advance.

use std::io::ErrorKind;
use std::time::Duration;

use parlor::config::{Flood, Limits};
use parlor::hub::{MOST_ROOMS, ROOMS_PER_USER};
use parlor::message::{CloseReason, ConnectionId, Peer};

use crate::support::irc::IrcScene;
use crate::support::limits;
use crate::support::scene::{Guest, Scene};
use crate::support::stream::Fault;

/// Time until a token returns.
const INTERVAL: Duration = Duration::from_millis(500);
const LINGER: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(1);

fn flood(burst: u32) -> Limits {
    Limits { flood: Some(Flood { burst, per_second: 2 }), ..limits() }
}

/// The lines that others hear when `alice` counts from `from` to before `to`.
fn counted(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("alice说：{n}\n")).collect()
}

fn frames(count: usize) -> String {
    (0..count).map(|n| format!("§γ{n}§γ")).collect()
}

/// A scene's user sends two frames: its login and a whisper to itself.
const LOGIN: u32 = 2;

// Floods.

#[test]
fn a_peer_over_its_rate_waits_and_nothing_is_lost() {
    let mut scene = Scene::new(flood(LOGIN + 3));
    let (alice, bob) = (scene.user("alice"), scene.user("bob"));
    scene.send(&alice, frames(10));
    assert_eq!(bob.heard(), counted(0, 3));
    assert_eq!(scene.wait(), Some(INTERVAL));
    scene.advance(INTERVAL - TICK);
    assert_eq!(bob.heard(), "");
    scene.advance(TICK);
    for n in 3..10 {
        assert_eq!(bob.heard(), counted(n, n + 1));
        scene.advance(INTERVAL);
    }
    assert_eq!(alice.heard(), counted(0, 10), "a waiting peer still receives");
}

#[test]
fn other_peers_do_not_wait() {
    let mut scene = Scene::new(flood(LOGIN + 3));
    let (alice, bob) = (scene.user("alice"), scene.user("bob"));
    scene.send(&alice, frames(1000));
    scene.send(&bob, "§γhi§γ");
    assert_eq!(bob.heard(), counted(0, 3) + "bob说：hi\n");
}

#[test]
fn tokens_return_up_to_the_burst() {
    let mut scene = Scene::new(flood(LOGIN + 1));
    let alice = scene.user("alice");
    scene.advance(Duration::from_secs(3600));
    scene.send(&alice, frames(10));
    assert_eq!(alice.heard(), counted(0, 3));
}

#[test]
fn split_frames_and_line_ends_cost_no_more_than_whole_frames() {
    let mut scene = Scene::new(flood(LOGIN + 3));
    let alice = scene.user("alice");
    for byte in (0..10).map(|n| format!("§γ{n}§γ\r\n")).collect::<String>().bytes() {
        scene.send(&alice, [byte]);
    }
    // The first line end made alice a line reader; none of them is a message.
    assert_eq!(alice.heard(), counted(0, 3));
    scene.advance(INTERVAL);
    assert_eq!(alice.heard(), counted(3, 4));
}

#[test]
fn all_input_is_handled_before_the_end() {
    let mut scene = Scene::new(flood(LOGIN + 3));
    let (alice, bob) = (scene.user("alice"), scene.user("bob"));
    scene.send(&alice, frames(10));
    scene.end(&alice);
    assert!(!alice.is_shut(), "it still has something to say");
    (0..7).for_each(|_| scene.advance(INTERVAL));
    assert_eq!(bob.heard(), counted(0, 10));
    assert!(alice.is_closed());
    assert_eq!(scene.server.hub().users().len(), 1);
}

#[test]
fn a_waiting_peer_whose_link_breaks_leaves_at_once() {
    for is_found_out_by_writing in [false, true] {
        let mut scene = Scene::new(flood(LOGIN + 3));
        let (alice, bob) = (scene.user("alice"), scene.user("bob"));
        scene.send(&alice, frames(1000));
        if is_found_out_by_writing {
            alice.wire.borrow_mut().broken = true;
            scene.send(&bob, "§γhi§γ");
        } else {
            scene.reset(&alice);
        }
        assert!(alice.is_closed());
        assert_eq!(scene.server.hub().users().len(), 1);
    }
}

#[test]
fn input_of_a_waiting_peer_stays_in_the_systems_buffers() {
    let mut scene = Scene::new(flood(LOGIN + 3));
    let alice = scene.user("alice");
    scene.send(&alice, "§γhi§γ".repeat(100_000));
    let left = alice.wire.borrow().arrived.len();
    assert!(left > 100_000 * "§γhi§γ".len() - 16 * 1024, "{left} bytes are left");
}

#[test]
fn server_operators_have_no_rate_limit() {
    let mut house = IrcScene::with(|config| config.limits = flood(10));
    let [ana, root] = ["ana", "root"].map(|name| house.irc(name));
    house.send(root, "OPER root secret");
    house.lines(root);
    let pings: String = (0..50).map(|n| format!("PING {n}\r\n")).collect();
    for (guest, answers) in [(root, 50), (ana, 7)] {
        house.send(guest, pings.trim_end());
        assert_eq!(house.lines(guest).len(), answers);
    }
}

#[test]
fn a_client_waiting_for_its_rate_does_not_time_out() {
    let mut house = IrcScene::with(|config| config.limits = flood(10));
    let ana = house.irc("ana");
    let lines: String = (0..1000).map(|n| format!("PING {n}\r\n")).collect();
    house.send(ana, lines.trim_end());
    for _ in 0..1000 {
        house.advance(INTERVAL);
    }
    let heard = house.lines(ana);
    assert_eq!(heard.len(), 1000);
    assert!(heard.iter().all(|line| line.contains(" PONG ")));
}

// Memory.

/// A speaker and listeners that do not read, each of which has already taken this many bytes.
fn stalled(limits: Limits, taken: &[usize]) -> (Scene, Guest, Vec<Guest>) {
    let mut scene = Scene::new(limits);
    let speaker = scene.user("alice");
    let deaf: Vec<_> = (0..taken.len()).map(|n| scene.user(&format!("deaf{n}"))).collect();
    for (guest, &bytes) in deaf.iter().zip(taken) {
        scene.give_room(guest, bytes);
    }
    (scene, speaker, deaf)
}

fn is_here(scene: &Scene, guest: &Guest) -> bool {
    let users = scene.server.hub().users();
    users.iter().any(|(_, user)| user.connections().contains(&ConnectionId(guest.key as u32)))
}

#[test]
fn at_the_memory_limit_the_largest_outboxes_close_first() {
    let limits = Limits { memory_bytes: 100_000, outbox_bytes: 50_000, ..limits() };
    let (mut scene, alice, deaf) = stalled(limits, &[0, 20_000, 10_000]);
    let text = "x".repeat(1000);
    let mut said = String::new();
    while deaf.iter().all(|guest| is_here(&scene, guest)) {
        scene.send(&alice, format!("§γ{text}§γ"));
        said += &format!("alice说：{text}\n");
    }
    let here: Vec<_> = deaf.iter().map(|guest| is_here(&scene, guest)).collect();
    assert_eq!(here, [false, true, true], "for the first, most was kept");
    assert_eq!(alice.heard(), said, "a peer that reads misses nothing");
    scene.give_room(&deaf[0], usize::MAX);
    let told = "* server memory full: more than 100000 bytes were kept for all, and most of them for you: read faster\n";
    assert_eq!(deaf[0].heard(), told);
    for guest in &deaf[1..] {
        scene.give_room(guest, usize::MAX);
        assert_eq!(guest.heard(), said, "a peer that stays misses nothing");
    }
}

#[test]
fn partly_written_lines_respect_the_memory_limit_and_readers_stay() {
    let limits = Limits { memory_bytes: 65_536, outbox_bytes: 32_768, frame_bytes: 16_384, ..limits() };
    let (mut scene, alice, deaf) = stalled(limits, &[1; 9]);
    let bob = scene.user("bob");
    let text = "x".repeat(6000);
    for _ in 0..3 {
        scene.send(&alice, format!("§γ{text}§γ"));
        for reader in [&alice, &bob] {
            assert_eq!(reader.heard(), format!("alice说：{text}\n"));
            assert!(is_here(&scene, reader));
        }
    }
    assert!(!deaf.iter().any(|guest| is_here(&scene, guest)), "each had begun a line and not taken it");
}

#[test]
fn unfinished_frames_count_towards_the_memory_limit() {
    let mut scene = Scene::new(Limits { memory_bytes: 20_000, outbox_bytes: 4096, ..limits() });
    let alice = scene.user("alice");
    let begun: Vec<_> = (0..5).map(|_| scene.connect()).collect();
    for (n, guest) in begun.iter().enumerate() {
        scene.send(guest, format!("§γ{}", "x".repeat(1000 * (n + 2))));
    }
    assert_eq!(scene.server.connections(), 6);
    scene.send(&begun[0], "x".repeat(500));
    let ended: Vec<_> = begun.iter().map(Guest::is_shut).collect();
    assert_eq!(ended, [false, false, false, false, true], "the largest goes");
    assert!(begun[4].heard().starts_with("* server memory full"));
    scene.send(&alice, "§γstill here§γ");
    assert_eq!(alice.heard(), "alice说：still here\n");
}

#[test]
fn a_newcomer_beyond_the_memory_of_connections_is_refused_until_one_leaves() {
    let mut scene = Scene::new(Limits { memory_bytes: 1 << 20, ..limits() });
    scene.checks = false;
    let mut guests = Vec::new();
    let refused = loop {
        let guest = scene.connect();
        if guest.is_shut() {
            break guest;
        }
        guests.push(guest);
    };
    assert!((400..700).contains(&guests.len()), "{} came in", guests.len());
    let told = CloseReason::NoMemory((1 << 20) / 8 * 5);
    assert_eq!(refused.heard(), format!("ERROR :Closing link: {told}\r\n"));
    scene.end(&refused);
    scene.end(&guests[0]);
    scene.check();
    assert!(!scene.connect().is_shut());
    let alice = guests.pop().expect("somebody is there");
    scene.send(&alice, "∏∑alice∏∑\n§γhi§γ");
    assert!(alice.heard().contains("alice说：hi"), "connected users can talk");
}

/// The reasons for which connections closed.
fn endings(scene: &Scene) -> Vec<(String, u64)> {
    let report = scene.server.report(scene.now);
    let counted = report.endings.iter().filter(|&(_, count)| count > 0);
    counted.map(|(reason, count)| (reason.to_owned(), count)).collect()
}

#[test]
fn an_overflow_with_a_failed_last_write_is_not_reported_as_memory_full() {
    for kind in [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset] {
        let limits = Limits { outbox_bytes: 8_192, ..limits() };
        let (mut scene, alice, deaf) = stalled(limits, &[0]);
        for _ in 0..7 {
            scene.send(&alice, format!("§γ{}§γ", "x".repeat(1_000)));
        }
        deaf[0].wire.borrow_mut().writes.plan(0, Fault::Fail(kind));
        for _ in 0..3 {
            scene.send(&alice, format!("§γ{}§γ", "x".repeat(1_000)));
        }
        assert!(!is_here(&scene, &deaf[0]));
        let reasons: Vec<_> = endings(&scene).into_iter().map(|(reason, _)| reason).collect();
        assert_eq!(reasons, ["lost"], "{kind}");
    }
}

#[test]
fn an_overflow_is_the_reported_reason_even_if_the_link_breaks_meanwhile() {
    let limits = Limits { outbox_bytes: 8_192, ..limits() };
    let (mut scene, alice, deaf) = stalled(limits, &[0]);
    for _ in 0..9 {
        scene.send(&alice, format!("§γ{}§γ", "x".repeat(1_000)));
    }
    scene.reset(&deaf[0]);
    assert_eq!(endings(&scene), [("outbox-full".to_owned(), 1)]);
}

// Who may come in.

fn at(ip: &str) -> Peer {
    Peer::Tcp(ip.parse().expect("the test names good addresses"), 1)
}

const ADDRESS_FULL: &str =
    "ERROR :Closing link: your address has 2 connections already, end one of them first\r\n";

#[test]
fn an_address_at_its_limit_can_connect_again_once_one_connection_leaves() {
    let mut scene = Scene::new(Limits { connections_per_ip: 2, ..limits() });
    let first = scene.connect_from(at("192.0.2.1"));
    let second = scene.connect_from(at("192.0.2.1"));
    let refused = scene.connect_from(at("192.0.2.1"));
    assert_eq!(refused.heard(), ADDRESS_FULL);
    assert!(refused.is_shut() && !refused.is_closed(), "an orderly end");
    assert_eq!(first.heard() + &second.heard() + &scene.connect_from(at("192.0.2.2")).heard(), "");
    scene.end(&second);
    assert!(second.is_closed() && !refused.is_closed());
    // Refused peers do not count.
    assert_eq!(scene.connect_from(at("192.0.2.1")).heard(), "");
    assert_eq!(scene.connect_from(at("192.0.2.1")).heard(), ADDRESS_FULL);
}

#[test]
fn an_ipv6_64_counts_as_one_address_and_loopback_and_unix_sockets_are_exempt() {
    let mut scene = Scene::new(Limits { connections_per_ip: 2, ..limits() });
    for ip in ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"] {
        assert_eq!(scene.connect_from(at(ip)).heard(), "");
    }
    assert_eq!(scene.connect_from(at("2001:db8::ffff:3")).heard(), ADDRESS_FULL);
    for peer in [at("127.0.0.1"), at("::1"), Peer::Unix] {
        for _ in 0..20 {
            assert_eq!(scene.connect_from(peer).heard(), "");
        }
    }
}

#[test]
fn a_reconnect_loop_is_refused_with_the_time_to_retry() {
    let mut scene = Scene::new(Limits { connections_per_ip: 2, ..limits() });
    let told = |seconds| {
        format!(
            "ERROR :Closing link: your address has connected more than 4 times in a row, \
             try again in {seconds} s\r\n"
        )
    };
    let come_and_go = |scene: &mut Scene| {
        let guest = scene.connect_from(at("192.0.2.1"));
        scene.end(&guest);
        guest.heard()
    };
    for _ in 0..4 {
        assert_eq!(come_and_go(&mut scene), "");
    }
    for _ in 0..500 {
        assert_eq!(come_and_go(&mut scene), told(2));
    }
    scene.advance(Duration::from_secs(1));
    assert_eq!(come_and_go(&mut scene), told(1));
    scene.advance(Duration::from_secs(1) - TICK);
    assert_eq!(come_and_go(&mut scene), told(1));
    scene.advance(TICK);
    assert_eq!(come_and_go(&mut scene), "");
    assert_eq!(come_and_go(&mut scene), told(2));
    assert_eq!(scene.connect_from(at("192.0.2.2")).heard(), "", "others are not affected");
}

#[test]
fn refused_peers_do_not_count_as_connections_and_more_than_64_are_dropped() {
    let mut scene = Scene::new(Limits { connections: 20, connections_per_ip: 2, ..limits() });
    let _stay = [scene.connect_from(at("192.0.2.1")), scene.connect_from(at("192.0.2.1"))];
    let refused: Vec<_> = (0..64).map(|_| scene.connect_from(at("192.0.2.1"))).collect();
    assert!(refused.iter().all(|guest| guest.heard() == ADDRESS_FULL));
    assert!(scene.try_connect(at("192.0.2.1")).is_none());
    for _ in 0..18 {
        assert_eq!(scene.connect().heard(), "");
    }
    assert!(scene.try_connect(Peer::Unix).is_none());
    scene.advance(LINGER);
    let full = "ERROR :Closing link: the server is full (20 connections), try again in a few minutes\r\n";
    assert_eq!(scene.connect().heard(), full);
}

#[test]
fn at_the_limit_of_rooms_a_new_one_needs_another_to_go() {
    let mut scene = Scene::new(Limits::default());
    // The lobby counts too.
    let names: Vec<_> = (1..MOST_ROOMS).map(|n| format!("#{n}")).collect();
    let crowd: Vec<_> = names
        .chunks(ROOMS_PER_USER)
        .enumerate()
        .map(|(n, rooms)| {
            let guest = scene.connect();
            let rooms = rooms.join(",");
            let sent = format!("NICK u{n}\r\nUSER u 0 * :u\r\nJOIN {rooms}\r\n");
            guest.wire.borrow_mut().arrived.extend(sent.as_bytes());
            guest
        })
        .collect();
    // All in one turn, because each turn checks all invariants.
    scene.turn(|server, now| crowd.iter().for_each(|guest| server.readable(guest.key, now)));
    assert_eq!(scene.server.hub().rooms().len(), MOST_ROOMS);
    let ana = scene.connect();
    scene.send(&ana, "NICK ana\r\nUSER a 0 * :a\r\nJOIN #lobby,#1\r\n");
    ana.heard();
    scene.send(&ana, "JOIN #new\r\n");
    let refused =
        "437 ana #new :there are 10000 rooms already, join one of them or try again in a few minutes";
    assert_eq!(ana.heard(), format!(":parlor.local {refused}\r\n"));
    // Each joined room counts as a message.
    scene.advance(Duration::from_secs(30));
    scene.send(&crowd[1], "PART #51\r\n");
    scene.send(&ana, "JOIN #new\r\n");
    assert!(ana.heard().contains(" JOIN #new\r\n"));
}

#[test]
fn peers_that_do_not_read_close_together_and_readers_see_each_quit() {
    let limits = Limits { outbox_bytes: 5_000, ..limits() };
    let (mut scene, alice, deaf) = stalled(limits, &[0; 30]);
    let ana = scene.connect();
    scene.send(&ana, "NICK ana\r\nUSER a 0 * :a\r\nJOIN #lobby\r\n");
    ana.heard();
    for _ in 0..6 {
        scene.send(&alice, format!("§γ{}§γ", "x".repeat(1000)));
    }
    assert!(deaf.iter().all(|guest| !is_here(&scene, guest)));
    let heard = ana.heard();
    for n in 0..deaf.len() {
        let told = format!(":deaf{n}!");
        let quits = heard.lines().filter(|line| line.starts_with(&told) && line.contains(" QUIT "));
        assert_eq!(quits.count(), 1, "of {n}: {heard}");
    }
}
