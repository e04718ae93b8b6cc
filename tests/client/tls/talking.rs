//! A connection over TLS is one like any other, and who cuts it is noticed.

use std::io::{ErrorKind, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use parlor::client::{Client, ClientEventKind, Error, Events, Step, Tls};
use parlor::name::{RoomName, UserName};
use parlor::wire::Wire;

use super::{connect, enter, member, no_change, pinned, ways, welcome};
use crate::support::tls_stand_in::{Authority, Server};

fn next(events: &mut Events) -> ClientEventKind {
    events.next().expect("the server is there").expect("the connection is fine").kind
}

fn is_said(kind: &ClientEventKind, wanted: &str) -> bool {
    matches!(kind, ClientEventKind::Said { text, .. } if text == wanted)
}

#[test]
fn on_irc_everything_is_as_it_is_in_the_open() {
    let authority = Authority::new();
    for server in ways(&authority.certify(no_change)) {
        let (at, serving) = server.play(|peer| {
            welcome(peer);
            peer.expect("JOIN #t");
            peer.expect("PRIVMSG #t :hello");
            peer.send(&[":bob!b@h PRIVMSG #t :one", "PING :x", ":bob!b@h PRIVMSG #t :two"]);
            peer.expect("PONG :x");
            peer.await_line("QUIT");
            peer.finish();
        });
        let (mut speaker, mut events) = member(&at, Tls::trusting([authority.der()]));
        speaker.say("hello").unwrap();
        assert!(is_said(&next(&mut events), "one"));
        assert!(is_said(&next(&mut events), "two"));
        speaker.quit().unwrap();
        assert!(events.next().is_none());
        serving.join().unwrap();
    }
}

#[test]
fn on_the_crazyit_wire_everything_is_as_it_is_in_the_open() {
    let authority = Authority::new();
    for server in ways(&authority.certify(no_change)) {
        let (at, serving) = server.play(|peer| {
            peer.expect_bytes("∏∑alice∏∑");
            peer.send_bytes(b"1");
            peer.expect_bytes("§γhello§γ");
            peer.send_bytes("alice说：hello\nbob说：hi".as_bytes());
            assert_eq!(peer.line(), None, "our side ends, and the server knows that it was us");
            peer.send_bytes("\nbob说：bye\n".as_bytes());
            peer.finish();
        });
        let (mut speaker, mut events) = enter(&at, Wire::CrazyIt, Tls::trusting([authority.der()]));
        speaker.say("hello").unwrap();
        assert!(is_said(&next(&mut events), "hello"));
        speaker.finish().unwrap();
        assert!(is_said(&next(&mut events), "hi"));
        assert!(is_said(&next(&mut events), "bye"));
        assert!(events.next().is_none());
        serving.join().unwrap();
    }
}

#[test]
fn what_is_said_right_behind_the_handshake_is_heard() {
    let authority = Authority::new();
    for server in ways(&authority.certify(no_change)) {
        let (finished, is_finished) = mpsc::channel();
        let (at, serving) = server.play(move |peer| {
            peer.send(&["ERROR :Closing link: the server is full"]);
            peer.finish();
            finished.send(()).unwrap();
            peer.await_failure();
        });
        let mut client = connect(&at, Wire::Irc, Tls::trusting([authority.der()])).unwrap();
        let error = client.login(&UserName::new("alice").unwrap(), None).unwrap_err();
        assert!(
            matches!(&error, Error::Unavailable { line, .. } if line == "the server is full"),
            "{error:?}"
        );
        // Who leaves before the server's end is there resets the connection.
        is_finished.recv().unwrap();
        drop(client);
        serving.join().unwrap();
    }
}

#[test]
fn a_connection_that_somebody_cut_is_lost() {
    let (identity, tls) = pinned();
    let lost = |events: &mut Events| match events.next() {
        Some(Err(Error::Lost { step, error, .. })) => {
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
            step
        }
        other => panic!("{other:?}"),
    };
    let (at, _) = Server::new(identity.clone()).play(|peer| {
        welcome(peer);
        peer.cut();
        peer.line()
    });
    assert_eq!(lost(&mut enter(&at, Wire::Irc, tls.clone()).1), Step::Talking);

    // Only the server's own end tells that it has taken everything.
    let (at, _) = Server::new(identity.clone()).play(|peer| {
        peer.expect_bytes("∏∑alice∏∑");
        peer.send_bytes(b"1");
        assert_eq!(peer.line(), None);
        peer.cut();
    });
    let (speaker, mut events) = enter(&at, Wire::CrazyIt, tls.clone());
    speaker.finish().unwrap();
    assert_eq!(lost(&mut events), Step::Closing);

    // Here we have left already.
    let (at, _) = Server::new(identity).play(|peer| {
        welcome(peer);
        peer.await_line("QUIT");
        peer.cut();
    });
    let (speaker, mut events) = enter(&at, Wire::Irc, tls);
    speaker.quit().unwrap();
    assert!(events.next().is_none());
}

/// Waits until `said` tells of nothing more: who says it is blocked, or busy elsewhere, which is no matter.
fn await_block(said: &mpsc::Receiver<()>) {
    while said.recv_timeout(Duration::from_millis(200)).is_ok() {}
}

#[test]
fn who_is_blocked_while_they_speak_hears_everything() {
    // More than what the system keeps for both sides.
    const LINES: usize = 40_000;
    let (identity, tls) = pinned();
    let (go, gone) = mpsc::channel();
    let line = "x".repeat(400);
    let theirs = format!(":bob!b@h PRIVMSG #t :{line}");
    let (at, serving) = Server::new(identity).play(move |peer| {
        welcome(peer);
        gone.recv().unwrap();
        (0..LINES).for_each(|_| peer.send(&[&theirs]));
        let said = std::iter::from_fn(|| peer.line()).take_while(|line| !line.starts_with("QUIT"));
        let count = said.filter(|line| line.starts_with("PRIVMSG")).count();
        peer.finish();
        count
    });
    let (mut speaker, events) = member(&at, tls);
    let (saying, said) = mpsc::channel();
    let speaking = thread::spawn(move || {
        for _ in 0..LINES {
            speaker.say(&line).expect("the server reads in the end");
            saying.send(()).unwrap();
        }
        speaker.quit().unwrap();
    });
    await_block(&said);
    go.send(()).unwrap();
    let heard = events.map(|item| item.expect("the connection is fine"));
    assert_eq!(heard.filter(|event| matches!(event.kind, ClientEventKind::Said { .. })).count(), LINES);
    speaking.join().unwrap();
    assert_eq!(serving.join().unwrap(), LINES);
}

#[test]
fn a_server_that_takes_nothing_is_given_up_in_time() {
    let (identity, tls) = pinned();
    let (ended, end) = mpsc::channel::<()>();
    let (at, serving) = Server::new(identity).play(move |peer| {
        welcome(peer);
        end.recv().ok();
    });
    let builder = Client::builder().tls(tls).send_timeout(Duration::from_millis(50));
    let mut client = builder.connect(&at).unwrap();
    client.login(&UserName::new("alice").unwrap(), None).unwrap();
    let (mut speaker, _events) = client.split().unwrap();
    speaker.turn_to(&RoomName::new("#t").unwrap());
    let line = "x".repeat(400);
    let error = std::iter::repeat_with(|| speaker.say(&line)).find_map(Result::err);
    assert!(
        matches!(&error, Some(Error::Lost { error, .. }) if error.kind() == ErrorKind::WouldBlock),
        "{error:?}"
    );
    drop(ended);
    serving.join().unwrap();
}

#[test]
fn a_server_that_says_a_little_of_something_again_and_again_has_not_answered() {
    let (identity, tls) = pinned();
    let (at, serving) = Server::new(identity).shake_hands(|session, stream| {
        session.writer().write_all(&[b'x'; 16_000]).unwrap();
        let mut record = Vec::new();
        session.write_tls(&mut record).unwrap();
        for byte in record {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the client waits for all of it");
    });
    let builder = Client::builder().tls(tls).answer_timeout(Duration::from_millis(100));
    let mut client = builder.connect(&at).unwrap();
    let error = client.login(&UserName::new("alice").unwrap(), None).unwrap_err();
    assert!(matches!(error, Error::NoAnswer { .. }), "{error:?}");
    drop(client);
    serving.join().unwrap();
}

#[test]
fn whoever_is_blocked_is_woken_when_the_connection_is_dropped() {
    let (identity, tls) = pinned();
    let (ended, end) = mpsc::channel::<()>();
    let (at, serving) = Server::new(identity).play(move |peer| {
        welcome(peer);
        // It neither reads nor speaks until everybody has left.
        end.recv().ok();
    });
    let (mut speaker, events) = member(&at, tls);
    let (blocked, waiting) = mpsc::channel();
    let speaking = thread::spawn(move || {
        let line = "x".repeat(400);
        while speaker.say(&line).is_ok() {
            blocked.send(()).ok();
        }
    });
    await_block(&waiting);
    drop(events);
    speaking.join().unwrap();
    drop(ended);
    serving.join().unwrap();
}
