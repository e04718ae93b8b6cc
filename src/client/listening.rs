//! Receiving: turns bytes from the socket into events, one at a time, on the thread that asks for the next.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::Error;
use super::event::{ClientEvent, ClientEventKind, is_parlord};
use super::incoming::{Got, Incoming};
use super::shared_connection::{OwnSide, SharedConnection};
use super::{crazyit, irc};
use crate::wire::Wire;

/// Longest wait in one read, before deadlines are checked.
const TICK: Duration = Duration::from_secs(5);

/// After this silence the client sends `PING`.
const PING_AFTER: Duration = Duration::from_secs(120);

/// After this silence, a minute after the `PING`, an IRC server counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(180);

/// After our side has ended, how long a silent server may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(60);

/// After our side has ended, how long a server that still sends may take to close. A server that does not know
/// half-closing would send for ever.
const TALK_TIMEOUT: Duration = Duration::from_secs(300);

/// After `QUIT`, how long a server may take to close. It has already confirmed everything.
const QUIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Iterates over events until the server closes the connection. Blocks for the next one. After an error there are no
/// more items.
#[derive(Debug)]
pub(super) struct Listening {
    connection: Arc<SharedConnection>,
    incoming: Incoming,
    ear: Ear,
    /// When the last bytes came.
    heard: Instant,
    /// A `PING` has been sent since.
    asked: bool,
    /// Nothing has come for so long that the line counts as complete.
    paused: bool,
    ended: bool,
}

/// Turns the bytes of a wire into events.
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
        // Until the server says that it is parlord, which knows half-closing.
        connection.set_goodbye((wire == Wire::Irc).then_some(irc::QUIT));
        Self { connection, incoming, ear, heard, asked: false, paused: false, ended: false }
    }

    /// The next event in the bytes that have come.
    fn take(&mut self) -> Option<ClientEvent> {
        match &mut self.ear {
            Ear::Irc(ear) => loop {
                let line = self.incoming.line()?;
                if let Some(event) = ear.hear(&line, &self.connection) {
                    if let ClientEventKind::Server { version } = &event.kind {
                        self.connection.set_goodbye((!is_parlord(version)).then_some(irc::QUIT));
                    }
                    return Some(event);
                }
            },
            Ear::CrazyIt(ear) => {
                let paused = std::mem::take(&mut self.paused);
                let kind = ear.answer(&mut self.incoming, &self.connection);
                let kind = kind.or_else(|| ear.hear(&mut self.incoming, paused, self.ended))?;
                Some(ear.event(kind, &self.connection))
            }
        }
    }

    /// Waits for more bytes, for a while.
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
                // We had more to send, or the server has not confirmed everything.
                OwnSide::Greeting | OwnSide::Open | OwnSide::Draining { .. } => {
                    return Err(self.lost(ErrorKind::UnexpectedEof));
                }
            },
        }
        Ok(())
    }

    /// True if a cut connection loses nothing: an IRC server has confirmed everything before we end our side. On the
    /// CrazyIt wire only the server's own end is a confirmation.
    fn misses_nothing(&self) -> bool {
        matches!((&self.ear, self.connection.own_side()), (Ear::Irc(_), OwnSide::Closing { .. }))
    }

    /// Checks the deadlines after a silent read.
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

    /// We have sent `QUIT`, or will.
    fn has_quit(&self) -> bool {
        self.connection.has_goodbye() && matches!(self.connection.own_side(), OwnSide::Closing { .. })
    }

    /// Stops waiting for a server that does not close after we have ended our side.
    fn end_in_time(&mut self) -> Result<(), Error> {
        match self.connection.own_side() {
            OwnSide::Closing { since } if self.connection.has_goodbye() => {
                self.ended |= since.elapsed() >= QUIT_TIMEOUT;
                Ok(())
            }
            // A server that does not confirm may still react to the end of our side.
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
    type Item = Result<ClientEvent, Error>;

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
                // An incomplete line is discarded.
                self.incoming.truncate(0);
                return Some(Err(error));
            }
        }
    }
}

/// True if a server that should close since `since`, and last sent at `heard`, is too late.
fn is_late(since: Instant, heard: Instant, now: Instant) -> bool {
    let waited = now.saturating_duration_since(since);
    waited >= TALK_TIMEOUT || waited.min(now.saturating_duration_since(heard)) >= CLOSE_TIMEOUT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_server_must_close_sooner_than_one_that_still_sends() {
        let since = Instant::now();
        let at = |seconds| since + Duration::from_secs(seconds);
        assert!(!is_late(since, at(0), at(59)));
        assert!(is_late(since, at(0), at(60)));
        assert!(!is_late(at(50), at(0), at(60)), "it was silent before as well");
        assert!(!is_late(since, at(299), at(299)));
        assert!(is_late(since, at(300), at(300)), "it talks for ever");
    }
}
