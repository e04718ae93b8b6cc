//! What the program that takes the place of this one must know of a socket. The descriptor itself travels beside it.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use super::plain::Plain;
use super::transport::Transport;
use super::web::WebHandover;
use crate::cbor::map;
#[cfg(feature = "tls")]
use crate::server::Stream;

/// The state of a socket.
#[derive(Clone, Debug)]
pub(super) struct SocketHandover {
    pub(super) is_unix: bool,
    /// The layer for HTTP and WebSocket, if the peer needs it.
    pub(super) web: Option<WebHandover>,
}

map!(SocketHandover { 0: is_unix, 1: web });

/// What carries the bytes of a connection.
#[derive(Debug)]
pub(super) struct Carrier<'a> {
    pub(super) descriptor: BorrowedFd<'a>,
    pub(super) is_unix: bool,
    /// Nothing more can be written, and nobody can read what comes.
    #[cfg(feature = "web")]
    pub(super) is_over: bool,
}

impl Transport {
    /// The socket, unless there is more to it than another program can know.
    pub(super) fn carrier(&self) -> Option<Carrier<'_>> {
        let plain = match self {
            Self::Plain(plain) => plain,
            #[cfg(feature = "tls")]
            Self::Tls(stream) if stream.is_portable() => stream.inner(),
            #[cfg(feature = "tls")]
            Self::Tls(_) => return None,
        };
        let (descriptor, is_unix) = plain.descriptor();
        Some(Carrier {
            descriptor,
            is_unix,
            #[cfg(feature = "web")]
            is_over: !matches!(self, Self::Plain(_)),
        })
    }

    /// A socket of another program.
    pub(super) fn carried_by(descriptor: OwnedFd, is_unix: bool) -> io::Result<Self> {
        Plain::adopt(descriptor, is_unix).map(Self::Plain)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::cbor::{decode, encode};
    use crate::config::ServerConfig;
    use crate::net::web::{Socket, Web};

    const LINE: &[u8] = b"NICK ana\r\n";

    fn web() -> Web {
        Web::new(&ServerConfig::default())
    }

    /// The socket as the next program has it, which has this layer for newcomers.
    fn handed_over(socket: Socket, web: &Web) -> Socket {
        let (descriptor, state) = socket.hand_over().expect("it can be handed over");
        let (descriptor, state) =
            (descriptor.try_clone_to_owned().unwrap(), decode(&encode(&state)).unwrap());
        drop(socket);
        <Socket>::take_over(descriptor, state, web).unwrap()
    }

    /// Reads what has come.
    fn read(socket: &mut Socket, seen: &mut Vec<u8>) {
        let mut buffer = [0; 100];
        match socket.read(&mut buffer) {
            Ok(count) => seen.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Reads until this is true.
    fn read_until(socket: &mut Socket, seen: &mut Vec<u8>, is_done: impl Fn(&Socket, &[u8]) -> bool) {
        let until = Instant::now() + Duration::from_secs(10);
        while !is_done(socket, seen) {
            assert!(Instant::now() < until, "only {seen:?} in 10 s");
            read(socket, seen);
        }
    }

    /// Says a line to an accepted socket, which is handed over before the byte at `cut`, and hears an answer.
    fn talk(mut peer: impl Read + Write, ours: OwnedFd, is_unix: bool, cut: usize) {
        let plain = Plain::adopt(ours, is_unix).unwrap();
        let (mut socket, mut seen) = (web().wrap(Transport::from(plain), false), Vec::new());
        peer.write_all(&LINE[..cut]).unwrap();
        read(&mut socket, &mut seen);
        let mut socket = handed_over(socket, &web());
        peer.write_all(&LINE[cut..]).unwrap();
        read_until(&mut socket, &mut seen, |_, seen| seen.len() >= LINE.len());
        assert_eq!(seen, LINE, "cut at {cut}");
        socket.write_all(b"hello").unwrap();
        let mut heard = [0; 5];
        peer.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hello");
    }

    #[test]
    fn the_next_program_goes_on_with_a_socket() {
        for cut in 0..=LINE.len() {
            let (peer, ours) = UnixStream::pair().unwrap();
            talk(peer, ours.into(), true, cut);
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            talk(peer, listener.accept().unwrap().0.into(), false, cut);
        }
    }

    #[test]
    #[cfg(feature = "web")]
    fn a_browser_stays_even_if_the_next_program_serves_no_page() {
        use crate::server::Stream as _;

        let (mut peer, ours) = UnixStream::pair().unwrap();
        let plain = Plain::adopt(ours.into(), true).unwrap();
        let mut socket = web().wrap(Transport::from(plain), false);
        let request = "GET /ws HTTP/1.1\r\nHost: box\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        peer.write_all(request.as_bytes()).unwrap();
        read_until(&mut socket, &mut Vec::new(), |socket, _| socket.framing().is_some());
        let mut config = ServerConfig::default();
        config.web.is_on = false;
        let mut socket = handed_over(socket, &Web::new(&config));
        // A text message with a mask of zeros.
        peer.write_all(&[&[0x81, 0x80 | 8, 0, 0, 0, 0], &LINE[..8]].concat()).unwrap();
        let mut seen = Vec::new();
        read_until(&mut socket, &mut seen, |_, seen| seen.len() >= LINE.len());
        assert_eq!(seen, LINE);
    }
}
