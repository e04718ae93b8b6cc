//! The input buffer: bytes from the server that are not handled yet.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::ends::ReadEnd;
use super::error::Error;
use super::shared_connection::SharedConnection;
use crate::blocking_socket::is_retry;

/// Longest line, in bytes; a longer one is split.
const LINE_BYTES: usize = 64 * 1024;

/// The result of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Got {
    Bytes,
    /// Nothing came within the timeout.
    Nothing,
    /// The server has closed its side.
    End,
}

/// A timeout and its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) since: Instant,
    pub(super) within: Duration,
}

impl Patience {
    /// Starts now.
    pub(super) fn new(within: Duration) -> Self {
        Self { since: Instant::now(), within }
    }
}

/// The reading side of a connection.
#[derive(Debug)]
pub(super) struct Incoming {
    source: ReadEnd,
    unread: Vec<u8>,
    /// There is no newline before this index.
    searched: usize,
}

impl Incoming {
    pub(super) fn new(source: ReadEnd) -> Self {
        Self { source, unread: Vec::new(), searched: 0 }
    }

    /// Reads once, within `timeout`, which is not zero.
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

    /// Reads once while waiting for an answer.
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

    /// The next complete line, without its end. A line that is too long is split.
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

    /// The incomplete line, except for an incomplete character at its end.
    pub(super) fn rest(&mut self) -> String {
        let whole = match std::str::from_utf8(&self.unread) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Ok(_) | Err(_) => self.unread.len(),
        };
        self.take(whole)
    }

    /// Takes the first `end` bytes. Invalid UTF-8 in them is replaced.
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

    /// The bytes that have not been taken.
    pub(super) fn unread(&self) -> &[u8] {
        &self.unread
    }
}
