//! The page over HTTP, with the whole server over loopback.

use parlor::config::{ServerConfig, WebConfig, WebFile, WebRoot};

use crate::support::{TestServer, address, options};

/// More than a socket takes at once.
const LARGE_BYTES: usize = 6 << 20;

#[test]
fn a_large_file_arrives_whole() {
    let file = |path: &str, bytes: &[u8]| WebFile {
        path: path.to_owned(),
        bytes: bytes.into(),
        etag: "\"1\"".to_owned(),
    };
    let files = [file("/index.html", b"page"), file("/large", &b"x".repeat(LARGE_BYTES))];
    let root = Some(WebRoot { files: files.into() });
    let config = ServerConfig {
        listen: vec![address("127.0.0.1:0")],
        web: WebConfig { root, ..WebConfig::default() },
        ..options::config()
    };
    let server = TestServer::run(config).expect("the loopback interface has a free port");
    let mut peer = server.connect();
    peer.send("GET /large HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n");
    let response = peer.rest();
    let (head, body) = response.split_once("\r\n\r\n").expect("the head ends");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(body.len() == LARGE_BYTES && body.bytes().all(|byte| byte == b'x'), "{} bytes", body.len());
}
