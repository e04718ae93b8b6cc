//! HTTP requests through a proxy over real sockets: 127.0.0.2 is a proxy, other addresses are not.

use std::net::Ipv4Addr;

use parlor::config::{Limits, Proxy, ServerConfig};

use crate::support::{Peer, Scratch, TestServer, address, limits, options};

const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn start(limits: Limits) -> TestServer {
    let proxy_from = vec![Proxy::Network("127.0.0.2/31".parse().expect("a network"))];
    let listen = vec![address("127.0.0.1:0")];
    TestServer::run(ServerConfig { listen, limits, proxy_from, ..options::config() })
        .expect("the loopback interface has a free port")
}

/// The proxy, connected.
fn proxy(server: &TestServer) -> Peer {
    Peer::connect_from(&server.addresses()[0], PROXY)
}

/// A request with these headers.
fn request(first: &str, headers: &[&str]) -> String {
    let lines = [&[first, "Host: box"], headers, &["", ""]].concat();
    lines.join("\r\n")
}

fn upgrade(headers: &[&str]) -> String {
    let handshake = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    request("GET /ws HTTP/1.1", &[&handshake, headers].concat())
}

/// A short message of a client, with a mask that changes nothing.
fn message(line: &str) -> Vec<u8> {
    assert!(line.len() < 126);
    [&[0x81, 0x80 | line.len() as u8, 0, 0, 0, 0], line.as_bytes()].concat()
}

/// Registers over WebSocket after the response, and returns the address that the user sees of itself.
fn own_address(peer: &mut Peer, name: &str) -> String {
    while peer.line() != "\r" {}
    for line in [format!("NICK {name}"), format!("USER {name} 0 * :x"), format!("WHOIS {name}")] {
        peer.send(message(&line));
    }
    let mut received = Vec::new();
    loop {
        let more = peer.receive_once();
        assert!(!more.is_empty(), "the end of {:?}", String::from_utf8_lossy(&received));
        received.extend(more);
        let text = String::from_utf8_lossy(&received);
        let Some((_, told)) = text.split_once(&format!(" 338 {name} {name} ")) else { continue };
        if let Some((ip, _)) = told.split_once(' ') {
            return ip.to_owned();
        }
    }
}

#[test]
fn the_peer_is_the_one_in_the_headers_however_the_bytes_are_split() {
    let server = start(limits());
    let mut count = 0;
    for (header, ip) in [
        ("X-Forwarded-For: 127.0.0.1, 192.0.2.7, 127.0.0.3", "192.0.2.7"),
        ("Forwarded: for=127.0.0.1, for=\"[2001:db8::7]:4711\";proto=https", "2001:db8::7"),
    ] {
        for cut in [1, 7, usize::MAX] {
            count += 1;
            let mut peer = proxy(&server);
            let bytes = upgrade(&[header]);
            bytes.as_bytes().chunks(cut.min(bytes.len())).for_each(|chunk| peer.send(chunk));
            assert_eq!(own_address(&mut peer, &format!("ana{count}")), ip, "{header}, by {cut} bytes");
        }
    }
}

#[test]
fn only_a_proxy_is_believed() {
    let server = start(limits());
    let mut peer = Peer::connect_from(&server.addresses()[0], Ipv4Addr::new(127, 0, 0, 9));
    peer.send(upgrade(&["X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.7"]));
    assert_eq!(own_address(&mut peer, "ana"), "127.0.0.9");
}

#[test]
fn a_proxy_may_be_on_a_unix_socket() {
    let scratch = Scratch::new();
    let config = ServerConfig {
        listen: vec![scratch.socket("s")],
        proxy_from: vec![Proxy::Unix],
        ..options::config()
    };
    let server = TestServer::run(config).expect("there is room for it");
    let mut peer = server.connect();
    peer.send(upgrade(&["X-Forwarded-For: 192.0.2.7"]));
    assert_eq!(own_address(&mut peer, "ana"), "192.0.2.7");
}

#[test]
fn a_request_that_does_not_tell_its_peer_is_refused_with_a_reason() {
    let server = start(limits());
    for (headers, part) in [
        (&[][..], "expects the address of the client in X-Forwarded-For or Forwarded"),
        (&["X-Forwarded-For: unknown"], "has no address of the client"),
        (&["X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.8"], "contradict each other"),
        (&["X-Forwarded-For: 192.0.2.7", "Content-Length: 0", "Content-Length: 7"], "have no body"),
    ] {
        let mut peer = proxy(&server);
        peer.send(request("GET / HTTP/1.1", headers));
        let response = peer.rest();
        assert!(response.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{response}");
        assert!(response.contains("\r\nConnection: close\r\n") && response.contains(part), "{response}");
    }
    server.user("ana").settle("ana");
}

#[test]
fn requests_of_several_peers_do_not_share_a_connection() {
    let server = start(limits());
    let mut peer = proxy(&server);
    let own = request("GET /nowhere HTTP/1.1", &["X-Forwarded-For: 192.0.2.7"]);
    let of_another = request("GET /ws HTTP/1.1", &["X-Forwarded-For: 192.0.2.8"]);
    peer.send(own + &of_another);
    peer.finish();
    let response = peer.rest();
    assert!(response.starts_with("HTTP/1.1 404 Not Found\r\n"), "{response}");
    assert!(response.contains("\r\nConnection: close\r\n"), "{response}");
    assert_eq!(response.matches("HTTP/1.1").count(), 1, "{response}");
}

#[test]
fn limits_apply_to_the_real_peer_and_not_to_the_proxy() {
    let server = start(Limits { connections_per_ip: 1, ..limits() });
    let mut first = proxy(&server);
    first.send(upgrade(&["X-Forwarded-For: 192.0.2.7"]));
    own_address(&mut first, "first");
    let mut second = proxy(&server);
    second.send(request("GET / HTTP/1.1", &["X-Forwarded-For: 192.0.2.7"]));
    let response = second.rest();
    assert!(response.starts_with("HTTP/1.1 429 ") && response.contains("your address has 1"), "{response}");
    let _others: Vec<_> = (8..20)
        .map(|n| {
            let mut peer = proxy(&server);
            peer.send(upgrade(&[&format!("X-Forwarded-For: 192.0.2.{n}")]));
            own_address(&mut peer, &format!("n{n}"));
            peer
        })
        .collect();
}

#[test]
fn an_unfinished_request_times_out() {
    let server = start(limits());
    let whole = request("GET / HTTP/1.1", &["X-Forwarded-For: 192.0.2.7"]);
    let mut waiting: Vec<_> = ["G", "GET / HTTP/1.1\r\n", &whole[..whole.len() - 1]]
        .into_iter()
        .map(|begin| {
            let mut peer = proxy(&server);
            peer.send(begin);
            peer
        })
        .collect();
    server.user("ana").settle("ana");
    waiting.iter_mut().for_each(Peer::wait_for_any_end);
}

#[test]
fn a_page_of_many_files_does_not_count_as_connecting_often() {
    let server = start(Limits { connections_per_ip: 4, ..limits() });
    for _ in 0..20 {
        let mut peer = proxy(&server);
        peer.send(request("GET /nothing HTTP/1.1", &["X-Forwarded-For: 192.0.2.7"]));
        assert_eq!(peer.line(), "HTTP/1.1 404 Not Found\r");
        peer.rest();
    }
}
