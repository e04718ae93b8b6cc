use proptest::prelude::*;

use super::*;

/// A request with this first line and these further lines, all of which end in CR LF.
fn head(lines: &[&str]) -> Vec<u8> {
    lines.iter().chain(&[""]).flat_map(|line| [line.as_bytes(), b"\r\n"].concat()).collect()
}

/// What is parsed, without the values of headers.
#[derive(Debug, PartialEq, Eq)]
enum Brief {
    NeedMore,
    Request(usize, Method, String),
    Malformed(Status, &'static str),
}

fn brief(bytes: &[u8]) -> Brief {
    match parse(bytes) {
        Parsed::NeedMore => Brief::NeedMore,
        Parsed::Request { length, request } => {
            Brief::Request(length, request.method, request.path.to_owned())
        }
        Parsed::Malformed(status, why) => Brief::Malformed(status, why),
    }
}

fn status(bytes: &[u8]) -> Option<Status> {
    match parse(bytes) {
        Parsed::Malformed(status, _) => Some(status),
        Parsed::NeedMore | Parsed::Request { .. } => None,
    }
}

#[track_caller]
fn request(bytes: &[u8]) -> Request<'_> {
    match parse(bytes) {
        Parsed::Request { length, request } if length == bytes.len() => request,
        other => panic!("{other:?}"),
    }
}

const BROWSER: [&str; 8] = [
    "GET /app.js?v=1 HTTP/1.1",
    "Host: box:30000",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept: */*",
    "Accept-Language: zh-CN,zh;q=0.5",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Connection: keep-alive",
    "If-None-Match: W/\"0123\", \"4567\"",
];

fn good() -> Vec<(Vec<u8>, Method, &'static str)> {
    let longest = format!("X: {}", "x".repeat(HEAD_BYTES - "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".len()));
    let many: Vec<_> = (2..MOST_HEADERS).map(|n| format!("X-{n}: ")).collect();
    let many: Vec<_> =
        ["GET / HTTP/1.1", "Host: a", "x:"].into_iter().chain(many.iter().map(|x| &**x)).collect();
    vec![
        (head(&BROWSER), Method::Get, "/app.js"),
        (head(&["HEAD / HTTP/1.1", "Host: [::1]:30000"]), Method::Head, "/"),
        (head(&["GET / HTTP/1.0"]), Method::Get, "/"),
        (head(&["GET / HTTP/1.0", "Host: box"]), Method::Get, "/"),
        (head(&["GET http://box:1/ws?x HTTP/1.1", "Host: BOX:1"]), Method::Get, "/ws"),
        (head(&["GET https://box HTTP/1.1", "Host: box"]), Method::Get, "/"),
        (head(&["GET https://box?x HTTP/1.1", "Host: box"]), Method::Get, "/"),
        (head(&["GET /%E6%9D%AF/../%2e%00 HTTP/1.1", "Host: a"]), Method::Get, "/%E6%9D%AF/../%2e%00"),
        (head(&["GET // HTTP/1.1", "Host: a", "Content-Length: 0"]), Method::Get, "//"),
        (head(&["OPTIONS * HTTP/1.1", "Host: a"]), Method::Other, ""),
        (head(&["CONNECT a:443 HTTP/1.1", "Host: a"]), Method::Other, ""),
        (head(&["POST / HTTP/1.1", "Host: a", "Content-Length: 0"]), Method::Other, ""),
        (head(&["get / HTTP/1.1", "Host: a"]), Method::Other, ""),
        (head(&["BREW /pot HTTP/1.1", "Host: a", "X:\tobs\u{e9}text\t "]), Method::Unknown, ""),
        (head(&["GET / HTTP/1.1", "Host: a", &longest]), Method::Get, "/"),
        (head(&many), Method::Get, "/"),
    ]
}

#[test]
fn a_head_parses_the_same_whole_byte_by_byte_and_followed_by_anything() {
    for (bytes, method, path) in good() {
        let parsed = Brief::Request(bytes.len(), method, path.into());
        assert_eq!(brief(&bytes), parsed, "{:?}", String::from_utf8_lossy(&bytes));
        for end in 0..bytes.len() {
            assert_eq!(
                brief(&bytes[..end]),
                Brief::NeedMore,
                "{end} of {:?}",
                String::from_utf8_lossy(&bytes)
            );
        }
        for behind in ["GET / HTTP/1.1\r\n", "\n", "\0", "\u{81}\u{85}", " "] {
            assert_eq!(brief(&[&bytes, behind.as_bytes()].concat()), parsed);
        }
    }
}

#[test]
fn what_could_hide_another_request_is_refused() {
    use Status::{BadRequest, ContentTooLarge};
    let with = |lines: &[&str]| head(&[&["GET / HTTP/1.1", "Host: a"], lines].concat());
    for (bytes, expected) in [
        (with(&["Content-Length: 5"]), ContentTooLarge),
        (with(&["Content-Length: 99999999999999999999999999"]), ContentTooLarge),
        (with(&["Content-Length: 5", "Transfer-Encoding: chunked"]), BadRequest),
        (with(&["Content-Length: 0", "Transfer-Encoding: chunked"]), BadRequest),
        (with(&["Transfer-Encoding: chunked"]), BadRequest),
        (with(&["transfer-encoding: identity"]), BadRequest),
        (with(&["Transfer-Encoding:"]), BadRequest),
        (with(&["Content-Length: 0", "Content-Length: 0"]), BadRequest),
        (with(&["Content-Length: 0", "content-length: 5"]), BadRequest),
        (with(&["Content-Length: 0, 0"]), BadRequest),
        (with(&["Content-Length: 0, 5"]), BadRequest),
        (with(&["Content-Length: +0"]), BadRequest),
        (with(&["Content-Length: -1"]), BadRequest),
        (with(&["Content-Length: 0x5"]), BadRequest),
        (with(&["Content-Length:"]), BadRequest),
        (with(&["Content-Length : 5"]), BadRequest),
        (with(&["Content-Length\t: 5"]), BadRequest),
        (with(&[" Content-Length: 5"]), BadRequest),
        (with(&["X: y", " folded"]), BadRequest),
        (with(&["X: y", "\tfolded"]), BadRequest),
        (with(&["no colon"]), BadRequest),
        (with(&[": no name"]), BadRequest),
        (with(&["X\u{e9}: y"]), BadRequest),
        (with(&["X: a\0b"]), BadRequest),
        (with(&["X\0: y"]), BadRequest),
        (with(&["X: a\u{7f}b"]), BadRequest),
        (with(&["X: a\rContent-Length: 5"]), BadRequest),
        (with(&["X: a\nContent-Length: 5"]), BadRequest),
        (with(&["Host: a"]), BadRequest),
        (with(&["host: b"]), BadRequest),
        (b"GET / HTTP/1.1\nHost: a\n\n".to_vec(), BadRequest),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\n".to_vec(), BadRequest),
        (b"GET / HTTP/1.1\r\nHost: a\n\r\n".to_vec(), BadRequest),
        (b"GET / HTTP/1.1\r\rHost: a\r\n\r\n".to_vec(), BadRequest),
        (b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), BadRequest),
        (b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), BadRequest),
    ] {
        assert_eq!(status(&bytes), Some(expected), "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn a_malformed_first_line_or_host_is_refused() {
    use Status::{BadRequest, VersionNotSupported};
    for (line, expected) in [
        ("GET", BadRequest),
        ("GET /", BadRequest),
        ("GET  / HTTP/1.1", BadRequest),
        ("GET /  HTTP/1.1", BadRequest),
        ("GET / HTTP/1.1 ", BadRequest),
        ("GET /\tHTTP/1.1", BadRequest),
        (" GET / HTTP/1.1", BadRequest),
        ("G\0T / HTTP/1.1", BadRequest),
        ("GET /\0 HTTP/1.1", BadRequest),
        ("GET /\u{7f} HTTP/1.1", BadRequest),
        ("GET /\u{e9} HTTP/1.1", BadRequest),
        ("GET /#ws HTTP/1.1", BadRequest),
        ("GET ws HTTP/1.1", BadRequest),
        ("GET * HTTP/1.1", BadRequest),
        ("GET a:443 HTTP/1.1", BadRequest),
        ("GET http://b/ HTTP/1.1", BadRequest),
        ("GET http://a:80/ HTTP/1.1", BadRequest),
        ("GET http://x@a/ HTTP/1.1", BadRequest),
        ("GET ftp://a/ HTTP/1.1", BadRequest),
        ("GET / HTTPS/1.1", BadRequest),
        ("GET / http/1.1", BadRequest),
        ("GET / HTTP/0.9", VersionNotSupported),
        ("GET / HTTP/1.2", VersionNotSupported),
        ("GET / HTTP/2", VersionNotSupported),
        ("GET / HTTP/11.1", VersionNotSupported),
        ("PRI * HTTP/2.0", VersionNotSupported),
    ] {
        assert_eq!(status(&head(&[line, "Host: a"])), Some(expected), "{line:?}");
    }
    for host in ["Host:", "Host: a b", "Host: a/b", "Host: a@b", "Host: a,b", "Host: \u{e9}", "X: a"] {
        assert_eq!(status(&head(&["GET / HTTP/1.1", host])), Some(BadRequest), "{host:?}");
    }
    assert_eq!(status(&head(&["GET / HTTP/1.0", "Host: a", "Host: a"])), Some(BadRequest));
    assert_eq!(status(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Some(VersionNotSupported));
}

#[test]
fn a_head_that_is_too_large_is_refused_as_soon_as_it_is() {
    let filler = "x".repeat(HEAD_BYTES);
    let long_value = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {filler}");
    let long_name = format!("GET / HTTP/1.1\r\nHost: a\r\n{filler}");
    let long_target = format!("GET /{filler}");
    for (bytes, expected) in [
        (long_value, Status::HeadTooLarge),
        (long_name, Status::HeadTooLarge),
        (long_target, Status::UriTooLong),
    ] {
        assert_eq!(brief(&bytes.as_bytes()[..HEAD_BYTES - 1]), Brief::NeedMore);
        assert_eq!(status(&bytes.as_bytes()[..HEAD_BYTES]), Some(expected));
        assert_eq!(status(bytes.as_bytes()), Some(expected));
    }
    let many: String = (0..=MOST_HEADERS).map(|n| format!("X-{n}: y\r\n")).collect();
    assert_eq!(status(format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes()), Some(Status::HeadTooLarge));
}

#[test]
fn lists_may_be_spread_over_headers_and_names_are_in_any_case() {
    let bytes = head(&[
        "GET / HTTP/1.1",
        "HOST: a",
        "Connection: , Upgrade,x",
        "connection:\tKeep-Alive ,",
        "X: \u{e9}",
    ]);
    let request = request(&bytes);
    assert_eq!(request.elements("Connection").collect::<Vec<_>>(), ["Upgrade", "x", "Keep-Alive"]);
    assert!(request.lists("CONNECTION", "upgrade") && request.lists("connection", "keep-alive"));
    assert!(!request.lists("Connection", "close") && !request.is_last());
    assert_eq!(request.host(), Some("a"));
}

#[test]
fn http_1_0_and_close_end_the_connection() {
    for (lines, is_last) in [
        (&["GET / HTTP/1.1", "Host: a"][..], false),
        (&["GET / HTTP/1.1", "Host: a", "Connection: keep-alive, Close"], true),
        (&["GET / HTTP/1.0"], true),
        (&["GET / HTTP/1.0", "Connection: keep-alive"], true),
    ] {
        assert_eq!(request(&head(lines)).is_last(), is_last, "{lines:?}");
    }
}

proptest! {
    #[test]
    fn more_bytes_never_change_a_final_result(
        which in 0..16usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        tail in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = good().into_iter().nth(which).map(|(bytes, ..)| bytes).unwrap_or_default();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.extend(tail);
        let whole = brief(&bytes);
        if let Brief::Request(length, ..) = whole {
            prop_assert!(length <= bytes.len() && length <= HEAD_BYTES);
        }
        prop_assert!(whole != Brief::NeedMore || bytes.len() < HEAD_BYTES);
        // Every cut of a long head would take seconds.
        for end in (0..bytes.len()).step_by(1 + bytes.len() / 512) {
            let part = brief(&bytes[..end]);
            prop_assert!(part == Brief::NeedMore || part == whole, "{part:?} and {whole:?}");
        }
    }
}
