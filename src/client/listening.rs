//! Listening: bytes from the socket become events, one after the other, on whatever thread asks for the next.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::Error;
use super::event::{Event, EventKind, is_parlord};
use super::incoming::{Got, Incoming};
use super::shared_connection::{OwnSide, SharedConnection};
use super::{crazyit, irc};
use crate::wire::Wire;

/// Longest wait in one read, after which the time is looked at.
const TICK: Duration = Duration::from_secs(5);

/// After this much silence an IRC server is asked for a sign of life.
const PING_AFTER: Duration = Duration::from_secs(120);

/// After this much silence an IRC server is given up: it was asked a while ago.
const LOST_AFTER: Duration = Duration::from_secs(180);

/// Once our own side has ended, how long a server may be silent without closing.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(60);

/// Once our own side has ended, how long a server may go on talking without closing: time enough for what is due to
/// us. One that does not know half-closing would tell us for ever what is said.
const TALK_TIMEOUT: Duration = Duration::from_secs(300);

/// Once we have said `QUIT`, how long a server may take to close. It has confirmed everything before, and owes us nothing.
const QUIT_TIMEOUT: Duration = Duration::from_secs(5);

/// What comes from the server, until it closes the connection. Waits for it; an error is the last item.
#[derive(Debug)]
pub(super) struct Listening {
    connection: Arc<SharedConnection>,
    incoming: Incoming,
    ear: Ear,
    /// When something last came.
    heard: Instant,
    /// The server has been asked for a sign of life since.
    asked: bool,
    /// Nothing has come for so long that a line is taken to have ended.
    paused: bool,
    ended: bool,
}

/// How one understands a wire.
#[derive(Debug)]
enum Ear {
    Irc(irc::Ear),
    CrazyIt(crazyit::Ear),
}

impl Listening {
    pub(super) fn new(connection: Arc<SharedConnection>, incoming: Incoming, wire: Wire) -> Self {
        let ear = match wire {
            Wire::Irc => Ear::Irc(irc::Ear::default()),
            Wire::CrazyIt => Ear::CrazyIt(crazyit::Ear::default()),
        };
        let heard = Instant::now();
        // Until the server says that it is ours, which knows what a half-closed connection is.
        connection.set_goodbye((wire == Wire::Irc).then_some(irc::QUIT));
        Self { connection, incoming, ear, heard, asked: false, paused: false, ended: false }
    }

    /// The next event of what has come.
    fn take(&mut self) -> Option<Event> {
        match &mut self.ear {
            Ear::Irc(ear) => loop {
                let line = self.incoming.line()?;
                if let Some(event) = ear.hear(&line, &self.connection) {
                    if let EventKind::Server { version } = &event.kind {
                        self.connection.set_goodbye((!is_parlord(version)).then_some(irc::QUIT));
                    }
                    return Some(event);
                }
            },
            Ear::CrazyIt(ear) => {
                let paused = std::mem::take(&mut self.paused);
                let kind = ear.answer(&mut self.incoming, &self.connection);
                let kind = kind.or_else(|| ear.hear(&mut self.incoming, paused, self.ended))?;
                Some(ear.event(kind, &self.connection.name()))
            }
        }
    }

    /// Waits for more, for a while.
    fn read(&mut self) -> Result<(), Error> {
        let pause_ends_line = match &self.ear {
            Ear::Irc(_) => false,
            Ear::CrazyIt(ear) => ear.heeds_pauses(&self.incoming),
        };
        let timeout = match self.has_quit() {
            _ if pause_ends_line => crazyit::PAUSE,
            true => QUIT_TIMEOUT,
            false => TICK,
        };
        let got = match self.incoming.read(timeout) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && self.misses_nothing() => Got::End,
            result => result.map_err(|error| self.connection.lost(error))?,
        };
        match got {
            Got::Bytes => {
                self.heard = Instant::now();
                self.asked = false;
                self.end_in_time()?;
                if let (Ear::CrazyIt(ear), OwnSide::Closing { .. }) = (&self.ear, self.connection.own_side())
                {
                    self.ended = ear.cut_endless_echo(&self.connection.name(), &mut self.incoming);
                }
            }
            Got::Nothing if pause_ends_line => self.paused = true,
            Got::Nothing => self.silence()?,
            Got::End => match self.connection.own_side() {
                OwnSide::Closing { .. } => self.ended = true,
                // We had more to say, or do not know that all was taken.
                OwnSide::Greeting | OwnSide::Open | OwnSide::Draining { .. } => {
                    return Err(self.lost(ErrorKind::UnexpectedEof));
                }
            },
        }
        Ok(())
    }

    /// True when it does not matter who has ended the connection: IRC servers have confirmed what we said before we
    /// end our side, and what they say after a goodbye is no loss. On the CrazyIt wire only the server's own end
    /// confirms.
    fn misses_nothing(&self) -> bool {
        matches!((&self.ear, self.connection.own_side()), (Ear::Irc(_), OwnSide::Closing { .. }))
    }

    /// Does what is due after nothing has come for a while.
    fn silence(&mut self) -> Result<(), Error> {
        let silence = self.heard.elapsed();
        match (self.connection.own_side(), &self.ear) {
            (OwnSide::Open, Ear::CrazyIt(_)) => Ok(()),
            (OwnSide::Open, Ear::Irc(_)) if silence >= LOST_AFTER => Err(self.lost(ErrorKind::TimedOut)),
            (OwnSide::Open, Ear::Irc(_)) => {
                if silence >= PING_AFTER && !self.asked {
                    self.asked = true;
                    self.connection.answer(&irc::sign_of_life());
                }
                Ok(())
            }
            (OwnSide::Greeting | OwnSide::Draining { .. } | OwnSide::Closing { .. }, _) => self.end_in_time(),
        }
    }

    /// We have said `QUIT`, or are about to.
    fn has_quit(&self) -> bool {
        self.connection.has_goodbye() && matches!(self.connection.own_side(), OwnSide::Closing { .. })
    }

    /// Goes on without a server that does not end the connection after we have.
    fn end_in_time(&mut self) -> Result<(), Error> {
        match self.connection.own_side() {
            OwnSide::Closing { since } if self.connection.has_goodbye() => {
                self.ended |= since.elapsed() >= QUIT_TIMEOUT;
                Ok(())
            }
            // A server that does not answer may still know the end of a connection.
            OwnSide::Draining { since } if is_late(since, self.heard, Instant::now()) => {
                self.connection.close()
            }
            OwnSide::Closing { since } if is_late(since, self.heard, Instant::now()) => {
                Err(self.lost(ErrorKind::TimedOut))
            }
            OwnSide::Greeting | OwnSide::Open | OwnSide::Draining { .. } | OwnSide::Closing { .. } => Ok(()),
        }
    }

    fn lost(&self, kind: ErrorKind) -> Error {
        self.connection.lost(io::Error::from(kind))
    }
}

impl Iterator for Listening {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.take() {
                return Some(Ok(event));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.read() {
                self.ended = true;
                // What has come of an unfinished line is no line.
                self.incoming.truncate(0);
                return Some(Err(error));
            }
        }
    }
}

/// True when a server that was to close at `since`, and said something at `heard`, has had its time.
fn is_late(since: Instant, heard: Instant, now: Instant) -> bool {
    let waited = now.saturating_duration_since(since);
    waited >= TALK_TIMEOUT || waited.min(now.saturating_duration_since(heard)) >= CLOSE_TIMEOUT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_while_to_close_and_a_longer_one_while_it_talks() {
        let since = Instant::now();
        let at = |seconds| since + Duration::from_secs(seconds);
        assert!(!is_late(since, at(0), at(59)));
        assert!(is_late(since, at(0), at(60)));
        assert!(!is_late(at(50), at(0), at(60)), "it was silent before as well");
        assert!(!is_late(since, at(299), at(299)));
        assert!(is_late(since, at(300), at(300)), "it talks for ever");
    }
}
