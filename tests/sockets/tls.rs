//! The server over TLS and real sockets: both wires, bytes split anywhere, handshakes that never end, and every kind of
//! close.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use parlor::config::{Limits, Proxy, ServerConfig};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConnection, SupportedProtocolVersion};

use crate::support::options::config;
use crate::support::tls::Certificate;
use crate::support::{Peer, Scratch, TLS_HERE, TestServer, limits, login, say};

const VERSIONS: [&[&SupportedProtocolVersion]; 2] = [&[&TLS12], &[&TLS13]];

/// A TLS server and its certificate.
struct TlsScene {
    server: TestServer,
    certificate: Certificate,
    _scratch: Scratch,
}

impl TlsScene {
    fn new() -> Self {
        Self::with_limits(limits())
    }

    fn with_limits(limits: Limits) -> Self {
        Self::with(ServerConfig { limits, ..config() })
    }

    fn with(config: ServerConfig) -> Self {
        let scratch = Scratch::new();
        let certificate = Certificate::new(&scratch, "server");
        let listen = vec![crate::support::address("127.0.0.1:0")];
        let tls = certificate.config();
        let server = TestServer::run(ServerConfig { listen, tls, ..config });
        Self {
            server: server.expect("the loopback interface has free ports"),
            certificate,
            _scratch: scratch,
        }
    }

    fn client(&self) -> ClientConnection {
        self.certificate.client(&[&TLS12, &TLS13])
    }

    /// A peer after the handshake, which has sent nothing.
    fn connect(&self) -> Peer {
        Peer::over_tls(&self.server.tls_addresses()[0], self.client())
    }

    /// A peer that has not started the handshake.
    fn newcomer(&self) -> Peer {
        Peer::before_tls(&self.server.tls_addresses()[0], self.client())
    }
}

fn records_of(client: &mut ClientConnection) -> Vec<u8> {
    let mut records = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut records).expect("a vector takes everything");
    }
    records
}

/// The end of each record in `bytes` (RFC 8446 §5.1).
fn ends_of_records(bytes: &[u8]) -> Vec<usize> {
    let (mut ends, mut at) = (Vec::new(), 0);
    while let Some(header) = bytes.get(at..at + 5) {
        at += 5 + usize::from(u16::from_be_bytes([header[3], header[4]]));
        ends.push(at);
    }
    ends
}

#[test]
fn both_wires_meet_with_and_without_tls() {
    for versions in VERSIONS {
        let house = TlsScene::new();
        let at = &house.server.tls_addresses()[0];
        let mut alice = Peer::over_tls(at, house.certificate.client(versions)).log_in("alice");
        let mut bob = Peer::over_tls(at, house.certificate.client(versions)).register("bob");
        let mut carol = house.server.user("carol");
        bob.send("JOIN #lobby\r\n");
        bob.settle_on_irc("joined");
        alice.send(say("hi"));
        alice.expect("alice说：hi\n");
        carol.expect("alice说：hi\n");
        assert!(bob.line().ends_with(" PRIVMSG #lobby :hi\r"));
        bob.send("PRIVMSG #lobby :tea?\r\nPRIVMSG alice :psst\r\n");
        carol.expect("bob说：tea?\n");
        alice.expect("bob说：tea?\nbob悄悄地对你说：psst\n");
    }
}

#[test]
fn a_tls_user_is_shown_as_secure() {
    let house = TlsScene::new();
    let mut bob = house.connect().register("bob");
    let mut carol = Peer::irc_user(&house.server.addresses()[0], "carol");
    carol.send("WHOIS bob\r\nWHOIS carol\r\n");
    let mut secure = Vec::new();
    for _ in 0..2 {
        loop {
            let line = carol.line();
            if line.contains(" 671 ") {
                secure.push(line.clone());
            }
            if line.contains(" 318 ") {
                break;
            }
        }
    }
    assert_eq!(secure, [":parlor.local 671 carol bob :is using a secure connection\r"]);
    bob.send("QUIT\r\n");
    bob.expect_closing_link("Quit");
    bob.expect_end();
}

#[test]
fn a_pause_after_or_inside_any_record_does_no_harm() {
    for versions in VERSIONS {
        let house = TlsScene::new();
        let at = &house.server.tls_addresses()[0];
        let mut witness = house.server.user("witness");
        // Split after each record, and in its middle.
        for is_whole in [true, false] {
            let mut peer = Peer::before_tls(at, house.certificate.client(versions));
            let mut has_said = false;
            loop {
                let (client, socket) = peer.tls();
                if !client.is_handshaking() && !has_said {
                    has_said = true;
                    let frames = [login("alice"), say("one"), say("two")];
                    frames.iter().for_each(|frame| client.writer().write_all(frame.as_bytes()).unwrap());
                    client.send_close_notify();
                }
                let records = records_of(client);
                let mut sent = 0;
                for end in ends_of_records(&records) {
                    let cut = if is_whole { end } else { sent + (end - sent) / 2 };
                    for until in [cut, end] {
                        socket.write_all(&records[sent..until]).unwrap();
                        sent = until;
                        // The server has then read all earlier input.
                        witness.settle_amid_chat("witness");
                    }
                }
                if has_said {
                    break;
                }
                client.complete_io(socket).expect("the server goes on with the handshake");
            }
            peer.expect("1alice说：one\nalice说：two\n");
            peer.expect_end();
        }
    }
}

#[test]
fn a_close_notify_is_answered_after_all_input_is_handled() {
    for versions in VERSIONS {
        let house = TlsScene::new();
        let at = &house.server.tls_addresses()[0];
        let mut alice = Peer::over_tls(at, house.certificate.client(versions)).log_in("alice");
        for n in 0..1000 {
            alice.send(say(&format!("line {n}")));
        }
        alice.finish();
        for n in 0..1000 {
            alice.expect(&format!("alice说：line {n}\n"));
        }
        // Without a close_notify this would be an error.
        alice.expect_end();
    }
}

#[test]
fn an_end_without_a_close_notify_is_a_broken_connection() {
    let house = TlsScene::new();
    let mut witness = Peer::irc_member(&house.server.addresses()[0], "witness");
    let alice = house.connect().register("alice");
    let mut alice = alice;
    alice.send("JOIN #lobby\r\n");
    alice.settle_on_irc("joined");
    assert!(witness.line().contains(" JOIN "));
    alice.hang_up();
    let line = witness.line();
    assert!(line.ends_with(" QUIT :connection broken: unexpected end of file\r"), "{line}");
}

#[test]
fn a_stopping_server_tells_the_reason_and_sends_a_close_notify() {
    let house = TlsScene::new();
    let mut alice = house.connect().register("alice");
    let mut bob = house.connect().log_in("bob");
    // Neither of these delays shutdown.
    let (silent, mut begun) = (house.newcomer(), house.newcomer());
    let (client, socket) = begun.tls();
    let hello = records_of(client);
    socket.write_all(&hello[..hello.len() / 2]).unwrap();
    alice.settle_on_irc("ready");
    house.server.begin_to_stop();
    alice.expect_closing_link("the server is shutting down");
    alice.expect_end();
    bob.expect_notice("the server is shutting down");
    bob.expect_end();
    begun.wait_for_any_end();
    drop(silent);
    house.server.stop();
}

#[test]
fn an_unfinished_handshake_times_out() {
    let house = TlsScene::with_limits(Limits { login_timeout: Duration::from_secs(1), ..limits() });
    let mut silent = Peer::connect(&house.server.tls_addresses()[0]);
    let mut slow = house.newcomer();
    let (client, socket) = slow.tls();
    let hello = records_of(client);
    socket.write_all(&hello[..hello.len() - 1]).unwrap();
    // Neither could read a reason.
    silent.expect_end();
    let mut byte = [0];
    let end = slow.tls().1.read(&mut byte);
    assert!(matches!(end, Ok(0)) || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
}

#[test]
fn a_plain_client_at_a_tls_port_and_the_reverse_get_a_clear_error() {
    let house = TlsScene::new();
    for first in ["NICK alice\r\n", "∏∑alice∏∑", "\u{80}"] {
        let mut plain = Peer::connect(&house.server.tls_addresses()[0]);
        plain.send(first);
        plain.expect_closing_link("this port requires TLS: connect with TLS, or to a port without it");
        plain.expect_end();
    }
    let hello = records_of(&mut house.client());
    for cut in [1, 2, hello.len()] {
        let mut tls = house.server.connect();
        tls.send(&hello[..cut]);
        tls.try_send(&hello[cut..]).ok();
        tls.expect_closing_link(TLS_HERE);
    }
}

#[test]
fn a_refused_peer_gets_a_tls_alert_instead_of_a_handshake() {
    let house = TlsScene::with_limits(Limits { connections: 1, ..limits() });
    let _first = house.connect().register("first");
    let mut second = house.newcomer();
    let (client, socket) = second.tls();
    let error = client.complete_io(socket).expect_err("there is no handshake");
    assert!(error.to_string().contains("AccessDenied"), "{error}");
}

#[test]
fn a_tls_peer_that_never_reads_is_closed() {
    let house = TlsScene::with_limits(Limits { outbox_bytes: 64 * 1024, ..limits() });
    let mut deaf = house.connect().log_in("deaf");
    let mut alice = house.connect().register("alice");
    alice.send("JOIN #lobby\r\n");
    alice.settle_on_irc("joined");
    // The kernel buffers some megabytes for a peer that does not read.
    for round in 0..1000 {
        alice.send(format!("PRIVMSG #lobby :{}\r\n", "x".repeat(400)).repeat(250));
        alice.send(format!("PING {round}\r\n"));
        loop {
            let line = alice.line();
            if line.contains(" QUIT :outbox full") {
                return deaf.wait_for_any_end();
            }
            if line.contains(" PONG ") {
                break;
            }
        }
    }
    panic!("a peer that does not read is never closed");
}

#[test]
fn a_proxy_header_precedes_the_handshake_and_limits_apply_to_the_real_peer() {
    let proxy_from = vec![Proxy::Network("127.0.0.0/8".parse().expect("it is a network"))];
    let limits = Limits { connections_per_ip: 1, ..limits() };
    let house = TlsScene::with(ServerConfig { proxy_from, limits, ..config() });
    let through_proxy = |ip: &str, cut: usize| {
        let mut peer = house.newcomer();
        let header = format!("PROXY TCP4 {ip} 127.0.0.1 1234 6697\r\n");
        let bytes = [header.as_bytes(), &records_of(peer.tls().0)].concat();
        // Together with the first bytes of the handshake, or separately.
        let socket = peer.tls().1;
        socket.write_all(&bytes[..cut]).expect("the server reads");
        socket.write_all(&bytes[cut..]).expect("the server reads");
        peer
    };
    let header_bytes = "PROXY TCP4 192.0.2.7 127.0.0.1 1234 6697\r\n".len();
    let first = through_proxy("192.0.2.7", header_bytes).register("first");
    let second = through_proxy("192.0.2.8", 3).register("second");
    let mut third = through_proxy("192.0.2.7", header_bytes + 20);
    let (client, socket) = third.tls();
    let error = client.complete_io(socket).expect_err("that address has a connection");
    assert!(error.to_string().contains("AccessDenied"), "{error}");
    // Without a header, the bytes are not even checked for TLS.
    let mut bare = house.newcomer();
    let (client, socket) = bare.tls();
    client.write_tls(socket).expect("the server reads");
    bare.wait_for_any_end();
    drop((first, second));
}
