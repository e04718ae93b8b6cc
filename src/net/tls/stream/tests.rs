use std::mem;
use std::sync::Arc;

use proptest::prelude::*;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConnection, ServerConfig, SupportedProtocolVersion};

use super::*;
use crate::net::test_wire::Wire;
use crate::net::tls::test_support::{Sealer, client, server};

#[cfg(feature = "store")]
mod client_certificates;
#[cfg(feature = "upgrade")]
mod handover;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

fn pair(version: &'static SupportedProtocolVersion) -> (ClientConnection, TlsStream<Wire>) {
    (client(version), stream_of(server()))
}

fn stream_of(config: Arc<ServerConfig>) -> TlsStream<Wire> {
    let connection = UnbufferedServerConnection::new(config).unwrap();
    TlsStream::new(Wire::default(), connection, Client::new(0), Rc::default())
}

fn records_of(client: &mut ClientConnection) -> Vec<u8> {
    let mut records = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut records).unwrap();
    }
    records
}

/// Passes the server's records to the client, and appends their content to `heard`.
fn hear(client: &mut ClientConnection, stream: &mut TlsStream<Wire>, heard: &mut Vec<u8>) {
    let written = mem::take(&mut stream.inner.written);
    let mut rest = &written[..];
    while !rest.is_empty() {
        client.read_tls(&mut rest).unwrap();
        client.process_new_packets().expect("the server speaks TLS");
        let mut reader = client.reader();
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut bytes) {
            heard.extend_from_slice(&bytes[..count]);
        }
    }
}

/// Reads until the stream would block, ends or fails.
fn read_all(stream: &mut TlsStream<Wire>, size: usize, plain: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = vec![0; size];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => plain.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Completes the handshake; bytes arrive in pieces of this size.
fn shake(client: &mut ClientConnection, stream: &mut TlsStream<Wire>, piece: usize) {
    while client.is_handshaking() || stream.is_opening() {
        for part in records_of(client).chunks(piece) {
            stream.inner.arrived.extend(part);
            let error = read_all(stream, 4096, &mut Vec::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        hear(client, stream, &mut Vec::new());
    }
}

fn opened(version: &'static SupportedProtocolVersion) -> (ClientConnection, TlsStream<Wire>) {
    let (mut client, mut stream) = pair(version);
    shake(&mut client, &mut stream, usize::MAX);
    (client, stream)
}

#[test]
fn bytes_read_the_same_however_they_are_split() {
    for version in VERSIONS {
        for piece in [1, 2, 3, 5, 100, usize::MAX] {
            let (mut client, mut stream) = pair(version);
            assert!(stream.is_opening());
            shake(&mut client, &mut stream, piece);
            let said: Vec<u8> = (0..40_000).map(|n| (n % 251) as u8).collect();
            let mut plain = Vec::new();
            for part in said.chunks(20_000) {
                client.writer().write_all(part).unwrap();
                for part in records_of(&mut client).chunks(piece) {
                    stream.inner.arrived.extend(part);
                    let error = read_all(&mut stream, 1000, &mut plain).unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                }
            }
            assert_eq!(plain, said);
        }
    }
}

#[test]
fn an_idle_stream_keeps_no_buffer() {
    for version in VERSIONS {
        let (mut client, mut stream) = opened(version);
        stream.write_all(b"hello").unwrap();
        client.writer().write_all(b"hello").unwrap();
        stream.inner.arrived.extend(records_of(&mut client));
        read_all(&mut stream, 10, &mut Vec::new()).unwrap_err();
        assert_eq!(stream.kept_bytes(), 0);
        let capacities = [&stream.begun, &stream.plain, &stream.unsent].map(Vec::capacity);
        assert_eq!(capacities, [0; 3]);
    }
}

#[test]
fn only_a_close_notify_is_an_orderly_end() {
    for version in VERSIONS {
        let (mut client, stream) = opened(version);
        drop(stream);
        client.writer().write_all(b"last words").unwrap();
        client.send_close_notify();
        let length = records_of(&mut client).len();
        for cut in 0..=length {
            let (mut client, mut stream) = opened(version);
            client.writer().write_all(b"last words").unwrap();
            client.send_close_notify();
            stream.inner.arrived.extend(&records_of(&mut client)[..cut]);
            stream.inner.ended = true;
            let mut plain = Vec::new();
            let end = read_all(&mut stream, 100, &mut plain);
            if cut == length {
                end.unwrap();
                assert_eq!(plain, b"last words");
            } else {
                assert_eq!(end.unwrap_err().kind(), ErrorKind::UnexpectedEof, "cut at {cut}");
            }
        }
    }
}

#[test]
fn after_its_close_notify_a_peer_still_gets_data_and_ours() {
    for version in VERSIONS {
        let (mut client, mut stream) = opened(version);
        client.send_close_notify();
        stream.inner.arrived.extend(records_of(&mut client));
        read_all(&mut stream, 100, &mut Vec::new()).unwrap();
        stream.write_all(b"bye").unwrap();
        stream.shutdown_write().unwrap();
        assert!(stream.inner.is_shut);
        let mut heard = Vec::new();
        hear(&mut client, &mut stream, &mut heard);
        assert_eq!(heard, b"bye");
        assert_eq!(client.reader().read(&mut [0; 9]).unwrap(), 0, "the end is an orderly one");
    }
}

#[test]
fn our_close_notify_comes_after_all_data() {
    let (mut client, mut stream) = opened(&TLS13);
    stream.inner.room = 10;
    assert_eq!(stream.write(&[b'x'; 5000]).unwrap(), 5000);
    assert!(stream.has_unsent());
    assert_eq!(stream.write(b"more").unwrap_err().kind(), ErrorKind::WouldBlock);
    for _ in 0..3 {
        assert_eq!(stream.shutdown_write().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(!stream.inner.is_shut);
    }
    stream.inner.room = usize::MAX;
    stream.shutdown_write().unwrap();
    let mut heard = Vec::new();
    hear(&mut client, &mut stream, &mut heard);
    assert_eq!(heard.len(), 5000);
    assert_eq!(client.reader().read(&mut [0; 9]).unwrap(), 0, "the end is told once");
}

#[test]
fn a_plain_client_is_recognized_by_its_first_byte_and_can_be_answered() {
    let (_, mut stream) = pair(&TLS13);
    stream.inner.arrived.push_back(b'N');
    let error = read_all(&mut stream, 100, &mut Vec::new()).unwrap_err();
    assert_eq!(Ending::of(&error), Some(&CloseReason::NotTls));
    assert!(!stream.is_opening());
    stream.write_all(b"ERROR :no\r\n").unwrap();
    assert_eq!(stream.inner.written, b"ERROR :no\r\n");
}

#[test]
#[cfg(feature = "web")]
fn a_browser_without_tls_is_answered_in_http() {
    let (_, mut stream) = pair(&TLS13);
    stream.inner.arrived.extend(b"GET / HTTP/1.1\r\nHost: box\r\n\r\n");
    let error = read_all(&mut stream, 100, &mut Vec::new()).unwrap_err();
    assert_eq!(Ending::of(&error), Some(&CloseReason::NotTls));
    assert!(stream.is_mute(), "a line of IRC would be no HTTP");
    stream.shutdown_write().unwrap();
    assert!(stream.inner.written.starts_with(b"HTTP/1.1 400 ") && stream.inner.is_shut);
}

#[test]
fn an_endless_handshake_message_is_not_buffered() {
    // A hello of 64 KB in records of one byte each.
    let record = |byte: u8| [22, 3, 1, 0, 1, byte];
    let (_, mut stream) = pair(&TLS13);
    stream.inner.arrived.extend([1, 0, 0xff, 0].into_iter().flat_map(record));
    let mut kept = 0;
    let error = loop {
        stream.inner.arrived.extend((0..100).flat_map(|_| record(b'x')));
        let error = read_all(&mut stream, 4096, &mut Vec::new()).unwrap_err();
        if error.kind() != ErrorKind::WouldBlock {
            break error;
        }
        kept = stream.kept_bytes();
        assert!(kept <= MOST_BEGUN);
    };
    assert!(kept > MOST_BEGUN / 2, "a message may be that long");
    assert!(matches!(Ending::of(&error), Some(CloseReason::TlsFailed(_))), "{error}");
    assert_eq!(stream.inner.written, alert::record(alert::DECODE_ERROR));
    assert_eq!(stream.kept_bytes(), 0);
}

#[test]
fn split_messages_after_the_handshake_never_prevent_an_end() {
    const HANDSHAKE_TYPE: u8 = 22;
    const DATA: u8 = 23;
    // A key update is 24, 0, 0, 1 and a byte.
    let cases: [&[(u8, &[u8])]; 7] = [
        &[(HANDSHAKE_TYPE, &[24])],
        &[(HANDSHAKE_TYPE, &[24, 0])],
        &[(DATA, b"QUIT"), (HANDSHAKE_TYPE, &[24, 0])],
        &[(HANDSHAKE_TYPE, &[])],
        &[(HANDSHAKE_TYPE, &[]), (DATA, b"QUIT")],
        &[(HANDSHAKE_TYPE, &[]), (HANDSHAKE_TYPE, &[24, 0, 0]), (DATA, b"QUIT")],
        &[(DATA, b"QUIT")],
    ];
    for case in cases {
        for rest in 0..30 {
            for piece in [1, 7, usize::MAX] {
                let (client, mut stream) = opened(&TLS13);
                let mut sealer = Sealer::of(client);
                let mut records: Vec<_> =
                    case.iter().flat_map(|&(t, content)| sealer.seal(t, content)).collect();
                records.extend(&sealer.seal(DATA, b"a begun record")[..rest]);
                for part in records.chunks(piece) {
                    stream.inner.arrived.extend(part);
                    read_all(&mut stream, 4096, &mut Vec::new()).unwrap_err();
                }
                // Either the stream has ended, or the last bytes go out, whatever input is discarded.
                let is_over = stream.is_mute();
                stream.forget_unread();
                assert_eq!(stream.kept_bytes(), 0);
                assert_eq!(stream.write(b"bye").is_ok(), !is_over);
                stream.shutdown_write().unwrap();
                assert!(stream.inner.is_shut);
            }
        }
    }
}

#[test]
fn a_declined_peer_gets_an_alert() {
    let (mut client, mut stream) = pair(&TLS13);
    stream.decline();
    assert!(stream.is_mute() && !stream.is_opening());
    stream.shutdown_write().unwrap();
    client.read_tls(&mut &stream.inner.written[..]).unwrap();
    let told = client.process_new_packets().unwrap_err().to_string();
    assert!(told.contains("AccessDenied"), "{told}");
}

#[test]
fn nothing_is_written_before_the_handshake_is_complete() {
    let (mut client, mut stream) = pair(&TLS13);
    assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::WouldBlock);
    stream.inner.arrived.extend(records_of(&mut client));
    read_all(&mut stream, 100, &mut Vec::new()).unwrap_err();
    assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(stream.is_opening());
}

#[test]
fn key_updates_at_any_point_lose_nothing() {
    let (mut client, mut stream) = opened(&TLS13);
    let (mut plain, mut heard) = (Vec::new(), Vec::new());
    for n in 0..20 {
        client.refresh_traffic_keys().unwrap();
        client.writer().write_all(&[n; 7]).unwrap();
        for byte in records_of(&mut client) {
            stream.inner.arrived.push_back(byte);
            read_all(&mut stream, 3, &mut plain).unwrap_err();
            stream.write_all(&[n]).unwrap();
        }
        hear(&mut client, &mut stream, &mut heard);
    }
    assert_eq!(plain, (0..20).flat_map(|n| [n; 7]).collect::<Vec<_>>());
    heard.dedup();
    assert_eq!(heard, (0..20).collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn pieces_and_blocking_of_any_size_lose_nothing_in_either_direction(
        steps in prop::collection::vec((0..20_000usize, 1..5000usize, 0..3000usize, any::<bool>()), 1..20)
    ) {
        let (mut client, mut stream) = opened(&TLS13);
        let (mut said, mut heard, mut sent, mut plain) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (n, (length, size, room, speaks)) in steps.into_iter().enumerate() {
            let bytes = vec![n as u8; length];
            if speaks {
                client.writer().write_all(&bytes).unwrap();
                sent.extend_from_slice(&bytes);
                stream.inner.arrived.extend(records_of(&mut client));
                stream.inner.most = size;
                read_all(&mut stream, size, &mut plain).unwrap_err();
            } else {
                stream.inner.room = room;
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let buffers = [IoSlice::new(&rest[..rest.len() / 2]), IoSlice::new(&rest[rest.len() / 2..])];
                    match stream.write_vectored(&buffers) {
                        Ok(taken) => rest = &rest[taken..],
                        Err(_) => stream.inner.room = room + 1,
                    }
                    prop_assert!(stream.kept_bytes() <= 17 * 1024);
                }
                stream.inner.room = usize::MAX;
                stream.flush().unwrap();
                said.extend_from_slice(&bytes);
            }
            hear(&mut client, &mut stream, &mut heard);
        }
        prop_assert_eq!(plain, sent);
        prop_assert_eq!(heard, said);
    }

    #[test]
    fn any_wrong_byte_ends_the_connection_with_only_an_alert(
        at in any::<prop::sample::Index>(), flip in 1..=255u8, is_late in any::<bool>(), is_new in any::<bool>()
    ) {
        let (mut client, mut stream) = pair(VERSIONS[usize::from(is_new)]);
        if is_late {
            shake(&mut client, &mut stream, usize::MAX);
            client.writer().write_all(&[b'x'; 300]).unwrap();
        }
        let mut records = records_of(&mut client);
        let at = at.index(records.len());
        records[at] ^= flip;
        stream.inner.arrived.extend(records);
        stream.inner.ended = true;
        let mut plain = Vec::new();
        let end = read_all(&mut stream, 100, &mut plain);
        if is_late {
            prop_assert!(end.is_err(), "a connection that breaks off has no orderly end");
            // TLS 1.3 ignores the version in a record's header.
            prop_assert!(plain.is_empty() || plain == [b'x'; 300], "changed bytes are accepted");
        }
        if let Err(error) = &end && let Some(CloseReason::TlsFailed(_)) = Ending::of(error) {
            prop_assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
            // A peer whose bytes are no TLS may not understand an alert.
            prop_assert!(!is_late || !stream.inner.written.is_empty(), "an alert says why");
            prop_assert_eq!(stream.kept_bytes(), 0);
            stream.shutdown_write().unwrap();
            read_all(&mut stream, 100, &mut plain).unwrap();
        }
    }
}
