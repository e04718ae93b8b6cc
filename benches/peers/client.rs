//! One connection of the loader: a non-blocking socket, with or without TLS and WebSocket, and its buffers.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::browser::{Browser, Browsers};
use crate::failure::Failure;
use crate::tls::{Certificate, TlsLine};
use crate::wire::Wire;

/// Bytes per read, into a buffer that all clients share.
pub(crate) const BUFFER_BYTES: usize = 256 * 1024;

/// How clients reach a server.
#[derive(Clone)]
pub(crate) struct Door {
    /// Several if it is several nodes, which clients take in turn.
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) wire: Wire,
    /// The server's certificate if it uses TLS.
    pub(crate) certificate: Option<Rc<Certificate>>,
    pub(crate) browsers: Browsers,
}

impl Door {
    fn address(&self, client: usize) -> SocketAddr {
        self.addresses[client % self.addresses.len()]
    }

    fn connect(&self, client: usize) -> io::Result<Line> {
        let address = self.address(client);
        Ok(match &self.certificate {
            None => Line::Plain(TcpStream::connect(address)?),
            Some(certificate) => {
                let line = TlsLine::connect(address, certificate, self.wire.greets_in_the_clear())?;
                Line::Tls(Box::new(line))
            }
        })
    }
}

enum Line {
    Plain(TcpStream),
    Tls(Box<TlsLine>),
}

impl Line {
    fn socket(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(line) => line.socket(),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(line) => line.read(buffer),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(line) => line.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(line) => line.flush(),
        }
    }
}

pub(crate) struct Client {
    line: Line,
    /// `None` for a client that sends and receives lines as they are.
    browser: Option<Browser>,
    unsent: Vec<u8>,
    /// The beginning of an incomplete line or message.
    begun: Vec<u8>,
}

impl Client {
    /// Starts to connect; `first` is sent once connected.
    pub(crate) fn connect(
        to: &Door,
        first: &str,
        registry: &Registry,
        token: Token,
    ) -> Result<Self, Failure> {
        let mut line = to.connect(token.0)?;
        // Otherwise messages would wait for acknowledgements of earlier ones.
        line.socket().set_nodelay(true)?;
        registry.register(line.socket(), token, Interest::READABLE | Interest::WRITABLE)?;
        let is_browser = to.browsers.include(token.0);
        let mut client = Self { line, browser: None, unsent: Vec::new(), begun: Vec::new() };
        if is_browser {
            client.unsent = Browser::request(to.address(token.0));
            client.browser = Some(Browser::default());
        }
        client.queue(first.as_bytes());
        Ok(client)
    }

    /// Sends whole lines.
    pub(crate) fn send(&mut self, lines: &[u8]) -> Result<(), Failure> {
        self.queue(lines);
        self.flush()
    }

    fn queue(&mut self, lines: &[u8]) {
        match &mut self.browser {
            None => self.unsent.extend_from_slice(lines),
            Some(browser) => browser.send(lines, &mut self.unsent),
        }
    }

    /// Writes until the socket would block; a later event reports that it takes more.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        while !self.unsent.is_empty() {
            match self.line.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // Not connected yet; an event will report it.
                Err(error) if error.kind() == ErrorKind::NotConnected => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.line.flush()?)
    }

    /// Reads until the socket would block. `take` gets bytes and returns how many it has handled; the others come
    /// again, followed by new ones.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        mut take: impl FnMut(&[u8]) -> Result<usize, Failure>,
    ) -> Result<(), Failure> {
        loop {
            let begun = self.begun.len();
            buffer[..begun].copy_from_slice(&self.begun);
            let (size, new) = (buffer.len(), &mut buffer[begun..]);
            let kept = self.browser.as_ref().map_or(0, |browser| browser.put_begun(new));
            let count = match self.line.read(&mut new[kept..]) {
                Ok(0) => return Err(Failure::Wrong("the server ended a connection".into())),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let is_full = begun + kept + count == size;
            let filled = begun
                + match &mut self.browser {
                    None => count,
                    Some(browser) => browser.decode(&mut new[..kept + count], &mut self.unsent)?,
                };
            let taken = take(&buffer[..filled])?;
            if taken == 0 && filled == buffer.len() {
                return Err(Failure::Wrong("a line has no end".into()));
            }
            self.begun.clear();
            self.begun.extend_from_slice(&buffer[taken..filled]);
            // A short read: the socket is empty (epoll(7)).
            if !is_full {
                return self.flush();
            }
        }
    }
}
