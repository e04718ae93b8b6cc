//! The bare relay, the limit for any server: it reads everything that is ready, and writes the same bytes once to each
//! receiver. Its only protocol is `hear`, with which receivers register.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(usize::MAX);

const BUFFER_BYTES: usize = 256 * 1024;

struct Peer {
    stream: TcpStream,
    is_receiver: bool,
    /// Bytes that a receiver's socket has not taken yet.
    unsent: Vec<u8>,
    /// An incomplete line, which must not be mixed with another sender's.
    begun: Vec<u8>,
}

pub(crate) fn run(address: SocketAddr) -> io::Result<()> {
    let mut listener = TcpListener::bind(address)?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(4096);
    let mut peers: Vec<Peer> = Vec::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut heard = Vec::new();
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &poll, &mut peers)?;
                continue;
            }
            let peer = &mut peers[event.token().0];
            if event.is_writable() && !peer.unsent.is_empty() {
                let unsent = mem::take(&mut peer.unsent);
                peer.write(&unsent)?;
            }
            if event.is_readable() {
                peer.read(&mut buffer, &mut heard)?;
            }
        }
        if !heard.is_empty() {
            for peer in peers.iter_mut().filter(|peer| peer.is_receiver) {
                peer.write(&heard)?;
            }
            heard.clear();
        }
    }
}

fn accept(listener: &TcpListener, poll: &Poll, peers: &mut Vec<Peer>) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((mut stream, _)) => {
                stream.set_nodelay(true)?;
                let interest = Interest::READABLE | Interest::WRITABLE;
                poll.registry().register(&mut stream, Token(peers.len()), interest)?;
                peers.push(Peer { stream, is_receiver: false, unsent: Vec::new(), begun: Vec::new() });
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

impl Peer {
    /// Reads until the socket would block, and appends the whole lines.
    fn read(&mut self, buffer: &mut [u8], heard: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let count = match self.stream.read(buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let bytes = &buffer[..count];
            if bytes == b"hear\n" {
                self.is_receiver = true;
                self.write(b"yes\n")?;
            } else if let Some(last) = bytes.iter().rposition(|&byte| byte == b'\n') {
                heard.append(&mut self.begun);
                heard.extend_from_slice(&bytes[..=last]);
                self.begun.extend_from_slice(&bytes[last + 1..]);
            } else {
                self.begun.extend_from_slice(bytes);
            }
            if count < buffer.len() {
                return Ok(());
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return Ok(());
        }
        let mut written = 0;
        while written < bytes.len() {
            match self.stream.write(&bytes[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.unsent.extend_from_slice(&bytes[written..]);
        Ok(())
    }
}
