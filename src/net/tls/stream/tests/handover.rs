//! Another program takes the place of this one.

use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustls::HandshakeKind;
use rustls::client::Resumption;

use super::*;
use crate::cbor::{decode_at, encode_at};
use crate::net::plain::Plain;
use crate::net::tls::test_support::{connection, server_with, trusting};
use crate::net::tls::tickets::Tickets;
use crate::net::transport::Transport;
use crate::net::web::{Socket, Web};

/// How a client that keeps tickets shakes hands with this server.
fn kind(config: &Arc<rustls::ClientConfig>, server: Arc<ServerConfig>) -> Option<HandshakeKind> {
    let (mut client, mut stream) = (connection(Arc::clone(config)), stream_of(server));
    shake(&mut client, &mut stream, usize::MAX);
    // Ticket and all.
    hear(&mut client, &mut stream, &mut Vec::new());
    client.handshake_kind()
}

#[test]
fn a_session_is_resumed_with_the_next_program() {
    for version in VERSIONS {
        let now = Instant::now();
        let [first, next, stranger] = [(); 3].map(|()| Tickets::new(now).unwrap());
        next.take_over(decode_at(&encode_at(&first.keys().unwrap(), now), now).unwrap());
        let [first, next, stranger] = [first, next, stranger].map(server_with);
        let mut config = trusting(version).with_no_client_auth();
        config.resumption = Resumption::in_memory_sessions(8);
        let config = Arc::new(config);
        assert_eq!(kind(&config, first), Some(HandshakeKind::Full));
        assert_eq!(kind(&config, Arc::clone(&next)), Some(HandshakeKind::Resumed), "{version:?}");
        assert_eq!(kind(&config, next), Some(HandshakeKind::Resumed), "with a ticket of the next program");
        assert_eq!(kind(&config, stranger), Some(HandshakeKind::Full), "without the keys");
    }
}

#[test]
fn only_a_stream_that_has_said_all_can_be_handed_over() {
    for version in VERSIONS {
        let (_, stream) = pair(version);
        assert!(!stream.is_portable(), "a handshake is under way");
        let (mut client, mut stream) = opened(version);
        stream.write_all(b"bye").unwrap();
        assert!(!stream.is_portable(), "the keys stay here");
        stream.inner.room = 1;
        assert_eq!(stream.shutdown_write().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(!stream.is_portable(), "the last record is not written");
        stream.inner.room = usize::MAX;
        stream.shutdown_write().unwrap();
        assert!(stream.is_portable());
        let mut heard = Vec::new();
        hear(&mut client, &mut stream, &mut heard);
        assert_eq!(heard, b"bye");
        assert_eq!(client.reader().read(&mut [0; 9]).unwrap(), 0, "the end is an orderly one");
        client.writer().write_all(b"late").unwrap();
        stream.inner.arrived.extend(records_of(&mut client));
        stream.inner.arrived.extend(b"no record");
        stream.forget_unread();
        read_all(&mut stream, 100, &mut Vec::new()).unwrap_err();
        stream.forget_unsent();
        assert!(stream.is_portable(), "whatever comes after that");
    }
}

#[test]
fn the_next_program_gets_a_socket_whose_tls_has_ended_and_no_other() {
    let (mut peer, ours) = UnixStream::pair().unwrap();
    let connection = UnbufferedServerConnection::new(server()).unwrap();
    let plain = Plain::adopt(ours.into(), true).unwrap();
    let stream = Box::new(TlsStream::new(plain, connection, Client::new(0), Rc::default()));
    let web = Web::new(&crate::config::ServerConfig::default());
    let mut socket = web.wrap(Transport::from(stream), false);
    assert!(!socket.is_portable() && socket.hand_over().is_none());
    socket.shutdown_write().unwrap();
    assert!(socket.is_portable());
    let (descriptor, state) = socket.hand_over().unwrap();
    let mut socket = <Socket>::take_over(descriptor.try_clone_to_owned().unwrap(), state, &web).unwrap();
    assert_eq!(socket.write(b"plain text").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(peer.read(&mut [0; 9]).unwrap(), 0);
}
