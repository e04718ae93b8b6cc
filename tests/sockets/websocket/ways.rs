//! Browsers reach every kind of listener.

use parlor::config::{Proxy, ServerConfig, WebConfig};

use super::browser;
use crate::support::browser::{Browser, request};
use crate::support::frames::{PING, masked};
use crate::support::{Peer, Scratch, TestServer, address, limits, options};

/// Says something to `bob` in many pieces, and gets a pong.
fn talk(peer: Peer, bob: &mut Browser) {
    let mut ana = Browser::over(peer, Some("text.ircv3.net")).register("ana");
    for byte in masked(0x81, "PRIVMSG bob :茶".as_bytes()) {
        ana.send([byte]);
    }
    assert!(bob.line().ends_with(" PRIVMSG bob :茶"));
    ana.ping(b"still here");
    ana.say("QUIT");
    ana.expect_farewell(1000, "Quit");
}

#[test]
fn browsers_of_all_three_families_meet() {
    let scratch = Scratch::new();
    let listen = [address("127.0.0.1:0"), address("[::1]:0"), scratch.socket("s")];
    let server = TestServer::listen(&listen, limits()).expect("the addresses are free");
    let mut bob = browser(&server, "bob");
    for address in server.addresses() {
        talk(Peer::connect(address), &mut bob);
    }
}

#[test]
fn a_browser_behind_a_proxy_has_its_own_address() {
    let listen = vec![address("127.0.0.1:0")];
    let proxy_from = vec![Proxy::Network("127.0.0.2/32".parse().expect("a network"))];
    let server = TestServer::run(ServerConfig { listen, proxy_from, ..options::config() })
        .expect("the loopback interface has a free port");
    let mut peer = Peer::connect_from(&server.addresses()[0], [127, 0, 0, 2].into());
    peer.send("PROXY TCP4 192.0.2.7 192.0.2.1 50000 30000\r\n");
    let mut ana = Browser::over(peer, None).register("ana");
    ana.say("WHOIS ana");
    assert!(ana.expect(" 338 ").contains("192.0.2.7"));
}

#[cfg(feature = "tls")]
#[test]
fn browsers_talk_over_tls() {
    use rustls::version::{TLS12, TLS13};

    use crate::support::tls::Certificate;

    let scratch = Scratch::new();
    let certificate = Certificate::new(&scratch, "server");
    let (listen, tls) = (vec![address("127.0.0.1:0")], certificate.config());
    let server = TestServer::run(ServerConfig { listen, tls, ..options::config() })
        .expect("the loopback interface has free ports");
    let mut bob = browser(&server, "bob");
    for version in [&TLS12, &TLS13] {
        talk(Peer::over_tls(&server.tls_addresses()[0], certificate.client(&[version])), &mut bob);
    }
}

#[test]
fn without_web_nobody_speaks_websocket() {
    let listen = vec![address("127.0.0.1:0")];
    let server = TestServer::run(ServerConfig {
        listen,
        web: WebConfig { is_on: false, ..WebConfig::default() },
        ..options::config()
    })
    .expect("the loopback interface has a free port");
    let mut peer = server.connect();
    peer.send(request(""));
    assert!(peer.rest().starts_with("ERROR :Closing link: "));
    let mut peer = server.connect();
    peer.send(masked(PING, b""));
    assert!(peer.rest().starts_with("ERROR :Closing link: "));
}
