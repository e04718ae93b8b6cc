//! Counts for Prometheus, as the real program serves them.

use std::collections::HashMap;

use parlor::address::Address;
use rustix::process::Signal;

use crate::support::{Peer, Program, Scratch, address, login, say};

const GET: &str = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// How many are answered at once.
const AT_ONCE: usize = 8;

/// Longest request.
const REQUEST_BYTES: usize = 4096;

/// A server that tells counts there, where it listens, and where it tells them.
fn server(metrics: &str) -> (Program, Address, Address) {
    let (server, at) = Program::server(&["--metrics", metrics]);
    let line = server.line();
    let metrics = line.strip_prefix("metrics at ").expect("the line begins like this");
    let metrics = address(metrics);
    (server, at, metrics)
}

/// An answer up to its clean end: the status line, the other lines of the head, and the body.
struct Answer {
    status: String,
    head: Vec<String>,
    body: String,
}

impl Answer {
    /// Reads one, to a clean end of the stream. A body that is not as long as it says is an error.
    #[track_caller]
    fn read(peer: &mut Peer) -> Self {
        let answer = Self::read_any(peer);
        let length = format!("Content-Length: {}", answer.body.len());
        assert!(answer.head.contains(&length), "{:?}", answer.head);
        answer
    }

    #[track_caller]
    fn read_any(peer: &mut Peer) -> Self {
        let text = peer.rest();
        let (head, body) = text.split_once("\r\n\r\n").expect("the head ends");
        let mut lines = head.split("\r\n").map(str::to_owned);
        let status = lines.next().expect("split gives one part");
        let head: Vec<_> = lines.collect();
        assert!(head.contains(&"Connection: close".to_owned()), "{head:?}");
        Self { status, head, body: body.to_owned() }
    }
}

/// What `request` is answered.
#[track_caller]
fn ask(at: &Address, request: &str) -> Answer {
    let mut peer = Peer::connect(at);
    peer.send(request);
    Answer::read(&mut peer)
}

/// The samples of a page, by name and labels. Panics where Prometheus would not read it.
#[track_caller]
fn samples(page: &str) -> HashMap<String, f64> {
    assert!(page.ends_with('\n'));
    let (mut samples, mut kinds, mut helped) = (HashMap::new(), HashMap::new(), Vec::new());
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            helped.push(rest.split_once(' ').expect("a name and a text").0);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a kind");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert_eq!(helped.last(), Some(&name), "its help comes first");
            assert_eq!(kinds.insert(name, kind), None, "{name} is told once");
        } else {
            let (key, value) = line.rsplit_once(' ').expect("a key and a value");
            let (name, labels) = key.split_once('{').map_or((key, None), |(name, rest)| (name, Some(rest)));
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
            let of = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let of = of.filter(|of| kinds.get(of) == Some(&"histogram")).unwrap_or(name);
            assert_eq!(helped.last(), Some(&of), "samples stand below their help");
            for label in labels.into_iter().flat_map(|l| l.strip_suffix('}').expect("an end").split(',')) {
                let (label, of) = label.split_once('=').expect("a label and its value");
                assert!(label.bytes().all(|b| b.is_ascii_lowercase()), "{line}");
                let of = of.strip_prefix('"').and_then(|of| of.strip_suffix('"')).expect("quotes");
                assert!(!of.contains(['"', '\\']), "{line}");
            }
            let value = value.parse().expect("a number");
            assert_eq!(samples.insert(key.to_owned(), value), None, "{key} is told once");
        }
    }
    samples
}

#[test]
fn the_page_is_what_prometheus_reads_and_tells_the_counts() {
    let (_server, at, metrics) = server("0");
    let mut alice = Peer::user(&at, "alice");
    let mut late = Peer::connect(&at);
    late.send(login("alice"));
    late.expect("-1");
    alice.send(say("a secret"));
    alice.expect("alice说：a secret\n");
    let answer = ask(&metrics, GET);
    assert_eq!(answer.status, "HTTP/1.1 200 OK");
    let kind = "Content-Type: text/plain; version=0.0.4; charset=utf-8".to_owned();
    assert!(answer.head.contains(&kind), "{:?}", answer.head);
    let page = samples(&answer.body);
    assert_eq!(page["parlor_users"], 1.0);
    assert_eq!(page["parlor_connections{state=\"crazyit\"}"], 1.0);
    assert_eq!(page["parlor_connections{state=\"logging-in\"}"], 1.0);
    assert_eq!(page["parlor_refusals_total{reason=\"name-taken\"}"], 1.0);
    // She has whispered twice to herself, too.
    assert_eq!(page["parlor_messages_total"], 3.0);
    assert!(!answer.body.contains("alice") && !answer.body.contains("127.0.0.1"), "nobody is named");
    assert!(!answer.body.contains("secret"));
}

#[test]
fn times_of_turns_are_a_histogram_that_only_grows() {
    let (_server, at, metrics) = server("0");
    let mut alice = Peer::user(&at, "alice");
    let before = samples(&ask(&metrics, GET).body);
    alice.settle("alice");
    let page = samples(&ask(&metrics, GET).body);
    let count = page["parlor_turn_seconds_count"];
    assert!(count > before["parlor_turn_seconds_count"]);
    assert!(page["parlor_turn_seconds_sum"] > before["parlor_turn_seconds_sum"]);
    let bound = |key: &str| {
        let rest = key.strip_prefix("parlor_turn_seconds_bucket{le=\"")?;
        let bound = rest.strip_suffix("\"}")?;
        Some(if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect("a number") })
    };
    let mut buckets: Vec<_> = page.iter().filter_map(|(key, &n)| Some((bound(key)?, n))).collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{buckets:?}");
    assert_eq!(buckets.last(), Some(&(f64::INFINITY, count)));
}

#[test]
fn head_is_the_same_without_the_page() {
    let (_server, _, metrics) = server("0");
    let mut peer = Peer::connect(&metrics);
    peer.send(GET.replace("GET", "HEAD"));
    let answer = Answer::read_any(&mut peer);
    assert_eq!((answer.status.as_str(), answer.body.as_str()), ("HTTP/1.1 200 OK", ""));
    let length = answer.head.iter().find_map(|line| line.strip_prefix("Content-Length: "));
    let length: usize = length.expect("it is told").parse().expect("a number");
    assert!(length > 1000, "{length}");
}

#[test]
fn whatever_else_is_asked_is_told_what_is_wrong() {
    let (_server, _, metrics) = server("0");
    let cases = [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "HTTP/1.1 404 Not Found"),
        (
            "POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nx=y".to_owned(),
            "HTTP/1.1 405 Method Not Allowed",
        ),
        ("NICK alice\r\nUSER a 0 * :a\r\n\r\n".to_owned(), "HTTP/1.1 400 Bad Request"),
        ("\r\n\r\n".to_owned(), "HTTP/1.1 400 Bad Request"),
        ("GET /".to_owned() + &"x".repeat(REQUEST_BYTES), "HTTP/1.1 400 Bad Request"),
    ];
    for (request, status) in cases {
        let answer = ask(&metrics, &request);
        assert_eq!(answer.status, status, "{request:?}");
        assert!(answer.body.ends_with('\n'));
        let allows = answer.head.iter().any(|line| line == "Allow: GET, HEAD");
        assert_eq!(allows, status.contains("405"));
    }
}

#[test]
fn a_request_may_be_as_long_as_the_limit_and_no_longer() {
    let (_server, _, metrics) = server("0");
    for (beyond, status) in [(0, "HTTP/1.1 200 OK"), (1, "HTTP/1.1 400 Bad Request")] {
        let start = GET.strip_suffix("\r\n\r\n").expect("the head ends").to_owned() + "\r\nX: ";
        let fill = "x".repeat(REQUEST_BYTES + beyond - start.len() - 4);
        assert_eq!(ask(&metrics, &format!("{start}{fill}\r\n\r\n")).status, status);
    }
}

#[test]
fn a_request_may_come_byte_by_byte_and_with_more_behind_it() {
    let (_server, _, metrics) = server("0");
    let mut peer = Peer::connect(&metrics);
    for byte in GET.bytes() {
        peer.send([byte]);
    }
    assert_eq!(Answer::read(&mut peer).status, "HTTP/1.1 200 OK");
    // What stands behind it is no second request, and its answer is not lost to a reset.
    let answer = ask(&metrics, &(GET.to_owned() + &"x".repeat(200_000)));
    assert_eq!(answer.status, "HTTP/1.1 200 OK");
}

#[test]
fn who_sends_no_more_is_still_answered() {
    let (_server, _, metrics) = server("0");
    for (request, status) in [(GET, "HTTP/1.1 200 OK"), ("GET /metr", "HTTP/1.1 400 Bad Request")] {
        let mut peer = Peer::connect(&metrics);
        peer.send(request);
        peer.finish();
        assert_eq!(Answer::read(&mut peer).status, status);
    }
    let mut silent = Peer::connect(&metrics);
    silent.finish();
    silent.expect_end();
}

#[test]
fn who_never_finishes_is_closed_and_keeps_nobody_waiting_for_ever() {
    let (_server, at, metrics) = server("0");
    let mut idle: Vec<_> = (0..AT_ONCE).map(|_| Peer::connect(&metrics)).collect();
    idle[0].send("GET /met");
    // Users notice nothing of it.
    Peer::user(&at, "alice");
    // As many as there may be are there; this one comes after them.
    assert_eq!(ask(&metrics, GET).status, "HTTP/1.1 200 OK");
    idle.iter_mut().for_each(Peer::expect_end);
}

#[test]
fn a_scraper_that_resets_or_floods_leaves_the_others_alone() {
    let (_server, at, metrics) = server("0");
    let mut alice = Peer::user(&at, "alice");
    for _ in 0..3 * AT_ONCE {
        let mut peer = Peer::connect(&metrics);
        peer.send(GET);
        peer.reset();
        let mut flooder = Peer::connect(&metrics);
        // It may be closed before it has sent all.
        flooder.try_send("x".repeat(300_000)).ok();
    }
    alice.settle("alice");
    assert_eq!(ask(&metrics, GET).status, "HTTP/1.1 200 OK");
}

#[test]
fn a_port_alone_is_on_this_machine_and_a_unix_socket_will_do() {
    for port in ["0", ":0"] {
        let (_server, _, metrics) = server(port);
        assert!(metrics.to_string().starts_with("127.0.0.1:"), "{metrics}");
    }
    let scratch = Scratch::new();
    let (mut running, _, metrics) = server(&scratch.socket("m").to_string());
    let mut idle = Peer::connect(&metrics);
    // They are accepted in order, so that one is as well.
    assert_eq!(ask(&metrics, GET).status, "HTTP/1.1 200 OK");
    running.signal(Signal::TERM);
    idle.expect_end();
    assert_eq!(running.ended().status, Some(0));
    assert!(!scratch.path("m").exists());
}

#[test]
fn an_address_that_is_taken_or_wrong_is_named() {
    let (_server, at, _) = server("[::1]:0");
    let taken = Program::parlord(&["--listen", "127.0.0.1:0", "--metrics", &at.to_string()]).ended();
    assert_eq!(taken.status, Some(1));
    assert!(taken.stderr.contains(&at.to_string()), "{taken:?}");
    let wrong = Program::parlord(&["--metrics", "nowhere"]).ended();
    assert_eq!(wrong.status, Some(2));
    assert!(wrong.stderr.contains("--metrics"), "{wrong:?}");
}
