use std::io::Read;

use super::*;
use crate::config::{WebConfig, WebFile, WebRoot};
use crate::net::web::request::{Parsed, parse};

/// The parts of a response.
#[derive(Debug)]
struct Shown {
    status: String,
    headers: Vec<(String, String)>,
    body: Body,
    is_last: bool,
}

impl Shown {
    fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| &**value);
        let value = values.next();
        assert_eq!(values.next(), None, "{name} once in {self:?}");
        value
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

fn answer(site: &Site, lines: &[&str]) -> Answer {
    let head: String = lines.iter().chain(&[""]).flat_map(|line| [line, "\r\n"]).collect();
    match parse(head.as_bytes()) {
        Parsed::Request { request, .. } => site.answer(&request, false),
        other => panic!("{other:?}"),
    }
}

/// The response to a request for `target` with these further headers.
fn response(site: &Site, first: &str, headers: &[&str]) -> Shown {
    let first = format!("{first} HTTP/1.1");
    let Answer::Respond(response) = answer(site, &[&[&*first, "Host: box:30000"], headers].concat()) else {
        panic!("no response to {first}")
    };
    let head = String::from_utf8(response.head).unwrap();
    let mut lines = head.strip_suffix("\r\n\r\n").unwrap().split("\r\n");
    let status = lines.next().unwrap().strip_prefix("HTTP/1.1 ").unwrap().to_owned();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Shown { status, headers, body: response.body, is_last: response.is_last }
}

fn site(web: WebConfig) -> Site {
    Site::new(&ServerConfig { web, ..ServerConfig::default() }, Rc::new(Cell::new(SystemTime::UNIX_EPOCH)))
        .unwrap()
}

fn built_in() -> Site {
    site(WebConfig::default())
}

fn root(paths: &[&str]) -> Site {
    let file = |path: &&str| WebFile {
        path: (*path).into(),
        bytes: format!("content of {path}").into_bytes().into(),
        etag: format!("\"{}\"", path.len()),
    };
    let root = WebRoot { files: paths.iter().map(file).collect() };
    site(WebConfig { root: Some(root), ..WebConfig::default() })
}

const GZIP: &str = "Accept-Encoding: gzip, deflate, br";

#[test]
fn the_page_is_sent_compressed() {
    for first in ["GET /", "GET /index.html", "GET /?x=y"] {
        let shown = response(&built_in(), first, &[GZIP]);
        assert_eq!(shown.status, "200 OK", "{first}");
        assert_eq!(shown.header("Content-Type"), Some("text/html; charset=utf-8"));
        assert_eq!(shown.header("Content-Encoding"), Some("gzip"));
        assert_eq!(shown.header("Cache-Control"), Some("no-cache"));
        assert_eq!(shown.header("Vary"), Some("Accept-Encoding"));
        assert_eq!(shown.header("Connection"), None);
        assert_eq!(shown.header("Content-Length"), Some(&*shown.body.len().to_string()));
        assert!(!shown.is_last);
        let mut page = String::new();
        flate2::read::GzDecoder::new(&*shown.body).read_to_string(&mut page).unwrap();
        assert_eq!(page, include_str!("../../../../web/index.html"));
    }
}

#[test]
fn head_gets_the_same_head_without_a_body() {
    for target in ["/", "/ws", "/nowhere"] {
        let get = response(&built_in(), &format!("GET {target}"), &[GZIP]);
        let head = response(&built_in(), &format!("HEAD {target}"), &[GZIP]);
        assert_eq!((get.status, get.headers, get.is_last), (head.status, head.headers, head.is_last));
        assert!(head.body.is_empty() && !get.body.is_empty(), "{target}");
    }
}

#[test]
fn a_client_with_the_same_file_does_not_get_it_again() {
    let site = built_in();
    let first = response(&site, "GET /", &[GZIP]);
    let etag = first.header("ETag").unwrap();
    assert!(etag.len() > 10 && etag.starts_with('"') && etag.ends_with('"'), "{etag}");
    for known in [etag, "*", &format!("\"x\", W/{etag}"), &format!("\"x\",{etag}")] {
        let shown = response(&site, "GET /", &[GZIP, &format!("If-None-Match: {known}")]);
        assert_eq!(shown.status, "304 Not Modified", "{known}");
        assert_eq!((shown.header("ETag"), shown.header("Content-Length")), (Some(etag), None));
        assert_eq!(shown.header("Cache-Control"), Some("no-cache"));
        assert!(shown.body.is_empty());
    }
    for unknown in ["\"x\"", "", &etag[1..]] {
        let shown = response(&site, "GET /", &[GZIP, &format!("If-None-Match: {unknown}")]);
        assert_eq!(shown.status, "200 OK", "{unknown}");
    }
}

#[test]
fn a_client_that_does_not_decompress_is_told_how() {
    let site = built_in();
    for accept in
        ["gzip", "GZIP", "x-gzip", "br, gzip;q=0.5", "*", "br;q=1,*;q=0.1", "gzip;q=1.000", "*;q=0, gzip"]
    {
        let shown = response(&site, "GET /", &[&format!("Accept-Encoding: {accept}")]);
        assert_eq!(shown.status, "200 OK", "{accept}");
    }
    for accept in
        ["", "identity", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzip;q=0, *", "*, gzip;q=0", "gzipped"]
    {
        let shown = response(&site, "GET /", &[&format!("Accept-Encoding: {accept}")]);
        assert_eq!(shown.status, "406 Not Acceptable", "{accept}");
        assert!(shown.text().contains("--compressed") && shown.header("Vary").is_some(), "{shown:?}");
    }
    assert_eq!(response(&site, "GET /", &[]).status, "406 Not Acceptable");
}

#[test]
fn another_path_method_or_protocol_is_answered_in_plain_text() {
    let site = built_in();
    for (first, headers, status, is_last) in [
        ("GET /nowhere", &[][..], "404 Not Found", false),
        ("GET //", &[], "404 Not Found", false),
        ("GET /../index.html", &[], "404 Not Found", false),
        ("GET /%2e%2e/index.html", &[], "404 Not Found", false),
        ("GET /..%2findex.html", &[], "404 Not Found", false),
        ("GET /%2Findex.html", &[], "404 Not Found", false),
        ("GET /index.html%00", &[], "404 Not Found", false),
        ("GET /%zz", &[], "404 Not Found", false),
        ("GET /%+1", &[], "404 Not Found", false),
        ("GET /%", &[], "404 Not Found", false),
        ("GET /%ff", &[], "404 Not Found", false),
        ("GET /metrics", &["Connection: close"], "404 Not Found", true),
        ("GET /ws", &[], "426 Upgrade Required", false),
        ("GET /ws", &["Connection: close"], "426 Upgrade Required", true),
        ("GET /ws", &["Upgrade: h2c", "Connection: upgrade"], "426 Upgrade Required", false),
        ("GET /nowhere", &["Upgrade: websocket", "Connection: upgrade"], "404 Not Found", true),
        ("POST /", &[], "405 Method Not Allowed", true),
        ("OPTIONS *", &[], "405 Method Not Allowed", true),
        ("CONNECT a:443", &[], "405 Method Not Allowed", true),
        ("BREW /", &[], "501 Not Implemented", true),
    ] {
        let shown = response(&site, first, headers);
        assert_eq!((&*shown.status, shown.is_last), (status, is_last), "{first}");
        let connection = shown.header("Connection").unwrap_or_default();
        assert_eq!(connection.contains("close"), is_last, "{first}");
        assert_eq!(connection.contains("Upgrade"), status.starts_with("426"), "{first}");
        assert_eq!(shown.header("Allow").is_some(), status.starts_with("405"), "{first}");
        assert_eq!(shown.header("Content-Type"), Some("text/plain; charset=utf-8"));
        assert_eq!(shown.header("Content-Length"), Some(&*shown.body.len().to_string()));
        assert!(shown.text().ends_with('\n'));
    }
}

#[test]
fn percent_encoding_is_decoded_once() {
    let site = root(&["/index.html", "/杯 1.png", "/%41.txt", "/a/index.html"]);
    for (target, status) in [
        ("/%69ndex.html", "200 OK"),
        ("/%E6%9D%AF%201.png", "200 OK"),
        ("/%2541.txt", "200 OK"),
        ("/%41.txt", "404 Not Found"),
        ("/a/", "200 OK"),
        ("/a", "404 Not Found"),
    ] {
        assert_eq!(response(&site, &format!("GET {target}"), &[]).status, status, "{target}");
    }
}

#[test]
fn files_of_another_page_are_sent_as_they_are() {
    let site =
        root(&["/index.html", "/a.js", "/b.css", "/c.svg", "/d.json", "/e.unknown", "/f", "/g.webmanifest"]);
    for (target, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/a.js", "text/javascript; charset=utf-8"),
        ("/b.css", "text/css; charset=utf-8"),
        ("/c.svg", "image/svg+xml"),
        ("/d.json", "application/json"),
        ("/e.unknown", "application/octet-stream"),
        ("/f", "application/octet-stream"),
        ("/g.webmanifest", "application/manifest+json"),
    ] {
        let shown = response(&site, &format!("GET {target}"), &[]);
        let path = if target == "/" { "/index.html" } else { target };
        assert_eq!((&*shown.status, shown.text()), ("200 OK", &*format!("content of {path}")));
        assert_eq!(shown.header("Content-Type"), Some(content_type), "{target}");
        assert_eq!(shown.header("Content-Encoding"), None);
        let etag = format!("If-None-Match: {}", shown.header("ETag").unwrap());
        assert_eq!(response(&site, &format!("GET {target}"), &[&etag]).status, "304 Not Modified");
    }
}

#[test]
fn every_response_forbids_scripts_of_others_sniffing_and_frames() {
    let (own, other) = (built_in(), root(&["/index.html"]));
    let refusal = Response::refusal(Status::RequestTimeout, "too late");
    let refusal = String::from_utf8(refusal.head).unwrap();
    assert!(refusal.starts_with("HTTP/1.1 408 ") && refusal.contains("frame-ancestors 'none'"), "{refusal}");
    for (site, first) in [&own, &other]
        .into_iter()
        .flat_map(|site| ["GET /", "HEAD /", "GET /x", "GET /ws", "POST /", "X /"].map(|first| (site, first)))
    {
        let shown = response(site, first, &[GZIP]);
        let policy = shown.header("Content-Security-Policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        let is_others = std::ptr::eq(site, &other) && first.ends_with(" /") && shown.status == "200 OK";
        assert_eq!(policy == ROOT_POLICY, is_others, "{first}");
        for (name, value) in [
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ] {
            assert_eq!(shown.header(name), Some(value), "{first}");
        }
        assert_eq!(shown.header("Set-Cookie"), None);
    }
}

#[test]
fn the_caller_can_end_the_connection() {
    let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let Parsed::Request { request, .. } = parse(bytes) else { panic!("it is one") };
    let Answer::Respond(response) = built_in().answer(&request, true) else { panic!("no response") };
    assert!(response.is_last && String::from_utf8(response.head).unwrap().contains("Connection: close\r\n"));
}

#[test]
fn without_web_there_is_no_site() {
    let web = WebConfig { is_on: false, ..WebConfig::default() };
    assert!(
        Site::new(
            &ServerConfig { web, ..ServerConfig::default() },
            Rc::new(Cell::new(SystemTime::UNIX_EPOCH))
        )
        .is_none()
    );
}

#[test]
fn websocket_is_at_two_paths_of_http_1_1() {
    let site = built_in();
    // The key and the answer are those of RFC 6455 §1.3.
    let upgrade = ["Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Version: 13"];
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    for path in ["/", "/ws", "/ws?a=b"] {
        let first = format!("GET {path} HTTP/1.1");
        let Answer::Upgrade { response, framing } =
            answer(&site, &[&[&*first, "Host: a", key], &upgrade[..]].concat())
        else {
            panic!("{path}")
        };
        let response = String::from_utf8(response).unwrap();
        assert_eq!(
            response,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        );
        assert_eq!(framing, Framing::Text);
    }
    let old = answer(&site, &[&["GET /ws HTTP/1.0", "Host: a", key], &upgrade[..]].concat());
    assert!(matches!(old, Answer::Respond(response) if response.is_last));
}
