//! One connection of the loader: a socket that does not block, and both of its buffers.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::failure::Failure;

/// Bytes read in one call, by all clients into the same buffer.
pub(crate) const BUFFER_BYTES: usize = 256 * 1024;

pub(crate) struct Client {
    stream: TcpStream,
    /// Not written yet.
    unsent: Vec<u8>,
    /// The beginning of a line or message whose rest has not come yet.
    begun: Vec<u8>,
}

impl Client {
    /// Begins to connect; `first` is sent as soon as that is done.
    pub(crate) fn connect(
        to: SocketAddr,
        first: &str,
        registry: &Registry,
        token: Token,
    ) -> Result<Self, Failure> {
        let mut stream = TcpStream::connect(to)?;
        // Otherwise messages would wait for acknowledgements of earlier ones.
        stream.set_nodelay(true)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { stream, unsent: first.into(), begun: Vec::new() })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.unsent.extend_from_slice(bytes);
        self.flush()
    }

    /// Writes what the socket takes; a later event says that it takes more.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // Not connected yet: an event will say so.
                Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads all there is. `take` is given bytes, and says how many of them it has understood; the others come again
    /// with those that follow them.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        mut take: impl FnMut(&[u8]) -> Result<usize, Failure>,
    ) -> Result<(), Failure> {
        loop {
            let begun = self.begun.len();
            buffer[..begun].copy_from_slice(&self.begun);
            let filled = match self.stream.read(&mut buffer[begun..]) {
                Ok(0) => return Err(Failure::Wrong("the server ended a connection".into())),
                Ok(count) => begun + count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let taken = take(&buffer[..filled])?;
            if taken == 0 && filled == buffer.len() {
                return Err(Failure::Wrong("a line has no end".into()));
            }
            self.begun.clear();
            self.begun.extend_from_slice(&buffer[taken..filled]);
            // Less than there was space for: no more is there (epoll(7)).
            if filled < buffer.len() {
                return Ok(());
            }
        }
    }
}
