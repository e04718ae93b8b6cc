//! The two ends of a connection over TLS. What they share is locked only while bytes are encrypted or decrypted, never
//! while anybody waits for the socket: who reads must go on when the server takes nothing, and who writes when it says
//! nothing.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::{ClientConnection, Error};

use crate::client::blocking_socket::{BlockingSocket, TimedReader};
use crate::client::lock::lock;

/// What is read from.
#[derive(Debug)]
pub(in crate::client) struct TlsReadEnd {
    socket: TimedReader,
    session: Arc<Mutex<ClientConnection>>,
    /// What has come and is not decrypted yet.
    unread: Vec<u8>,
    /// Why nothing more can be decrypted.
    failure: Option<Error>,
}

impl TlsReadEnd {
    pub(super) fn new(stream: BlockingSocket, session: Arc<Mutex<ClientConnection>>) -> Self {
        Self { socket: TimedReader::new(stream), session, unread: Vec::new(), failure: None }
    }

    /// Reads, and waits for at most `timeout`, which is not zero. What has come may be a part of a record, or nothing
    /// that was said.
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
                // Nothing is left to decrypt, so the session learns of the end.
                0 => lock(&self.session).read_tls(&mut io::empty()).map(|_| ())?,
                count => self.unread.extend_from_slice(&records[..count]),
            }
            left = timeout.saturating_sub(begin.elapsed());
        }
    }

    /// What of that which has come can be decrypted: none at the end that the server has announced, and `None` where
    /// more must come first.
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
            // What came before it is read first.
            self.failure = session.process_new_packets().err();
        }
    }
}

/// What is written to.
#[derive(Debug)]
pub(in crate::client) struct TlsWriteEnd {
    stream: BlockingSocket,
    session: Arc<Mutex<ClientConnection>>,
    /// What is encrypted and has not been sent: nothing, unless sending has failed.
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

    /// Ends the writing side, and says so: who only sees the connection end must take it for cut.
    pub(in crate::client) fn finish(&mut self) -> io::Result<()> {
        let said = self.encrypt(|session| {
            session.send_close_notify();
            Ok(())
        });
        let said = said.and_then(|()| self.send());
        // Our side ends, whether the server could be told or not.
        self.stream.shutdown(Shutdown::Write).and(said)
    }

    /// Does something with the session, and takes what it has to send since: also what it answers to what was read.
    fn encrypt<T>(&mut self, act: impl FnOnce(&mut ClientConnection) -> io::Result<T>) -> io::Result<T> {
        let mut session = lock(&self.session);
        let result = act(&mut session)?;
        while session.wants_write() {
            session.write_tls(&mut self.unsent)?;
        }
        Ok(result)
    }

    /// Whatever cannot be sent stays, because records make sense only in their order and whole.
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
