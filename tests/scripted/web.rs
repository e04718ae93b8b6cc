//! Browsers over scripted streams.

use crate::support::frames::{TEXT, frames, masked};
use crate::support::limits;
use crate::support::scene::Scene;

const GET: &str = "GET / HTTP/1.1\r\nHost: box\r\nAccept-Encoding: gzip\r\n\r\n";

#[test]
fn a_page_elsewhere_cannot_make_a_browser_speak_irc() {
    for request in ["GET /x HTTP/1.1\r\n", "POST / HTTP/1.1\r\n", "get /\r\n", "NICK /ana HTTP/1.1\r\n"] {
        let mut scene = Scene::new(limits());
        let eve = scene.connect();
        scene.send(&eve, format!("{request}Host: box\r\n\r\nNICK eve\r\nUSER eve 0 * :x\r\n"));
        let heard = eve.heard();
        assert!(heard.starts_with("HTTP/1.1 4") || heard.starts_with("HTTP/1.1 5"), "{request:?}: {heard}");
        assert!(heard.contains("\r\nConnection: close\r\n"), "{request:?}: {heard}");
        assert!(eve.is_shut() && scene.server.hub().users().is_empty(), "{request:?}");
    }
}

#[test]
fn a_reset_after_any_byte_leaves_nothing_counted() {
    let browser = [&b"NICK ana"[..], b"USER u 0 * :u"].map(|line| masked(TEXT, line)).concat();
    for cut in 0..=GET.len() {
        let mut scene = Scene::new(limits());
        let guest = scene.connect();
        scene.send(&guest, &GET[..cut]);
        // The scene checks after each turn that what is kept is counted.
        scene.reset(&guest);
        assert_eq!(scene.server.connections(), 0);
    }
    for cut in 0..=browser.len() {
        let mut scene = Scene::new(limits());
        let guest = scene.connect_browser();
        scene.send(&guest, &browser[..cut]);
        scene.reset(&guest);
        assert_eq!(scene.server.connections(), 0);
    }
}

#[test]
fn frames_that_a_browser_takes_in_any_pieces_are_whole() {
    for size in [1, 2, 7, 100] {
        let mut scene = Scene::new(limits());
        let (ana, bob) = (scene.connect_browser(), scene.connect_browser());
        for (guest, name) in [(&ana, "ana"), (&bob, "bob")] {
            let lines = [&format!("NICK {name}")[..], "USER u 0 * :u", "JOIN #tea"];
            scene.send(guest, lines.map(|line| masked(TEXT, line.as_bytes())).concat());
            guest.heard_bytes();
        }
        bob.push_room(0);
        let mut heard = Vec::new();
        for n in 0..20 {
            scene.send(&ana, masked(TEXT, format!("PRIVMSG #tea :{n}").as_bytes()));
            scene.give_room(&bob, size);
            heard.extend(bob.heard_bytes());
        }
        scene.give_room(&bob, usize::MAX);
        heard.extend(bob.heard_bytes());
        let texts: Vec<_> = frames(&heard).iter().map(|frame| frame.text().to_owned()).collect();
        assert_eq!(texts.len(), 20, "{texts:?}");
        assert!(texts.iter().enumerate().all(|(n, text)| text.ends_with(&format!(" PRIVMSG #tea :{n}"))));
    }
}

#[test]
fn what_follows_the_last_request_is_read_although_the_response_is_not() {
    let mut scene = Scene::new(limits());
    let guest = scene.connect();
    guest.push_room(0);
    scene.send(&guest, format!("GET / HTTP/1.0\r\n\r\n{}", "x".repeat(20_000)));
    assert_eq!(guest.wire.borrow().arrived.len(), 0);
    scene.give_room(&guest, usize::MAX);
    assert!(guest.is_shut() && guest.heard().starts_with("HTTP/1.1 406 "));
}
