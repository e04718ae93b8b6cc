//! How conversations over WebSocket end: violations of the protocol, and every reason of the server, in Close frames.

use std::time::{Duration, Instant};

use parlor::config::{Limits, Operator, ServerConfig};

use super::browser;
use crate::support::browser::{Browser, request};
use crate::support::frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, masked};
use crate::support::{DEADLINE, Peer, TestServer, address, limits, options};

#[test]
fn a_violation_of_the_protocol_ends_one_connection_and_is_told() {
    let server = TestServer::start();
    let mut bob = browser(&server, "bob");
    let unmasked = b"\x81\x06PING a".to_vec();
    let mut long = masked(TEXT, &b"x".repeat(70_000));
    long.truncate(14);
    let mut huge = masked(BINARY, b"");
    huge.splice(1..2, [0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    for (bytes, code, reason) in [
        (unmasked, 1002, "frames of a client must be masked"),
        (masked(TEXT | 0x40, b"PING a"), 1002, "reserved bits, and no extension is in use"),
        (masked(0x83, b""), 1002, "no known opcode"),
        (masked(CONTINUATION, b""), 1002, "a continuation of no message"),
        (masked(PING - FIN, b""), 1002, "a control frame in several frames"),
        (masked(PING, &[b'x'; 126]), 1002, "a control frame has at most 125 bytes"),
        (masked(CLOSE, b"x"), 1002, "a close code has two bytes"),
        (masked(TEXT, b"PING \xff"), 1007, "text must be UTF-8"),
        (masked(TEXT, b"PING a\r\nPING b"), 1008, "one line per message: send each line as a message"),
        (long, 1009, "this message is too long"),
        (huge, 1009, "this message is too long"),
    ] {
        let mut ana = browser(&server, "ana");
        // The rest of what is sent is ignored, however much it is.
        ana.send([masked(TEXT, b"PING before"), bytes, masked(TEXT, &b"x".repeat(4000))].concat());
        ana.expect(":before");
        ana.expect_farewell(code, reason);
    }
    assert_eq!(bob.settle(), [""; 0]);
}

#[test]
fn a_close_frame_is_answered_and_the_user_is_gone() {
    let server = TestServer::start();
    for payload in [&b""[..], b"\x03\xe8", b"\x03\xe9going", b"\x0f\xa0"] {
        let mut ana = browser(&server, "ana");
        ana.send([masked(TEXT, b"PING last"), masked(CLOSE, payload), masked(TEXT, b"PING late")].concat());
        ana.expect(":last");
        ana.expect_close(1000, "end of input");
        let mut bob = browser(&server, "bob");
        bob.say("ISON ana");
        assert_eq!(bob.line(), ":parlor.local 303 bob :");
        bob.say("QUIT");
    }
}

#[test]
fn who_quits_is_told_in_both_ways() {
    let server = TestServer::start();
    let mut ana = browser(&server, "ana");
    ana.say("QUIT :bye");
    ana.expect_farewell(1000, "Quit: bye");
}

#[test]
fn who_is_killed_is_told_why() {
    let operators =
        vec![Operator { name: "root".into(), password: "secret".parse().expect("it is a password") }];
    let listen = vec![address("127.0.0.1:0")];
    let server = TestServer::run(ServerConfig { listen, operators, ..options::config() })
        .expect("the loopback interface has a free port");
    let (mut ana, mut root) = (browser(&server, "ana"), browser(&server, "root"));
    root.say("OPER root secret");
    root.expect(" 381 ");
    root.say("KILL ana :spam");
    let error = ana.expect_error();
    assert!(error.contains("root") && error.contains("spam"), "{error}");
    ana.expect_close(1008, &error);
}

#[test]
fn a_stopping_server_says_goodbye() {
    let server = TestServer::start();
    let mut ana = browser(&server, "ana");
    let mut stranger = Browser::connect(&server.addresses()[0]);
    server.begin_to_stop();
    ana.expect_farewell(1001, "the server is shutting down");
    stranger.expect_farewell(1001, "the server is shutting down");
    server.stop();
}

#[test]
fn who_does_not_log_in_in_time_is_told() {
    let server = TestServer::with_limits(Limits { login_timeout: Duration::from_millis(300), ..limits() });
    let mut stranger = Browser::connect(&server.addresses()[0]);
    // Frames do not count.
    stranger.ping(b"here");
    stranger.expect_farewell(1008, "no login within 0 s");
}

#[test]
fn a_full_server_tells_it_in_http_once_it_has_the_request() {
    let server = TestServer::with_limits(Limits { connections: 1, ..limits() });
    let mut ana = browser(&server, "ana");
    let begin = Instant::now();
    loop {
        let mut second = server.connect();
        second.send(request(""));
        let answer = second.rest();
        assert!(answer.contains("the server is full (1 connections)"), "{answer}");
        if answer.starts_with("HTTP/1.1 503 ") {
            break;
        }
        // The server has refused it before the request came.
        assert!(answer.starts_with("ERROR ") && begin.elapsed() < DEADLINE, "{answer}");
    }
    ana.settle();
}

#[test]
fn a_browser_that_never_reads_gets_whole_messages_and_the_reason() {
    let server = TestServer::with_limits(Limits { outbox_bytes: 32 * 1024, ..limits() });
    let mut bob = Peer::irc_member(&server.addresses()[0], "bob");
    let mut deaf = browser(&server, "deaf");
    deaf.say("JOIN #lobby");
    deaf.expect(" 366 ");
    let text = "x".repeat(400);
    let begin = Instant::now();
    let mut n = 0;
    // The kernel's buffers vary, so speak until the server gives up.
    while bob.settle_on_irc("there").iter().all(|line| !line.contains(" QUIT ")) {
        for _ in 0..200 {
            bob.send(format!("PRIVMSG #lobby :{n} {text}\r\n"));
            n += 1;
        }
        assert!(begin.elapsed() < DEADLINE, "the server keeps {n} lines for a peer that does not read");
    }
    let mut heard = 0;
    let error = loop {
        let line = deaf.line();
        if let Some(error) = line.strip_prefix("ERROR :Closing link: ") {
            break error.to_owned();
        }
        assert!(
            line.ends_with(&format!(" PRIVMSG #lobby :{heard} {text}")),
            "{line:.60} is not line {heard}"
        );
        heard += 1;
    };
    assert!(heard < n);
    assert_eq!(error, "outbox full: more than 32768 bytes were waiting to be read");
    deaf.expect_close(1008, &error);
}

#[test]
fn a_peer_that_pings_and_reads_no_answer_is_closed() {
    let server = TestServer::with_limits(Limits { outbox_bytes: 32 * 1024, ..limits() });
    let (mut ana, mut bob) = (browser(&server, "ana"), browser(&server, "bob"));
    let pings = masked(PING, &[b'x'; 125]).repeat(500);
    let begin = Instant::now();
    while ana.try_send(&pings).is_ok() {
        bob.say("ISON ana");
        if bob.line() == ":parlor.local 303 bob :" {
            break;
        }
        assert!(begin.elapsed() < DEADLINE, "the server keeps answers for a peer that does not read");
    }
    let mut pongs = 0;
    let error = loop {
        let frame = ana.frame();
        match frame.first {
            PONG => pongs += 1,
            _ => break frame.text().to_owned(),
        }
    };
    assert!(pongs > 0);
    assert_eq!(error, "ERROR :Closing link: outbox full: more than 32768 bytes were waiting to be read");
    ana.expect_close(1008, "outbox full: more than 32768 bytes were waiting to be read");
}
