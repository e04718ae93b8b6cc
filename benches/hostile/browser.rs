//! Makes the requests and frames with which browsers attack, and upgrades connections to WebSocket.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::frames::{TEXT, masked};

/// Longer than any answer may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// The header of a masked frame of 1 TiB.
pub(crate) fn endless() -> Vec<u8> {
    [&[TEXT, 0xff][..], &(1u64 << 40).to_be_bytes(), b"mask"].concat()
}

/// A frame without a mask, as only servers may send.
pub(crate) fn unmasked() -> Vec<u8> {
    b"\x81\x06PING x".to_vec()
}

/// Each line as a message.
pub(crate) fn messages(lines: &str) -> Vec<u8> {
    lines.lines().flat_map(|line| masked(TEXT, line.as_bytes())).collect()
}

/// A request with these headers.
pub(crate) fn request(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: chat\r\nAccept-Encoding: gzip\r\n{headers}\r\n").into_bytes()
}

/// A request for WebSocket from a page of this origin.
pub(crate) fn upgrade(origin: &str) -> Vec<u8> {
    let headers = format!(
        "Origin: {origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    );
    request("/ws", &headers)
}

/// Upgrades a connection to WebSocket.
pub(crate) fn open(mut stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(DEADLINE)).expect("a socket has timeouts");
    stream.write_all(&upgrade("http://chat")).expect("the server takes it");
    let (mut response, mut byte) = (Vec::new(), [0]);
    while !response.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("the server answers");
        response.extend(byte);
    }
    assert!(response.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&response));
    stream
}
