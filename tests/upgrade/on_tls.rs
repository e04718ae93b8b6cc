//! Users on TLS, whose connections no program can take over.

use std::sync::Arc;

use parlor::address::Address;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, HandshakeKind};

use crate::place::Place;
use crate::support::tls::{Certificate, client_of};
use crate::support::{Peer, Scratch, address, text};

const PASSWORD: &str = "correct horse battery";

/// A server that speaks TLS as well.
struct Server {
    place: Place,
    over_tls: Address,
    certificate: Certificate,
    _scratch: Scratch,
}

impl Server {
    fn start() -> Self {
        let scratch = Scratch::new();
        let certificate = Certificate::new(&scratch, "server");
        let files = ["--tls-cert", text(&certificate.cert), "--tls-key", text(&certificate.key)];
        let place = Place::start(&[&["--tls-listen", "127.0.0.1:0"][..], &files].concat());
        let line = place.server.line();
        let (at, _) = line.split_once(" with TLS, ").expect("it tells where");
        let over_tls = address(at.strip_prefix("listening on ").expect("it begins like this"));
        Self { place, over_tls, certificate, _scratch: scratch }
    }

    /// Begins a connection over TLS, and tells whether it resumes an earlier one.
    fn connect(&self, config: &Arc<ClientConfig>) -> (Peer, bool) {
        let mut peer = Peer::over_tls(&self.over_tls, client_of(config));
        let is_resumed = peer.tls().0.handshake_kind() == Some(HandshakeKind::Resumed);
        (peer, is_resumed)
    }
}

/// Lets ana log in to her account again. Returns what she hears up to a line with this text.
fn come_back(peer: &mut Peer, last: &str) -> String {
    peer.send(format!("PASS ana:{PASSWORD}\r\nNICK ana\r\nUSER ana 0 * :ana\r\n"));
    let mut heard = String::new();
    while !heard.contains(last) {
        heard.extend([&peer.line(), "\n"]);
    }
    heard
}

#[test]
fn a_user_with_an_account_resumes_its_session_and_nobody_has_seen_it_leave() {
    for version in [&TLS12, &TLS13] {
        let server = Server::start();
        let config = server.certificate.client_config(&[version]);
        let mut bob = Peer::irc_member(&server.place.at, "bob");
        let (ana, _) = server.connect(&config);
        let mut ana = ana.register("ana");
        ana.send(format!("NS REGISTER {PASSWORD}\r\n"));
        while !ana.line().contains("registered") {}
        ana.send("JOIN #lobby\r\nJOIN #tea\r\nTOPIC #tea :green\r\n");
        ana.settle_on_irc("joined");
        bob.settle_on_irc("joined");

        server.place.install();
        server.place.upgrade();
        let rest = ana.rest();
        assert!(rest.starts_with("ERROR :Closing link: ") && rest.contains("upgrade"), "{rest}");
        bob.send("PRIVMSG #lobby :does she hear this?\r\n");
        assert!(bob.settle_on_irc("said").is_empty(), "nobody has left");

        let (mut ana, is_resumed) = server.connect(&config);
        assert!(is_resumed, "{version:?}");
        let heard = come_back(&mut ana, "does she hear this?");
        for part in ["JOIN #lobby", "JOIN #tea", " 332 ana #tea :green"] {
            assert!(heard.contains(part), "{part} is not in {heard}");
        }
        bob.send("NAMES #tea\r\nPRIVMSG ana :welcome\r\n");
        let heard = bob.settle_on_irc("greeted").join("\n");
        assert!(!heard.contains("JOIN") && !heard.contains(" 301 "), "{heard}");
        while !ana.line().contains("welcome") {}
        ana.send("MODE #tea +m\r\n");
        let heard = ana.settle_on_irc("changed").join("\n");
        assert!(heard.contains("MODE #tea +m"), "{heard}");
    }
}

#[test]
fn a_user_without_an_account_leaves_and_its_name_is_free() {
    let server = Server::start();
    let config = server.certificate.client_config(&[&TLS13]);
    let mut bob = Peer::irc_member(&server.place.at, "bob");
    let (eve, _) = server.connect(&config);
    let mut eve = eve.register("eve");
    eve.send("JOIN #lobby\r\n");
    eve.settle_on_irc("joined");
    bob.settle_on_irc("joined");
    server.place.install();
    server.place.upgrade();
    assert!(eve.rest().contains("upgrade"));
    let line = bob.line();
    assert!(line.starts_with(":eve!") && line.contains(" QUIT :"), "{line}");
    let (eve, is_resumed) = server.connect(&config);
    assert!(is_resumed);
    eve.register("eve");
}

#[test]
fn places_are_kept_through_several_upgrades() {
    let server = Server::start();
    let config = server.certificate.client_config(&[&TLS13]);
    let mut bob = Peer::irc_member(&server.place.at, "bob");
    let mut ana = Peer::irc_member(&server.place.at, "ana");
    ana.send(format!("NS REGISTER {PASSWORD}\r\n"));
    while !ana.line().contains("registered") {}
    ana.send("QUIT\r\n");
    ana.wait_for_any_end();
    let (mut ana, _) = server.connect(&config);
    come_back(&mut ana, " 422 ");
    ana.send("JOIN #lobby\r\n");
    ana.settle_on_irc("joined");
    bob.settle_on_irc("joined");
    for _ in 0..3 {
        server.place.install();
        server.place.upgrade();
    }
    assert!(bob.settle_on_irc("alone").is_empty(), "nobody has left");
    let (mut ana, is_resumed) = server.connect(&config);
    assert!(is_resumed);
    come_back(&mut ana, " JOIN #lobby");
    assert!(bob.settle_on_irc("together").is_empty(), "nobody has come");
}

#[cfg(feature = "web")]
#[test]
fn browsers_are_told_to_come_again() {
    use crate::support::browser::Browser;

    let server = Server::start();
    let (peer, _) = server.connect(&server.certificate.client_config(&[&TLS13]));
    let mut ana = Browser::over(peer, Some("text.ircv3.net")).register("ana");
    server.place.replace();
    // The code means that the service restarts.
    ana.expect_farewell(1012, "the server is being upgraded, connect again");
}
