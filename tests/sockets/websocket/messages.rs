//! Messages, fragments and pings in any pieces, with every subprotocol.

use super::browser;
use crate::support::browser::{Browser, request};
use crate::support::frames::{BINARY, CLOSE, CONTINUATION, FIN, Frame, PING, PONG, TEXT, fragmented, masked};
use crate::support::{Peer, TestServer};

/// A message to itself, and how the sender sees it.
fn whisper(name: &str, text: &str) -> (String, String) {
    (format!("PRIVMSG {name} :{text}"), format!(" PRIVMSG {name} :{text}"))
}

/// One of each kind of frame: a message in fragments with a ping among them, a whole message, a pong.
fn every_kind(text: &str) -> Vec<u8> {
    let (line, _) = whisper("ana", text);
    let (start, rest) = line.split_at(10);
    let (middle, end) = rest.split_at(3);
    [
        masked(TEXT - FIN, start.as_bytes()),
        masked(PING, b"among"),
        masked(CONTINUATION - FIN, middle.as_bytes()),
        masked(CONTINUATION, end.as_bytes()),
        masked(PONG, b"unasked"),
        masked(BINARY, line.as_bytes()),
    ]
    .concat()
}

/// Expects the answers to so many of these, in which pongs may overtake messages.
#[track_caller]
fn expect_every_kind(ana: &mut Browser, text: &str, times: usize) {
    let (_, heard) = whisper("ana", text);
    let (mut messages, mut pongs) = (0, 0);
    while messages < 2 * times || pongs < times {
        let frame = ana.frame();
        match frame.first {
            PONG => pongs += usize::from(frame.payload == b"among"),
            _ => messages += usize::from(frame.text().ends_with(&heard)),
        }
    }
    assert_eq!((messages, pongs), (2 * times, times));
}

#[test]
fn frames_are_understood_however_they_are_cut() {
    let server = TestServer::start();
    let (mut ana, mut bob) = (browser(&server, "ana"), server.user("bob"));
    let bytes = every_kind("whole 茶");
    for cut in 1..bytes.len() {
        ana.send(&bytes[..cut]);
        // The server has read the first part now.
        bob.settle("bob");
        ana.send(&bytes[cut..]);
        expect_every_kind(&mut ana, "whole 茶", 1);
    }
    bytes.chunks(1).for_each(|byte| ana.send(byte));
    expect_every_kind(&mut ana, "whole 茶", 1);
    ana.send(bytes.repeat(200));
    expect_every_kind(&mut ana, "whole 茶", 200);
    assert_eq!(ana.settle(), [""; 0]);
}

#[test]
fn pings_during_a_flood_are_answered_in_order_and_cut_no_message() {
    let server = TestServer::start();
    let mut ana = browser(&server, "ana");
    ana.say("JOIN #lobby");
    ana.expect(" 366 ");
    let mut bob = Peer::irc_member(&server.addresses()[0], "bob");
    ana.expect(" JOIN ");
    for n in 0..300 {
        bob.send(format!("PRIVMSG #lobby :{n} {}\r\n", "x".repeat(n)));
        ana.send(masked(PING, format!("{n}").as_bytes()));
    }
    let (mut messages, mut pongs) = (0, 0);
    while messages < 300 || pongs < 300 {
        let frame = ana.frame();
        if frame.first == PONG {
            assert_eq!(frame, Frame::new(PONG, format!("{pongs}").as_bytes()));
            pongs += 1;
        } else {
            let text = format!(" PRIVMSG #lobby :{messages} {}", "x".repeat(messages));
            assert!(frame.text().ends_with(&text), "{frame:?}");
            messages += 1;
        }
    }
    assert_eq!(ana.settle(), [""; 0]);
}

#[test]
fn a_message_may_have_as_many_frames_as_bytes() {
    let server = TestServer::start();
    let mut ana = browser(&server, "ana");
    let (line, heard) = whisper("ana", &"茶".repeat(100));
    ana.send(fragmented(TEXT, line.as_bytes(), 1));
    ana.expect(&heard);
}

#[test]
fn a_line_end_is_tolerated_and_an_empty_message_ignored() {
    let server = TestServer::start();
    let mut ana = browser(&server, "ana");
    for line in ["", "\r\n", "\n", "PING 1\r\n", "PING 2\n", "PING 3\r"] {
        ana.say(line);
    }
    assert_eq!(ana.settle().len(), 3);
}

#[test]
fn the_messages_of_the_server_have_the_type_of_the_subprotocol() {
    let server = TestServer::start();
    let connect = || server.connect();
    // `line` checks the type.
    let mut text = Browser::over(connect(), Some("text.ircv3.net")).register("text");
    let mut binary = Browser::over(connect(), Some("binary.ircv3.net")).register("binary");
    let mut none = Browser::over(connect(), None).register("none");
    let mut plain = Peer::irc_member(&server.addresses()[0], "plain");
    for browser in [&mut text, &mut binary, &mut none] {
        browser.say("JOIN #lobby");
        browser.expect(" 366 ");
    }
    plain.send("PRIVMSG #lobby :大家好\r\n");
    for browser in [&mut text, &mut binary, &mut none] {
        assert!(browser.expect(" PRIVMSG ").ends_with("PRIVMSG #lobby :大家好"));
        browser.ping(b"\xff\0");
    }
}

#[test]
fn messages_of_either_type_are_heard_in_order_with_every_subprotocol() {
    let server = TestServer::start();
    for protocol in [Some("text.ircv3.net"), Some("binary.ircv3.net"), None] {
        let mut ana = Browser::over(server.connect(), protocol).register("ana");
        ana.send([masked(TEXT, b"PING a"), masked(BINARY, b"PING b")].concat());
        assert!(ana.line().ends_with(":a") && ana.line().ends_with(":b"));
        ana.say("QUIT");
        ana.expect_farewell(1000, "Quit");
    }
}

#[test]
fn bytes_that_are_not_utf8_reach_nobody() {
    let server = TestServer::start();
    let mut ana = browser(&server, "ana");
    let mut eve = Browser::over(server.connect(), Some("binary.ircv3.net")).register("eve");
    eve.send(masked(BINARY, b"PRIVMSG ana :\xff"));
    eve.settle();
    let mut plain = Peer::irc_user(&server.addresses()[0], "plain");
    plain.send(b"PRIVMSG ana :\xff\r\n");
    plain.settle_on_irc("sent");
    // Every line that is read must be UTF-8.
    ana.settle();
}

#[test]
fn a_message_that_is_not_complete_at_the_end_is_not_heard() {
    let server = TestServer::start();
    let mut bob = browser(&server, "bob");
    let half = masked(TEXT - FIN, b"PRIVMSG bob :half of it");
    let closed = [&half[..], &masked(CLOSE, b"\x03\xe8")].concat();
    let wrong = [&half[..], &masked(TEXT, b"PRIVMSG bob :another")].concat();
    for bytes in [&half, &closed, &wrong] {
        let mut ana = browser(&server, "ana");
        ana.send(bytes);
        ana.finish();
        while ana.try_frame().is_some() {}
        assert_eq!(bob.settle(), [""; 0]);
    }
}

#[test]
fn frames_before_the_response_to_the_handshake_are_refused() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send([request("").as_bytes(), &masked(TEXT, b"NICK ana")].concat());
    let answer = peer.rest();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}
