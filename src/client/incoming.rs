//! What has come from the server and has not been understood yet.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::blocking_socket::is_retry;
use super::ends::ReadEnd;
use super::error::Error;
use super::shared_connection::SharedConnection;

/// Longest line, in bytes; what is longer comes in pieces.
const LINE_BYTES: usize = 64 * 1024;

/// What a read came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Got {
    Bytes,
    /// Nothing within the time.
    Nothing,
    /// The server's side has ended.
    End,
}

/// How long somebody waits for an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) since: Instant,
    pub(super) within: Duration,
}

impl Patience {
    /// From now on.
    pub(super) fn new(within: Duration) -> Self {
        Self { since: Instant::now(), within }
    }
}

/// The reading side of a connection.
#[derive(Debug)]
pub(super) struct Incoming {
    source: ReadEnd,
    unread: Vec<u8>,
    /// There is no newline before this.
    searched: usize,
}

impl Incoming {
    pub(super) fn new(source: ReadEnd) -> Self {
        Self { source, unread: Vec::new(), searched: 0 }
    }

    /// Reads once, and waits for at most `timeout`, which is not zero.
    pub(super) fn read(&mut self, timeout: Duration) -> io::Result<Got> {
        let mut bytes = [0; 4096];
        match self.source.read(&mut bytes, timeout) {
            Ok(0) => Ok(Got::End),
            Ok(count) => {
                self.unread.extend_from_slice(&bytes[..count]);
                Ok(Got::Bytes)
            }
            Err(error) if is_retry(&error) => Ok(Got::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Reads once, for who waits for an answer.
    pub(super) fn await_answer(
        &mut self,
        patience: Patience,
        connection: &SharedConnection,
    ) -> Result<(), Error> {
        let left = patience.within.saturating_sub(patience.since.elapsed());
        if left.is_zero() {
            return Err(Error::NoAnswer { server: connection.server.clone(), within: patience.within });
        }
        match self.read(left).map_err(|error| connection.lost(error))? {
            Got::Bytes | Got::Nothing => Ok(()),
            Got::End => Err(connection.lost(ErrorKind::UnexpectedEof.into())),
        }
    }

    /// The next line that has an end, without it. One that is too long comes in pieces.
    pub(super) fn line(&mut self) -> Option<String> {
        match self.unread[self.searched..].iter().position(|&byte| byte == b'\n') {
            Some(found) => {
                let line = self.take(self.searched + found);
                self.unread.drain(..1);
                Some(line.trim_end_matches('\r').to_owned())
            }
            None if self.unread.len() >= LINE_BYTES => Some(self.rest()),
            None => {
                self.searched = self.unread.len();
                None
            }
        }
    }

    /// What has come of an unfinished line, save a character of which only the beginning is there.
    pub(super) fn rest(&mut self) -> String {
        let whole = match std::str::from_utf8(&self.unread) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Ok(_) | Err(_) => self.unread.len(),
        };
        self.take(whole)
    }

    /// The first `end` bytes. What is not UTF-8 in them is replaced.
    pub(super) fn take(&mut self, end: usize) -> String {
        let line = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        self.skip(end);
        line
    }

    pub(super) fn skip(&mut self, count: usize) {
        self.unread.drain(..count);
        self.searched = 0;
    }

    pub(super) fn truncate(&mut self, end: usize) {
        self.unread.truncate(end);
        self.searched = self.searched.min(end);
    }

    /// What has come and has not been taken.
    pub(super) fn unread(&self) -> &[u8] {
        &self.unread
    }
}
