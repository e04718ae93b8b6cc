//! The PROXY protocol over real sockets: 127.0.0.2 is a proxy, other addresses are not.

use std::net::{Ipv4Addr, SocketAddr};

use parlor::address::Address;
use parlor::config::{Limits, Operator, Proxy, ServerConfig};
use parlor::message::CloseReason;

use crate::support::{NEITHER, Peer, Scratch, TestServer, address, limits, login, options};

const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn start(limits: Limits) -> TestServer {
    let proxy_from = vec![Proxy::Network("127.0.0.2/31".parse().expect("a network")), Proxy::Unix];
    let operators =
        vec![Operator { name: "root".into(), password: "secret".parse().expect("it is a password") }];
    let listen = vec![address("127.0.0.1:0")];
    TestServer::run(ServerConfig { listen, limits, operators, proxy_from, ..options::config() })
        .expect("the loopback interface has a free port")
}

/// The proxy, connected, without a header.
fn proxy(server: &TestServer) -> Peer {
    Peer::connect_from(&server.addresses()[0], PROXY)
}

/// The proxy after sending a header for `source`.
fn proxied(server: &TestServer, source: &str) -> Peer {
    let mut peer = proxy(server);
    peer.send(v1(source));
    peer
}

fn v1(source: &str) -> String {
    let source: SocketAddr = source.parse().expect("the test names a good address");
    let (family, destination) =
        if source.is_ipv4() { ("TCP4", "192.0.2.1") } else { ("TCP6", "2001:db8::1") };
    format!("PROXY {family} {} {destination} {} 30000\r\n", source.ip(), source.port())
}

fn v2(source: &str) -> Vec<u8> {
    let source: SocketAddr = source.parse().expect("the test names a good address");
    let (family, addresses) = match source {
        SocketAddr::V4(v4) => (0x11, [&v4.ip().octets()[..], &[192, 0, 2, 1]].concat()),
        SocketAddr::V6(v6) => (0x21, [v6.ip().octets(), [0; 16]].concat()),
    };
    // Extensions, which the server skips.
    let rest =
        [addresses, source.port().to_be_bytes().to_vec(), vec![0x75, 0x30], b"\x04\0\x01x".to_vec()].concat();
    [b"\r\n\r\n\0\r\nQUIT\n\x21".as_slice(), &[family, 0, rest.len() as u8], &rest].concat()
}

fn register(peer: &mut Peer, name: &str) {
    peer.send(format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\n"));
    peer.settle_on_irc("welcome");
}

/// The address that a user sees of itself.
fn own_address(peer: &mut Peer, name: &str) -> Option<String> {
    peer.send(format!("WHOIS {name}\r\n"));
    let mut address = None;
    loop {
        let line = peer.line();
        match line.split(' ').collect::<Vec<_>>()[..] {
            [_, "338", _, _, ip, ..] => address = Some(ip.to_owned()),
            [_, "318", ..] => return address,
            _ => {}
        }
    }
}

#[test]
fn the_peer_is_the_one_in_the_header_however_the_bytes_are_split() {
    let server = start(limits());
    let mut count = 0;
    for source in ["192.0.2.7:50000", "[2001:db8::7]:50000"] {
        for header in [v1(source).into_bytes(), v2(source)] {
            for cut in [1, 5, 16, header.len(), usize::MAX] {
                count += 1;
                let name = format!("ana{count}");
                let glued = [&header[..], format!("NICK {name}\r\nUSER a 0 * :a\r\n").as_bytes()].concat();
                let mut peer = proxy(&server);
                glued.chunks(cut.min(glued.len())).for_each(|chunk| peer.send(chunk));
                peer.settle_on_irc("welcome");
                let ip = source.parse::<SocketAddr>().expect("an address").ip().to_string();
                assert_eq!(own_address(&mut peer, &name), Some(ip), "{name}");
            }
        }
    }
}

#[test]
fn crazyit_frames_may_follow_a_header_at_once() {
    let server = start(limits());
    for (header, name) in [(v1("192.0.2.7:1").into_bytes(), "ana"), (v2("192.0.2.8:1"), "张三")] {
        let mut peer = proxy(&server);
        peer.send([&header[..], login(name).as_bytes()].concat());
        peer.expect("1");
    }
}

#[test]
fn a_proxy_without_a_source_address_is_itself_the_peer() {
    let server = start(limits());
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    for (header, name) in [(b"PROXY UNKNOWN\r\n".as_slice(), "ana"), (local, "bob")] {
        let mut peer = proxy(&server);
        peer.send(header);
        register(&mut peer, name);
        assert_eq!(own_address(&mut peer, name).as_deref(), Some("127.0.0.2"));
    }
}

#[test]
fn an_unexpected_header_is_refused() {
    let server = start(limits());
    let mut peer = server.connect();
    peer.send(v1("192.0.2.7:50000"));
    peer.expect_closing_link(NEITHER);
    let mut peer = Peer::connect_from(&server.addresses()[0], Ipv4Addr::new(127, 0, 0, 4));
    peer.send(v2("192.0.2.7:50000"));
    peer.expect_closing_link(NEITHER);
    // A second header after the first is refused as well.
    let mut peer = proxied(&server, "192.0.2.7:50000");
    peer.send(v1("192.0.2.8:50000"));
    peer.expect_closing_link(NEITHER);
}

#[test]
fn a_proxy_that_sends_no_header_is_closed_at_once_and_the_others_go_on() {
    let server = start(limits());
    let mut ana = server.user("ana");
    for bytes in [
        "NICK bob\r\n",
        "∏∑bob∏∑",
        "\n",
        "PROXY TCP4 192.0.2.256 192.0.2.1 1 2\r\n",
        "\r\n\r\n\0\r\nQUIT\n\x31",
    ] {
        let mut peer = proxy(&server);
        peer.send(bytes);
        peer.wait_for_any_end();
    }
    let mut peer = proxy(&server);
    peer.send("PROXY TCP4");
    peer.finish();
    peer.hang_up();
    ana.settle("ana");
}

#[test]
fn an_unfinished_header_times_out_and_delays_nobody() {
    let server = start(limits());
    let mut waiting: Vec<_> = ["", "PROXY TCP4 ", "\r\n\r\n\0\r\nQUIT\n\x21\x11\x0f\x00"]
        .into_iter()
        .cycle()
        .take(30)
        .map(|begin| {
            let mut peer = proxy(&server);
            peer.send(begin);
            peer
        })
        .collect();
    let mut ana = server.user("ana");
    let mut bob = proxied(&server, "192.0.2.7:1");
    register(&mut bob, "bob");
    ana.settle("ana");
    waiting.iter_mut().for_each(Peer::wait_for_any_end);
    assert_eq!(bob.population(), (2, 0));
}

#[test]
fn limits_apply_to_the_real_peer_and_not_to_the_proxy() {
    let server = start(Limits { connections_per_ip: 1, ..limits() });
    let mut first = proxied(&server, "192.0.2.7:1");
    register(&mut first, "first");
    let mut second = proxied(&server, "192.0.2.7:2");
    second.expect_closing_link(&CloseReason::AddressFull(1).to_string());
    let others: Vec<_> = (8..20)
        .map(|n| {
            let mut peer = proxied(&server, &format!("192.0.2.{n}:1"));
            register(&mut peer, &format!("n{n}"));
            peer
        })
        .collect();
    assert_eq!(first.population(), (1 + others.len(), 0));
}

#[test]
fn bans_apply_to_the_real_peer_and_not_to_the_proxy() {
    let server = start(limits());
    let mut root = server.connect();
    register(&mut root, "root");
    root.send("OPER root secret\r\n");
    let mut eve = proxied(&server, "[2001:db8::7]:1");
    register(&mut eve, "eve");
    root.send("KLINE eve :spam\r\n");
    root.settle_on_irc("banned");
    let told = "banned from this server: spam";
    assert_eq!(eve.line(), format!(":parlor.local 465 * :{told}\r"));
    assert_eq!(eve.line(), format!("ERROR :Closing link: {told}\r"));
    let mut newcomer = proxied(&server, "[2001:db8::7]:2");
    assert_eq!(newcomer.line(), format!(":parlor.local 465 * :{told}\r"));
    newcomer.expect_closing_link(told);
    let mut neighbour = proxied(&server, "[2001:db8::8]:2");
    register(&mut neighbour, "neighbour");
}

#[test]
fn a_proxy_may_be_on_a_unix_socket() {
    let scratch = Scratch::new();
    let listen = vec![scratch.socket("s"), address("127.0.0.1:0")];
    let config = ServerConfig { listen, proxy_from: vec![Proxy::Unix], ..options::config() };
    let server = TestServer::run(config).expect("there is room for both");
    for (n, header) in [v1("192.0.2.7:1").into_bytes(), v2("192.0.2.7:1")].into_iter().enumerate() {
        let mut peer = server.connect();
        header.chunks(3).for_each(|chunk| peer.send(chunk));
        let name = format!("ana{n}");
        register(&mut peer, &name);
        assert_eq!(own_address(&mut peer, &name).as_deref(), Some("192.0.2.7"));
    }
    let mut direct = Peer::connect(&server.addresses()[1]);
    register(&mut direct, "direct");
}

#[test]
fn a_missing_header_does_not_delay_shutdown() {
    let server = start(limits());
    let mut waiting = proxy(&server);
    waiting.send("PROXY ");
    server.user("ana").finish();
    server.stop();
    waiting.wait_for_any_end();
}

#[test]
fn a_proxys_option_is_an_address_a_network_or_unix() {
    let args = ["--proxy-from", "127.0.0.2", "--proxy-from", "unix"];
    let (server, address) = crate::support::Program::server(&args);
    let Address::Tcp { .. } = &address else { panic!("{address}") };
    let mut peer = Peer::connect_from(&address, PROXY);
    peer.send(v1("192.0.2.7:50000"));
    register(&mut peer, "ana");
    assert_eq!(own_address(&mut peer, "ana").as_deref(), Some("192.0.2.7"));
    let line = loop {
        let line = server.error_line();
        if line.contains("logged in") {
            break line;
        }
    };
    assert!(line.contains(" 192.0.2.7:50000 ana: "), "the log has the real peer: {line}");
}
