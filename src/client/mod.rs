//! A small blocking client: one socket, two halves. Whoever speaks has a [`Speaker`]; whoever listens iterates over
//! [`Events`], usually in a thread of its own. The terminal program is made of these.
//!
//! ```
//! use parlor::client::{Client, Event};
//! # use parlor::{address::Address, config::ServerConfig, net::Reactor};
//! # let here = vec![Address::parse("127.0.0.1:0")?];
//! # let reactor = Reactor::bind(ServerConfig { listen: here, ..ServerConfig::default() })?;
//! # let (server, stopper) = (reactor.addresses()[0].clone(), reactor.stopper());
//! # let serving = std::thread::spawn(|| reactor.run());
//! let mut client = Client::connect(&server)?;
//! client.login(&"alice".parse()?)?;
//! let (mut speaker, mut events) = client.split()?;
//!
//! speaker.say("hello, everybody")?;
//! let heard = events.next().expect("the server is still there")?;
//! assert_eq!(heard, Event::Said { from: "alice".into(), text: "hello, everybody".into() });
//!
//! speaker.whisper("alice", "and hello, me")?;
//! speaker.finish()?;
//! let rest: Vec<_> = events.collect::<Result<_, _>>()?;
//! assert_eq!(rest, [Event::Whispered { from: "alice".into(), text: "and hello, me".into() }]);
//! # stopper.stop()?;
//! # serving.join().expect("the server does not panic")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod events;
mod input;
mod stream;
pub mod terminal;

pub use error::Error;
pub use events::{Event, Events};

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::address::Address;
use crate::name::UserName;
use crate::wire::crazyit::{Answer, Request};
use stream::Stream;

/// How long connecting may take, for each address that the host name stands for.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the server may take to answer a login.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the server may refuse to take what is sent.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection to a server, until it is logged in.
#[derive(Debug)]
pub struct Client {
    server: Address,
    stream: Stream,
    name: Option<UserName>,
    /// What came behind the answer to the login.
    unread: Vec<u8>,
}

/// The half of a connection that speaks.
#[derive(Debug)]
pub struct Speaker {
    server: Address,
    stream: Stream,
    /// Tells [`Events`] that it is our own side that has ended.
    finished: Arc<AtomicBool>,
}

impl Client {
    /// Connects to a server, within [`CONNECT_TIMEOUT`].
    pub fn connect(server: &Address) -> Result<Self, Error> {
        let stream = Stream::connect(server, CONNECT_TIMEOUT);
        let stream = stream.map_err(|error| Error::Connect { server: server.clone(), error })?;
        Ok(Self { server: server.clone(), stream, name: None, unread: Vec::new() })
    }

    /// Logs in. After [`Error::NameRefused`] one may try another name; after others the connection is of no more
    /// use.
    pub fn login(&mut self, name: &UserName) -> Result<(), Error> {
        let frame = Request::LogIn(name.as_str()).encode().map_err(Error::Mark)?;
        self.stream.write_all(&frame).map_err(|error| self.lost(error))?;
        match self.answer()? {
            Answer::Welcome => {
                self.name = Some(name.clone());
                Ok(())
            }
            Answer::NameTaken => Err(Error::NameRefused { name: name.clone() }),
        }
    }

    fn answer(&mut self) -> Result<Answer, Error> {
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        loop {
            // An answer before this one may have had a newline, which ends it.
            let blank = self.unread.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.unread.drain(..blank);
            if let Some((answer, length)) = Answer::decode(&self.unread) {
                self.unread.drain(..length);
                return Ok(answer);
            }
            if let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
                let line = String::from_utf8_lossy(&self.unread[..end]).into_owned();
                return Err(Error::Refused { server: self.server.clone(), line });
            }
            self.read_more(deadline)?;
        }
    }

    fn read_more(&mut self, deadline: Instant) -> Result<(), Error> {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut bytes = [0; 2048];
        if left.is_zero() {
            return Err(Error::NoAnswer { server: self.server.clone() });
        }
        self.stream.set_read_timeout(Some(left)).map_err(|error| self.lost(error))?;
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(self.lost(ErrorKind::UnexpectedEof.into())),
            Ok(count) => {
                self.unread.extend_from_slice(&bytes[..count]);
                Ok(())
            }
            Err(error) if is_retry(&error) => Ok(()),
            Err(error) => Err(self.lost(error)),
        }
    }

    /// Divides the connection into the half that speaks and the half that listens.
    pub fn split(self) -> Result<(Speaker, Events), Error> {
        let finished = Arc::new(AtomicBool::new(false));
        let writer = self.stream.try_clone().map_err(|error| self.lost(error))?;
        writer.set_write_timeout(Some(SEND_TIMEOUT)).map_err(|error| self.lost(error))?;
        let speaker =
            Speaker { server: self.server.clone(), stream: writer, finished: Arc::clone(&finished) };
        Ok((speaker, Events::new(self.server, self.stream, self.name, self.unread, finished)))
    }

    fn lost(&self, error: io::Error) -> Error {
        Error::Lost { server: self.server.clone(), error }
    }
}

impl Speaker {
    /// Tells everybody.
    pub fn say(&mut self, text: &str) -> Result<(), Error> {
        self.send(Request::Say(text))
    }

    /// Tells one user. Whether there is such a user, the server tells as an event.
    pub fn whisper(&mut self, to: &str, text: &str) -> Result<(), Error> {
        self.send(Request::Whisper { to, text })
    }

    fn send(&mut self, request: Request<'_>) -> Result<(), Error> {
        let frame = request.encode().map_err(Error::Mark)?;
        self.stream.write_all(&frame).map_err(|error| self.lost(error))
    }

    /// Sends no more. The server handles what it has been sent, sends what is due, and closes; [`Events`] ends
    /// then.
    pub fn finish(self) -> Result<(), Error> {
        self.finished.store(true, Ordering::Release);
        self.stream.shutdown_write().map_err(|error| self.lost(error))
    }

    fn lost(&self, error: io::Error) -> Error {
        Error::Lost { server: self.server.clone(), error }
    }
}

/// True when a read with a timeout is to be tried again, or its timeout is over.
fn is_retry(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
