//! The client over TLS, against a stand-in for a server: who is trusted, and that nothing else is different.
#![cfg(feature = "tls")]

mod support;

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use parlor::address::Address;
use parlor::client::{
    CertificateFault, Client, Error, EventKind, Events, HandshakeFault, Speaker, Step, Tls,
};
use parlor::name::{RoomName, UserName};
use parlor::wire::Wire;
use rcgen::{CertificateParams, date_time_ymd};
use rustls::version::{TLS12, TLS13};
use support::stand_in::StandIn;
use support::tls_stand_in::{Authority, Identity, Server};
use support::{DEADLINE, Program, Scratch, text};

fn connect(at: &Address, wire: Wire, tls: Tls) -> Result<Client, Error> {
    Client::builder().wire(wire).tls(tls).connect(at)
}

fn enter(at: &Address, wire: Wire, tls: Tls) -> (Speaker, Events) {
    let mut client = connect(at, wire, tls).expect("the server is to be trusted");
    client.login(&UserName::new("alice").expect("a name"), None).expect("the name is free");
    client.split().expect("a descriptor is left")
}

/// Somebody in a room on IRC.
fn member(at: &Address, tls: Tls) -> (Speaker, Events) {
    let (mut speaker, events) = enter(at, Wire::Irc, tls);
    speaker.join(&RoomName::new("#t").expect("a room")).expect("the server reads");
    (speaker, events)
}

fn welcome(peer: &mut StandIn) {
    peer.await_line("USER");
    peer.send(&[":s 001 alice :Welcome"]);
}

fn next(events: &mut Events) -> EventKind {
    events.next().expect("the server is there").expect("the connection is fine").kind
}

fn is_said(kind: &EventKind, wanted: &str) -> bool {
    matches!(kind, EventKind::Said { text, .. } if text == wanted)
}

fn no_change(_: &mut CertificateParams) {}

/// Each version of the protocol, in large packets and byte by byte.
fn ways(identity: &Identity) -> Vec<Server> {
    let ways = [(&TLS13, usize::MAX), (&TLS13, 1), (&TLS12, usize::MAX), (&TLS12, 1)];
    ways.map(|(version, piece)| Server { identity: identity.clone(), version, piece }).into()
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
fn a_connection_that_somebody_cut_is_lost() {
    let identity = Identity::self_signed(no_change);
    let tls = Tls::pinned(identity.fingerprint());
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

#[test]
fn a_server_that_reads_nothing_until_it_has_said_everything_gets_everything() {
    // More than what the system keeps for both sides.
    const LINES: usize = 40_000;
    let line = "x".repeat(400);
    let identity = Identity::self_signed(no_change);
    let tls = Tls::pinned(identity.fingerprint());
    let (at, serving) = Server::new(identity).play({
        let line = format!(":bob!b@h PRIVMSG #t :{line}");
        move |peer| {
            welcome(peer);
            (0..LINES).for_each(|_| peer.send(&[&line]));
            let said = std::iter::from_fn(|| peer.line()).take_while(|line| !line.starts_with("QUIT"));
            let count = said.filter(|line| line.starts_with("PRIVMSG")).count();
            peer.finish();
            count
        }
    });
    let mut client = connect(&at, Wire::Irc, tls).unwrap();
    client.login(&UserName::new("alice").unwrap(), None).unwrap();
    let (heard, total) = mpsc::channel();
    let mut count = 0;
    let listen = client.listen(move |item| match item {
        Some(Ok(event)) => {
            count += usize::from(matches!(event.kind, EventKind::Said { .. }));
            true
        }
        Some(Err(_)) | None => heard.send(count).is_err(),
    });
    let (mut speaker, reader) = listen.unwrap();
    speaker.turn_to(&RoomName::new("#t").unwrap());
    (0..LINES).for_each(|_| speaker.say(&line).expect("the server reads in the end"));
    speaker.quit().unwrap();
    assert_eq!(total.recv_timeout(DEADLINE), Ok(LINES));
    reader.join();
    assert_eq!(serving.join().unwrap(), LINES);
}

#[test]
fn a_server_that_takes_nothing_is_given_up_in_time() {
    let identity = Identity::self_signed(no_change);
    let tls = Tls::pinned(identity.fingerprint());
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
    let identity = Identity::self_signed(no_change);
    let tls = Tls::pinned(identity.fingerprint());
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
    let identity = Identity::self_signed(no_change);
    let tls = Tls::pinned(identity.fingerprint());
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
    // Nothing has been taken for a while, or it is busy elsewhere, which is no matter.
    while waiting.recv_timeout(Duration::from_millis(200)).is_ok() {}
    drop(events);
    speaking.join().unwrap();
    drop(ended);
    serving.join().unwrap();
}

/// Why this server is not taken.
#[track_caller]
fn fault(identity: &Identity, tls: &Tls) -> CertificateFault {
    let faults = [&TLS13, &TLS12].map(|version| {
        let server = Server { version, ..Server::new(identity.clone()) };
        let (at, serving) = server.turned_down();
        let error = connect(&at, Wire::Irc, tls.clone()).expect_err("the server is not to be trusted");
        let told = serving.join().expect("the server hears of it");
        assert!(told.contains("fatal alert"), "{told}");
        match error {
            Error::Certificate { server, why } if server == at => why,
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(faults[0], faults[1]);
    faults[0].clone()
}

#[test]
fn a_certificate_that_nobody_we_trust_vouches_for_is_refused_and_how_to_pin_it_is_told() {
    let tls = Tls::trusting([Authority::new().der()]);
    for identity in [Authority::new().certify(no_change), Identity::self_signed(no_change)] {
        let found = identity.fingerprint();
        let fault = fault(&identity, &tls);
        let why = "UnknownIssuer".to_owned();
        assert_eq!(fault, CertificateFault::Unknown { found, why });
        let line = format!(
            "the certificate is not from anybody this system trusts (UnknownIssuer). If you know that it is {found}, \
             as its owner prints it, add --fingerprint {found}"
        );
        assert_eq!(fault.to_string(), line);
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_told_in_its_own_words() {
    let authority = Authority::new();
    let tls = Tls::trusting([authority.der()]);
    let other = authority.certify(|params| {
        *params = CertificateParams::new(["chat.example".to_owned(), "192.0.2.1".to_owned()]).unwrap();
    });
    let old = authority.certify(|params| params.not_after = date_time_ymd(2020, 2, 3));
    let early = authority.certify(|params| params.not_before = date_time_ymd(2200, 2, 3));
    for (identity, words) in [
        (&other, "the certificate is for chat.example, 192.0.2.1, not for 127.0.0.1. If"),
        (&old, "the certificate was good until 2020-02-03T00:00:00Z only. If"),
        (&early, "the certificate is good from 2200-02-03T00:00:00Z on only, if the clock here is right. If"),
    ] {
        let line = fault(identity, &tls).to_string();
        assert!(line.starts_with(words), "{line}");
        assert!(line.ends_with(&format!("add --fingerprint {}", identity.fingerprint())), "{line}");
    }
}

#[test]
fn whoever_trusts_nobody_is_told_what_to_do() {
    let (at, _) = StandIn::play(|_| ());
    let error = connect(&at, Wire::Irc, Tls::trusting([])).unwrap_err();
    assert!(matches!(error, Error::Certificate { why: CertificateFault::NoRoots(None), .. }), "{error:?}");
}

#[test]
fn a_pinned_certificate_is_taken_whatever_stands_in_it_and_no_other_is() {
    let pinned = Identity::self_signed(|params| {
        *params = CertificateParams::new(["chat.example".to_owned()]).unwrap();
        params.not_after = date_time_ymd(2020, 2, 3);
    });
    let tls = Tls::pinned(pinned.fingerprint());
    for server in ways(&pinned) {
        let (at, serving) = server.play(|peer| {
            welcome(peer);
            peer.finish();
        });
        let (_speaker, mut events) = enter(&at, Wire::Irc, tls.clone());
        assert!(matches!(events.next(), Some(Err(Error::Lost { .. }))));
        serving.join().unwrap();
    }
    let other = Authority::new().certify(no_change);
    let (pin, found) = (pinned.fingerprint(), other.fingerprint());
    let fault = fault(&other, &tls);
    assert_eq!(fault, CertificateFault::Other { pin, found });
    let line = fault.to_string();
    assert!(line.starts_with(&format!("the certificate is {found}, and should be {pin}. ")), "{line}");
}

#[test]
fn who_shows_a_pinned_certificate_and_has_not_its_key_is_refused() {
    let pinned = Identity::self_signed(no_change);
    let tls = Tls::pinned(pinned.fingerprint());
    for version in [&TLS13, &TLS12] {
        let identity = Identity::self_signed(no_change).pretending(&pinned);
        let (at, serving) = Server { version, ..Server::new(identity) }.turned_down();
        let error = connect(&at, Wire::Irc, tls.clone()).unwrap_err();
        assert!(matches!(&error, Error::Handshake { why: HandshakeFault::Failed(_), .. }), "{error:?}");
        serving.join().unwrap();
    }
}

#[test]
fn a_server_that_speaks_no_tls_is_told_from_one_that_cannot_be_trusted() {
    let tls = Tls::pinned(Identity::self_signed(no_change).fingerprint());
    let (at, _) = StandIn::play(|peer| {
        peer.send(&["ERROR :Closing link: bytes outside a frame"]);
        peer.finish();
    });
    let error = connect(&at, Wire::Irc, tls.clone()).unwrap_err();
    assert_eq!(error.to_string(), format!("{at}: what it says is not TLS, try without --tls"));

    let (at, _) = StandIn::play(StandIn::finish);
    let error = connect(&at, Wire::Irc, tls.clone()).unwrap_err();
    assert!(matches!(error, Error::Handshake { why: HandshakeFault::Closed, .. }), "{error:?}");
}

#[test]
fn a_server_that_does_not_finish_its_handshake_is_not_waited_for() {
    let tls = Tls::pinned(Identity::self_signed(no_change).fingerprint());
    let (left, leave) = mpsc::channel::<()>();
    let silent = StandIn::play(move |_| leave.recv().is_err());
    // The head of a message of 16 KiB, and then, byte by byte, no end.
    let slow = StandIn::play_over(
        |mut stream| {
            stream.write_all(&[22, 3, 3, 64, 0, 2, 0, 62, 0]).unwrap();
            while stream.write_all(&[0]).is_ok() {
                thread::sleep(Duration::from_millis(10));
            }
            Box::new(stream)
        },
        |_| true,
    );
    for (at, serving) in [silent, slow] {
        let within = Duration::from_millis(100);
        let error = Client::builder().tls(tls.clone()).connect_timeout(within).connect(&at).unwrap_err();
        assert!(matches!(error, Error::Handshake { why: HandshakeFault::Late(_), .. }), "{error:?}");
        if !serving.is_finished() {
            continue;
        }
        assert!(serving.join().unwrap());
    }
    drop(left);
}

/// How the program ends that is to say something on this server.
#[track_caller]
fn once(at: &Address, environment: &[(&str, &str)], args: &[&str]) -> support::program::Ended {
    let target = format!("alice@{at}");
    let args = [args, &["--once", "hello", "-r", "t", &target]].concat();
    Program::parlor_in(environment, &args).ended()
}

/// Lets somebody in, and takes what they say.
fn serve(peer: &mut StandIn) {
    welcome(peer);
    peer.expect("JOIN #t");
    peer.send(&[":alice!a@h JOIN #t"]);
    peer.await_line("PRIVMSG #t :hello");
    loop {
        match peer.line() {
            Some(line) => match line.strip_prefix("PING ") {
                Some(token) => peer.send(&[&format!(":s PONG s {token}")]),
                None => {}
            },
            None => return peer.finish(),
        }
    }
}

#[test]
fn the_program_trusts_whom_the_system_trusts() {
    let (scratch, authority) = (Scratch::new(), Authority::new());
    let roots = scratch.file("roots.pem", &authority.pem());
    let identity = authority.certify(no_change);
    let (at, serving) = Server::new(identity.clone()).play(serve);
    let ended = once(&at, &[("SSL_CERT_FILE", text(&roots))], &["--tls"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    serving.join().unwrap();

    let others = scratch.file("others.pem", &Authority::new().pem());
    let (at, _) = Server::new(identity.clone()).turned_down();
    let ended = once(&at, &[("SSL_CERT_FILE", text(&others))], &["--tls"]);
    let pin = identity.fingerprint().to_string();
    let line = format!(
        "parlor: {at}: the certificate is not from anybody this system trusts (UnknownIssuer). If you know that it is \
         {pin}, as its owner prints it, add --fingerprint {pin}\n"
    );
    assert_eq!((ended.status, ended.stderr), (Some(3), line));

    let (at, serving) = Server::new(identity).play(serve);
    let ended = once(&at, &[("SSL_CERT_FILE", "/nowhere")], &["--fingerprint", &pin]);
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""), "nobody asks whom the system trusts");
    serving.join().unwrap();

    let (at, _) = StandIn::play(|_| ());
    let ended = once(&at, &[("SSL_CERT_FILE", "/nowhere")], &["--tls"]);
    assert_eq!(ended.status, Some(3));
    assert!(ended.stderr.contains("this system does not tell whom to trust ("), "{}", ended.stderr);
}

#[test]
fn the_program_ends_where_there_is_no_tls() {
    let (at, _) = StandIn::play(|peer| {
        peer.send(&["ERROR :Closing link: bytes outside a frame"]);
        peer.finish();
    });
    let pin = Identity::self_signed(no_change).fingerprint().to_string();
    let ended = once(&at, &[], &["--fingerprint", &pin]);
    let line = format!("parlor: {at}: what it says is not TLS, try without --tls\n");
    assert_eq!((ended.status, ended.stderr), (Some(1), line));
}

#[test]
fn a_certificate_that_has_changed_ends_the_program_when_it_comes_back() {
    let (first, second) = (Identity::self_signed(no_change), Identity::self_signed(no_change));
    let (pin, found) = (first.fingerprint().to_string(), second.fingerprint());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("alice@{}", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        for identity in [first, second] {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(DEADLINE)).unwrap();
            let mut peer = BufReader::new(Server::new(identity).open(stream));
            let mut line = String::new();
            // The second is turned down.
            while !line.starts_with("USER") && peer.read_line(&mut line).is_ok() {
                if !line.starts_with("USER") {
                    line.clear();
                }
            }
            peer.get_mut().write_all(b":s 001 alice :Welcome\r\n").ok();
        }
    });
    let mut program = Program::parlor(&["--fingerprint", &pin, "--retry", "ever", &target]);
    let ended = program.ended();
    assert_eq!(ended.status, Some(3));
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.contains(&format!("the certificate is {found}, and should be {pin}")), "{}", ended.stderr);
    serving.join().unwrap();
}
