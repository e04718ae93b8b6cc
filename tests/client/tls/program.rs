//! The program `parlor` over TLS.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use parlor::address::Address;

use super::{no_change, welcome};
use crate::support::program::Ended;
use crate::support::tls_stand_in::{Authority, Identity, Server};
use crate::support::{DEADLINE, Program, Scratch, StandIn, text};

/// How the program ends that is to say something on this server.
#[track_caller]
fn once(at: &Address, environment: &[(&str, &str)], args: &[&str]) -> Ended {
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
            Some(line) => {
                if let Some(token) = line.strip_prefix("PING ") {
                    peer.send(&[&format!(":s PONG s {token}")]);
                }
            }
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
        "parlor: {at}: the certificate is not signed by an authority that this system trusts (UnknownIssuer). If you know that it is \
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
    assert!(ended.stderr.contains("this system has no trusted authorities ("), "{}", ended.stderr);
}

#[test]
fn the_program_ends_where_there_is_no_tls() {
    let (at, _) = StandIn::play(|peer| {
        peer.send(&["ERROR :Closing link: bytes outside a frame"]);
        peer.finish();
    });
    let pin = Identity::self_signed(no_change).fingerprint().to_string();
    let ended = once(&at, &[], &["--fingerprint", &pin]);
    let line = format!("parlor: {at}: it does not speak TLS, try without --tls\n");
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
