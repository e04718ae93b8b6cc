//! The half of a connection that listens. Our server ends every line with a newline; the textbook's own server
//! ends none, so until a newline has been seen, a pause ends a line as well.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::error::Error;
use super::is_retry;
use super::stream::Stream;
use crate::address::Address;
use crate::name::UserName;
use crate::wire::crazyit::Line;

/// How long a server that has sent no newline yet must pause to end a line.
const PAUSE: Duration = Duration::from_millis(200);

/// Longest line, in bytes; what is longer comes in pieces.
const LINE_BYTES: usize = 64 * 1024;

/// Something heard from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody spoke to everybody; what we say ourselves comes back like this.
    Said {
        /// Who.
        from: String,
        /// What.
        text: String,
    },
    /// Somebody spoke to us alone.
    Whispered {
        /// Who.
        from: String,
        /// What.
        text: String,
    },
    /// The server itself said something.
    Notice(String),
}

/// What comes from the server, until it closes the connection. Waits for it; an error is the last item.
#[derive(Debug)]
pub struct Events {
    server: Address,
    stream: Stream,
    /// What our lines begin with when they come back, if we have a name.
    own_line_start: Option<String>,
    unread: Vec<u8>,
    /// Lines of this server end with a newline.
    has_newlines: bool,
    /// The timeout that the stream has now.
    timeout: Option<Duration>,
    finished: Arc<AtomicBool>,
    ended: bool,
}

impl Events {
    pub(super) fn new(
        server: Address,
        stream: Stream,
        name: Option<UserName>,
        unread: Vec<u8>,
        finished: Arc<AtomicBool>,
    ) -> Self {
        let own_line_start = name.map(|name| format!("{name}说："));
        // Logging in left a timeout, which is none of these.
        let timeout = Some(Duration::MAX);
        Self { server, stream, own_line_start, unread, has_newlines: false, timeout, finished, ended: false }
    }

    /// Tells, also while the events are iterated over, whether our own side has ended with
    /// [`super::Speaker::finish`].
    pub fn finished(&self) -> impl Fn() -> bool + use<> {
        let finished = Arc::clone(&self.finished);
        move || finished.load(Ordering::Acquire)
    }

    fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    /// The next line that is whole.
    fn line(&mut self) -> Option<String> {
        if let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
            self.has_newlines = true;
            let line = self.take(end);
            self.unread.drain(..1);
            return Some(line.trim_end_matches('\r').to_owned());
        }
        (self.unread.len() >= LINE_BYTES).then(|| self.rest())
    }

    /// What has come of an unfinished line, save a character of which only the beginning is there.
    fn rest(&mut self) -> String {
        let whole = match std::str::from_utf8(&self.unread) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Ok(_) | Err(_) => self.unread.len(),
        };
        self.take(whole)
    }

    fn take(&mut self, end: usize) -> String {
        let line = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        self.unread.drain(..end);
        line
    }

    /// The textbook's own Python server does not know half-closing: it takes the end of our input for an empty
    /// message, again and again, and never closes. That is an end too.
    fn cut_endless_echo(&mut self) {
        if let Some(start) = &self.own_line_start
            && !self.has_newlines
            && self.is_finished()
        {
            let twice = start.repeat(2).into_bytes();
            if let Some(at) = self.unread.windows(twice.len()).position(|window| window == twice) {
                self.unread.truncate(at);
                self.ended = true;
            }
        }
    }

    /// Reads more. False when a pause has ended the line.
    fn read(&mut self) -> Result<bool, Error> {
        let timeout = (!self.has_newlines && !self.unread.is_empty()).then_some(PAUSE);
        let mut bytes = [0; 4096];
        let result = if self.timeout == timeout { Ok(()) } else { self.stream.set_read_timeout(timeout) };
        self.timeout = timeout;
        match result.and_then(|()| self.stream.read(&mut bytes)) {
            Ok(0) if self.is_finished() => self.ended = true,
            Ok(0) => return Err(self.lost(ErrorKind::UnexpectedEof.into())),
            Ok(count) => {
                self.unread.extend_from_slice(&bytes[..count]);
                self.cut_endless_echo();
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if is_retry(&error) => return Ok(false),
            Err(error) => return Err(self.lost(error)),
        }
        Ok(true)
    }

    fn lost(&self, error: std::io::Error) -> Error {
        Error::Lost { server: self.server.clone(), error }
    }
}

impl Iterator for Events {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.line() {
                Some(line) => line,
                None if self.ended && self.unread.is_empty() => return None,
                None if self.ended => self.take(self.unread.len()),
                None => match self.read() {
                    Ok(true) => continue,
                    Ok(false) => self.rest(),
                    Err(error) => {
                        self.ended = true;
                        self.unread.clear();
                        return Some(Err(error));
                    }
                },
            };
            // The newline that completes an answer, for one.
            if !line.is_empty() {
                return Some(Ok(event(&line)));
            }
        }
    }
}

fn event(line: &str) -> Event {
    match Line::decode(line) {
        Line::Said { from, text } => Event::Said { from: from.to_owned(), text: text.to_owned() },
        Line::Whispered { from, text } => Event::Whispered { from: from.to_owned(), text: text.to_owned() },
        Line::Notice(text) => Event::Notice(text.to_owned()),
    }
}
