//! Newcomers whose header has not arrived, for the program that takes the place of this one. Their bytes are still in
//! their sockets.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Instant;

use log::warn;
use mio::{Interest, Registry, Token};

use super::{MOST_WAITING, Proxies, TOKENS, Waiting};
use crate::cbor::map;
use crate::message::Peer;
use crate::net::newcomer::Newcomer;
use crate::net::plain::Plain;

/// A newcomer. The descriptor travels beside it.
#[derive(Clone, Debug)]
pub(in crate::net) struct WaitingHandover {
    is_unix: bool,
    proxy: Peer,
    is_tls: bool,
    until: Instant,
}

map!(WaitingHandover { 0: is_unix, 1: proxy, 2: is_tls, 3: until });

impl Proxies {
    /// The newcomers that wait.
    pub(in crate::net) fn hand_over(&self) -> impl Iterator<Item = (BorrowedFd<'_>, WaitingHandover)> {
        self.waiting.iter().map(|(_, Waiting { newcomer, until })| {
            let (descriptor, is_unix) = newcomer.socket.descriptor();
            let Newcomer { peer: proxy, is_tls, .. } = *newcomer;
            (descriptor, WaitingHandover { is_unix, proxy, is_tls, until: *until })
        })
    }

    /// Waits for the headers of these. Those that cannot be polled leave.
    pub(in crate::net) fn take_over(&mut self, handed: Vec<(OwnedFd, WaitingHandover)>, registry: &Registry) {
        for (descriptor, WaitingHandover { is_unix, proxy, is_tls, until }) in
            handed.into_iter().take(MOST_WAITING)
        {
            let token = Token(TOKENS.start + self.waiting.vacant_key());
            let polled = Plain::adopt(descriptor, is_unix).and_then(|mut socket| {
                registry.register(&mut socket, token, Interest::READABLE).map(|()| socket)
            });
            match polled {
                Ok(socket) => {
                    let newcomer = Newcomer { socket, peer: proxy, is_tls, is_shared: false };
                    self.waiting.insert(Waiting { newcomer, until });
                }
                Err(error) => warn!("{proxy}: cannot be polled: {error}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use mio::{Events, Poll};

    use super::*;
    use crate::cbor::{decode_at, encode_at};
    use crate::config::Proxy;
    use crate::logging::PeerLog;

    #[test]
    fn a_header_that_has_half_arrived_is_completed_for_the_next_program() {
        let (now, mut log) = (Instant::now(), PeerLog::default());
        let (proxy, newcomer) = UnixStream::pair().unwrap();
        let newcomer = Newcomer {
            socket: Plain::adopt(newcomer.into(), true).unwrap(),
            peer: Peer::Unix,
            is_tls: false,
            is_shared: false,
        };
        let mut first = Proxies::new(&[Proxy::Unix]);
        (&proxy).write_all(b"PROXY TCP4 192.0.2.7 ").unwrap();
        let poll = Poll::new().unwrap();
        assert!(first.take(newcomer, poll.registry(), now, &mut log).is_none());

        let handed: Vec<_> = first.hand_over().collect();
        let handed = handed.into_iter().map(|(descriptor, state)| {
            let state = decode_at(&encode_at(&state, now), now).unwrap();
            (descriptor.try_clone_to_owned().unwrap(), state)
        });
        let handed = handed.collect();
        drop(poll);
        let (mut poll, mut next) = (Poll::new().unwrap(), Proxies::new(&[Proxy::Unix]));
        next.take_over(handed, poll.registry());
        assert_eq!(next.next_deadline(), first.next_deadline());
        first.clear();

        (&proxy).write_all(b"192.0.2.1 4711 6667\r\nNICK ana\r\n").unwrap();
        let mut events = Events::with_capacity(8);
        poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
        let token = events.iter().next().expect("the socket is polled").token();
        assert!(Proxies::has(token));
        let mut told = next.ready(token, poll.registry(), now, &mut log).expect("the header is whole");
        assert_eq!(told.peer.to_string(), "192.0.2.7:4711");
        let mut rest = [0; 100];
        let count = told.socket.read(&mut rest).unwrap();
        assert_eq!(&rest[..count], b"NICK ana\r\n");
    }
}
