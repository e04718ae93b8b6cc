//! The two ends of a connection over TLS. The session that they share is only locked to encrypt or decrypt, never
//! while an end waits for the socket, so neither end can block the other.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::{ClientConnection, Error};

use crate::blocking_socket::{BlockingSocket, TimedReader};
use crate::client::lock::lock;

/// The end to read from.
#[derive(Debug)]
pub(in crate::client) struct TlsReadEnd {
    socket: TimedReader,
    session: Arc<Mutex<ClientConnection>>,
    /// Bytes that are not decrypted yet.
    unread: Vec<u8>,
    /// Why decrypting has failed.
    failure: Option<Error>,
}

impl TlsReadEnd {
    pub(super) fn new(stream: BlockingSocket, session: Arc<Mutex<ClientConnection>>) -> Self {
        Self { socket: TimedReader::new(stream), session, unread: Vec::new(), failure: None }
    }

    /// Reads within `timeout`, which is not zero. Reads on after a partial record or one without data.
    pub(in crate::client) fn read(&mut self, bytes: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let begin = Instant::now();
        let mut left = timeout;
        loop {
            if let Some(count) = self.decrypt(bytes)? {
                return Ok(count);
            }
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            let mut records = [0; 4096];
            match self.socket.read(&mut records, left)? {
                // Tells the session about the end.
                0 => lock(&self.session).read_tls(&mut io::empty()).map(|_| ())?,
                count => self.unread.extend_from_slice(&records[..count]),
            }
            left = timeout.saturating_sub(begin.elapsed());
        }
    }

    /// Decrypts what has come: 0 at an announced end, `None` if more bytes are needed.
    fn decrypt(&mut self, bytes: &mut [u8]) -> io::Result<Option<usize>> {
        let mut session = lock(&self.session);
        loop {
            match session.reader().read(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return result.map(Some),
            }
            if let Some(error) = &self.failure {
                return Err(io::Error::new(ErrorKind::InvalidData, error.clone()));
            }
            if self.unread.is_empty() {
                return Ok(None);
            }
            let count = session.read_tls(&mut self.unread.as_slice())?;
            self.unread.drain(..count);
            // Data before the failure is read first.
            self.failure = session.process_new_packets().err();
        }
    }
}

/// The end to write to.
#[derive(Debug)]
pub(in crate::client) struct TlsWriteEnd {
    stream: BlockingSocket,
    session: Arc<Mutex<ClientConnection>>,
    /// Encrypted bytes that are not sent; empty unless sending has failed.
    unsent: Vec<u8>,
}

impl TlsWriteEnd {
    pub(super) fn new(stream: BlockingSocket, session: Arc<Mutex<ClientConnection>>) -> Self {
        Self { stream, session, unsent: Vec::new() }
    }

    pub(in crate::client) fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = self.encrypt(|session| session.writer().write(bytes))?;
            if count == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
            bytes = &bytes[count..];
            self.send()?;
        }
        Ok(())
    }

    /// Announces the end and shuts down the writing side. An unannounced end would look like a cut connection.
    pub(in crate::client) fn finish(&mut self) -> io::Result<()> {
        let said = self.encrypt(|session| {
            session.send_close_notify();
            Ok(())
        });
        let said = said.and_then(|()| self.send());
        // Shut down even if the announcement failed.
        self.stream.shutdown(Shutdown::Write).and(said)
    }

    /// Uses the session, and takes all bytes that it then wants to send.
    fn encrypt<T>(&mut self, act: impl FnOnce(&mut ClientConnection) -> io::Result<T>) -> io::Result<T> {
        let mut session = lock(&self.session);
        let result = act(&mut session)?;
        while session.wants_write() {
            session.write_tls(&mut self.unsent)?;
        }
        Ok(result)
    }

    /// Keeps what cannot be sent, because records must stay whole and in order.
    fn send(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
