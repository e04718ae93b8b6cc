//! Browsers stay on their connections, and their frames and requests may be cut anywhere.

use crate::place::Place;
use crate::support::Peer;
use crate::support::browser::Browser;
use crate::support::frames::{FIN, Frame, PING, PONG, TEXT, fragmented, masked};

/// Sends these bytes in two parts, with an upgrade between them. A Ping frame before them tells that the first part has
/// been read, and is not in the socket any more.
fn send_across(place: &Place, browser: &mut Browser, bytes: &[u8], cut: usize) {
    let (first, rest) = bytes.split_at(cut);
    browser.send([&masked(PING, b"read"), first].concat());
    assert_eq!(browser.frame(), Frame::new(PONG, b"read"));
    place.replace();
    browser.send(rest);
}

#[test]
fn a_message_that_is_cut_by_an_upgrade_arrives() {
    let place = Place::start(&[]);
    let mut bob = Peer::irc_member(&place.at, "bob");
    let mut ana = Browser::user(&place.at, "ana");
    ana.say("JOIN #lobby");
    ana.settle();
    bob.settle_on_irc("seen");
    let words = "茶 before and after ".repeat(20);
    let frame = masked(TEXT, format!("PRIVMSG #lobby :{words}").as_bytes());
    // In the header, in the mask, in the text, and in a character.
    for cut in [1, 2, 3, 5, 8, 9, 30, 42, frame.len() - 1] {
        send_across(&place, &mut ana, &frame, cut);
        let heard = bob.line();
        assert!(heard.ends_with(&format!("PRIVMSG #lobby :{words}\r")), "cut at {cut}: {heard}");
    }
    bob.send("PRIVMSG ana :still there?\r\n");
    assert!(ana.line().ends_with("PRIVMSG ana :still there?"));
}

#[test]
fn a_message_in_several_frames_and_a_ping_that_is_cut_arrive() {
    let place = Place::start(&[]);
    let mut ana = Browser::user(&place.at, "ana");
    let frames = fragmented(TEXT, b"PRIVMSG ana :in several frames", 10);
    let first = masked(TEXT - FIN, b"PRIVMSG an").len();
    for cut in [first, first + 3, frames.len() - 1] {
        send_across(&place, &mut ana, &frames, cut);
        assert!(ana.line().ends_with("PRIVMSG ana :in several frames"), "cut at {cut}");
    }
    let ping = masked(PING, b"a payload");
    for cut in [1, 4, 10] {
        send_across(&place, &mut ana, &ping, cut);
        assert_eq!(ana.frame(), Frame::new(PONG, b"a payload"), "cut at {cut}");
    }
    ana.settle();
}

#[test]
fn a_request_that_is_cut_by_an_upgrade_is_answered() {
    let place = Place::start(&[]);
    let request = "HEAD / HTTP/1.1\r\nHost: box\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n";
    for cut in [1, 4, 20, request.len() - 1] {
        let mut peer = Peer::connect(&place.at);
        peer.send(&request[..cut]);
        // Who comes later is served: by then, the first part has been read.
        Peer::irc_user(&place.at, &format!("later{cut}"));
        place.replace();
        peer.send(&request[cut..]);
        let response = peer.rest();
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "cut at {cut}: {response}");
    }
}
