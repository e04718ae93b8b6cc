//! Closing connections over loopback: half-closing in both directions, resets, full outboxes, timeouts, shutdown.

use std::time::{Duration, Instant};

use parlor::config::Limits;

use crate::support::{DEADLINE, NEITHER, Peer, TestServer, limits, login, say, whisper};

// The peer ends.

#[test]
fn a_half_close_after_1000_messages_delivers_all_of_them_to_everybody() {
    let server = TestServer::start();
    let (mut alice, mut bob) = (server.user("alice"), server.user("bob"));
    for n in 0..1000 {
        alice.send(say(&format!("line {n}")));
    }
    alice.finish();
    for n in 0..1000 {
        alice.expect(&format!("alice说：line {n}\n"));
        bob.expect(&format!("alice说：line {n}\n"));
    }
    alice.expect_end();
    bob.settle("bob");
}

#[test]
fn a_half_close_right_after_login_still_delivers_held_back_messages() {
    let server = TestServer::start();
    let mut alice = server.connect();
    alice.send(login("alice") + &whisper("alice", "one") + &say("two"));
    alice.finish();
    alice.expect("1alice悄悄地对你说：one\nalice说：two\n");
    alice.expect_end();
}

#[test]
fn an_unfinished_frame_at_the_end_is_reported_and_not_delivered() {
    let server = TestServer::start();
    let (mut alice, mut bob) = (server.user("alice"), server.user("bob"));
    alice.send(say("whole") + "§γhalf");
    alice.finish();
    alice.expect("alice说：whole\n");
    alice.expect_notice("the last frame has no closing mark");
    alice.expect_end();
    bob.expect("alice说：whole\n");
    bob.settle("bob");
}

#[test]
fn a_connection_that_ends_without_input_is_closed_without_output() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.finish();
    peer.expect_end();
}

#[test]
fn a_reset_or_vanished_peer_leaves_no_user_behind_and_affects_no_other() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    for n in 0..50 {
        let mut alice = server.user("alice");
        bob.send(say("unread"));
        bob.expect("bob说：unread\n");
        // Closing a socket with unread input also resets the connection.
        if n % 2 == 0 {
            alice.reset()
        } else {
            drop(alice)
        }
        // A turn reads ready connections in any order.
        bob.settle("bob");
        bob.send(whisper("alice", "still there?"));
        bob.expect_notice("nobody here is called alice");
        alice = server.user("alice");
        alice.send("§γhalf");
        alice.reset();
        bob.settle("bob");
    }
}

#[test]
fn input_before_a_close_is_handled_although_its_answer_is_lost() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    for n in 0..50 {
        let mut alice = server.user("alice");
        alice.send(say(&format!("last words {n}")));
        drop(alice);
        bob.expect(&format!("alice说：last words {n}\n"));
    }
}

// The server ends a connection.

#[test]
fn the_last_line_and_a_clean_end_reach_a_peer_that_keeps_sending() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    for _ in 0..10 {
        let mut peer = server.connect();
        peer.send("?nonsense");
        // As much as fits while the server's last bytes are on their way; the server must read it to avoid a reset.
        for _ in 0..50 {
            peer.send("x".repeat(4096));
        }
        peer.expect_closing_link(NEITHER);
        peer.expect_end();
    }
    bob.settle("bob");
}

#[test]
fn a_peer_that_keeps_its_side_open_is_dropped_after_lingering() {
    let limits = Limits { connections: 1, ..limits() };
    let server = TestServer::with_limits(limits);
    let mut stays = server.connect();
    stays.send("?nonsense");
    stays.expect_closing_link(NEITHER);
    stays.expect_end();
    let begin = Instant::now();
    // `stays` counts as a connection while the server lingers.
    loop {
        let mut next = server.connect();
        next.send(login("alice"));
        if next.receive_once() == b"1" {
            break;
        }
        next.finish();
        next.rest();
        assert!(begin.elapsed() < DEADLINE, "the server lingers for ever");
    }
}

#[test]
fn a_login_timeout_is_reported_before_the_close() {
    let limits = Limits { login_timeout: Duration::from_millis(300), ..limits() };
    let server = TestServer::with_limits(limits);
    let mut alice = server.user("alice");
    let begin = Instant::now();
    let (mut silent, mut half, mut refused) = (server.connect(), server.connect(), server.connect());
    let mut half_irc = server.connect();
    half.send("∏∑bo");
    half_irc.send("NICK bo\r\nUSE");
    refused.send(login("alice"));
    refused.expect("-1");
    // Options count in seconds, so a shorter timeout is shown as 0 s.
    for peer in [&mut silent, &mut half_irc] {
        peer.expect_closing_link("no login within 0 s");
        peer.expect_end();
    }
    half.expect("* no login within 0 s\n");
    half.expect_end();
    // Its answer has no newline, so the notice follows on the same line.
    refused.expect("* no login within 0 s\n");
    refused.expect_end();
    assert!(begin.elapsed() >= limits.login_timeout);
    alice.settle("alice");
}

#[test]
fn a_connection_beyond_the_limit_is_refused_and_the_others_stay() {
    let server = TestServer::with_limits(Limits { connections: 2, ..limits() });
    let (mut alice, bob) = (server.user("alice"), server.user("bob"));
    for _ in 0..5 {
        let mut third = server.connect();
        third.send(login("carol"));
        third.expect_closing_link("the server is full (2 connections), try again in a few minutes");
        third.expect_end();
    }
    alice.settle("alice");
    drop(bob);
    let begin = Instant::now();
    loop {
        // Refused peers may still be closing.
        let mut third = server.connect();
        third.send(login("carol"));
        if third.receive_once() == b"1" {
            return;
        }
        assert!(begin.elapsed() < DEADLINE, "the room stays full");
    }
}

#[test]
fn a_peer_that_never_reads_is_closed_with_a_reason_while_others_hear_everything() {
    let server = TestServer::with_limits(Limits { outbox_bytes: 32 * 1024, ..limits() });
    let (mut alice, mut bob) = (server.user("alice"), server.user("bob"));
    let mut deaf = server.user("deaf");
    let text = "x".repeat(4000);
    let begin = Instant::now();
    let mut n = 0;
    // The kernel's buffers vary, so speak until the server gives up.
    loop {
        alice.send(say(&format!("{n} {text}")));
        for peer in [&mut alice, &mut bob] {
            peer.expect(&format!("alice说：{n} {text}\n"));
        }
        n += 1;
        if n % 100 == 0 {
            alice.send(whisper("deaf", "psst"));
            alice.send(whisper("alice", "asked"));
            let line = alice.line();
            if line == "* nobody here is called deaf" {
                alice.expect("alice悄悄地对你说：asked\n");
                break;
            }
            assert_eq!(line, "alice悄悄地对你说：asked");
        }
        assert!(begin.elapsed() < DEADLINE, "the server keeps {n} lines for a peer that does not read");
    }
    // When it finally reads, it gets whole lines without a gap, and the reason.
    let mut heard = 0;
    loop {
        let line = deaf.line();
        if line.starts_with("* ") {
            assert_eq!(line, "* outbox full: more than 32768 bytes were waiting to be read");
            break;
        }
        if line != "alice悄悄地对你说：psst" {
            assert!(line.starts_with(&format!("alice说：{heard} x")), "{line:.40} is not line {heard}");
            heard += 1;
        }
    }
    assert!(heard < n);
    deaf.expect_end();
}

// The server itself ends.

#[test]
fn a_stopping_server_says_goodbye_to_everybody_and_ends_cleanly() {
    let server = TestServer::start();
    let mut users: Vec<Peer> = (0..20).map(|n| server.user(&format!("user{n}"))).collect();
    let mut stranger = server.connect();
    users[0].send(say("last line"));
    users[0].expect("user0说：last line\n");
    users[0].settle("user0");
    server.begin_to_stop();
    for user in &mut users[1..] {
        user.expect("user0说：last line\n");
    }
    for user in &mut users {
        user.expect("* the server is shutting down\n");
        user.expect_end();
    }
    stranger.expect_closing_link("the server is shutting down");
    stranger.expect_end();
    drop(users);
    drop(stranger);
    server.stop();
}

#[test]
fn a_stopping_server_waits_neither_for_open_peers_nor_for_stalled_ones() {
    let server = TestServer::with_limits(Limits { outbox_bytes: 16 << 20, ..limits() });
    let mut stays = server.user("stays");
    let mut alice = server.user("alice");
    let deaf = server.user("deaf");
    let text = "x".repeat(8000);
    // More than a socket takes: its buffers hold some megabytes at most (tcp_wmem, tcp_rmem).
    for _ in 0..1500 {
        alice.send(say(&text));
        alice.line();
        stays.line();
    }
    // `stop` joins the server's thread, so waiting for ever would hang rather than fail.
    let begin = Instant::now();
    server.stop();
    assert!(begin.elapsed() < DEADLINE, "{:?}", begin.elapsed());
    stays.expect_notice("the server is shutting down");
    drop(deaf);
}
