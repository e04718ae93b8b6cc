//! A small blocking client: one socket, two halves. Whoever speaks has a [`Speaker`]; whoever listens iterates over
//! [`Events`], which a thread of its own reads. `examples/bot.rs` is a bot.
//!
//! It speaks IRC, to any server that does, and the protocol of the CrazyIt textbook; what is heard looks the same on
//! both, in the open or over TLS.
//!
//! ```
//! use parlor::client::{Client, EventKind};
//! use parlor::name::{RoomName, UserName};
//! use parlor::wire::Wire;
//! # use parlor::{address::Address, config::ServerConfig, net::Reactor};
//! # let here = vec![Address::parse("127.0.0.1:0")?];
//! # let reactor = Reactor::bind(ServerConfig { listen: here, ..ServerConfig::default() })?;
//! # let (server, stopper) = (reactor.addresses()[0].clone(), reactor.stopper());
//! # let serving = std::thread::spawn(|| reactor.run());
//! let mut client = Client::connect(&server, Wire::Irc)?;
//! client.login(&UserName::new("alice")?, None)?;
//! let (mut speaker, mut events) = client.split()?;
//! speaker.join(&RoomName::new("#lobby")?)?;
//! speaker.say("hello, everybody")?;
//! speaker.whisper("alice", "and hello, me")?;
//!
//! let mut heard = Vec::new();
//! while heard.len() < 2 {
//!     match events.next().ok_or("the server closed")??.kind {
//!         EventKind::Said { from, text, .. } => heard.push(format!("{from}: {text}")),
//!         EventKind::Whispered { from, text, .. } => heard.push(format!("{from} whispers: {text}")),
//!         _ => {}
//!     }
//! }
//! assert_eq!(heard, ["alice: hello, everybody", "alice whispers: and hello, me"]);
//! // Waits until the server has taken everything, and has closed.
//! events.close(speaker)?;
//! # stopper.stop()?;
//! # serving.join().expect("the server does not panic")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod connection;
mod crazyit;
mod ends;
mod error;
mod event;
mod events;
mod incoming;
mod irc;
mod listening;
mod request;
mod speaker;
mod stream;
pub(crate) mod texts;
#[cfg(feature = "tls")]
mod tls;

pub use builder::Builder;
pub use error::{Error, Step};
pub use event::{Event, EventKind, Manner, Member};
pub use events::{Events, Reader};
pub use request::Request;
pub use speaker::Speaker;
#[cfg(feature = "tls")]
pub use tls::{CertificateFault, HandshakeFault, Tls};

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use crate::address::Address;
use crate::name::UserName;
use crate::wire::Wire;
use connection::Connection;
use error::refusal;
use incoming::Incoming;
use listening::Listening;

/// How long connecting may take, for each address that the host name stands for; and then, how long beginning TLS.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the server may take to answer a login. Some look up who we are before they do.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the server may refuse to take what is sent.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection to a server, until it is logged in.
#[derive(Debug)]
pub struct Client {
    connection: Arc<Connection>,
    incoming: Incoming,
    login: Login,
    answer_timeout: Duration,
}

/// How one logs in on a wire.
#[derive(Debug)]
enum Login {
    Irc(irc::Greeting),
    CrazyIt,
}

impl Client {
    /// Connects to a server, and waits as long as is usual: see [`Client::builder`] for what else there is.
    pub fn connect(server: &Address, wire: Wire) -> Result<Self, Error> {
        Self::builder().wire(wire).connect(server)
    }

    /// Connects in another way than is usual.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Logs in, with the server's password if it has one. After [`Error::NameRefused`] one may try another name; after
    /// others the connection is of no more use.
    pub fn login(&mut self, name: &UserName, password: Option<&str>) -> Result<(), Error> {
        let (connection, incoming, within) = (&self.connection, &mut self.incoming, self.answer_timeout);
        let name = match &mut self.login {
            Login::Irc(greeting) => irc::log_in(greeting, name, password, connection, incoming, within)?,
            Login::CrazyIt => {
                crazyit::log_in(name, password, connection, incoming, within)?;
                name.to_string()
            }
        };
        self.connection.open(&name);
        Ok(())
    }

    /// The name that the server knows us by; empty before we are logged in.
    pub fn name(&self) -> String {
        self.connection.name()
    }

    /// Divides the connection into the half that speaks and the half that listens.
    pub fn split(self) -> Result<(Speaker, Events), Error> {
        let (speaker, connection, listening) = self.halves();
        Ok((speaker, Events::new(connection, listening)?))
    }

    /// Gives `hear` everything that comes, on a thread of its own, until it returns false, or the connection ends: an
    /// error is the last that comes, or else a `None`. For who waits for other things as well as for events.
    pub fn listen(
        self,
        hear: impl FnMut(Option<Result<Event, Error>>) -> bool + Send + 'static,
    ) -> Result<(Speaker, Reader), Error> {
        let (speaker, connection, listening) = self.halves();
        Ok((speaker, Reader::start(connection, listening, hear)?))
    }

    fn halves(self) -> (Speaker, Arc<Connection>, Listening) {
        let wire = match self.login {
            Login::Irc(_) => Wire::Irc,
            Login::CrazyIt => Wire::CrazyIt,
        };
        let speaker = Speaker::new(Arc::clone(&self.connection), wire);
        let listening = Listening::new(Arc::clone(&self.connection), self.incoming, wire);
        (speaker, self.connection, listening)
    }
}

/// True for our own server, by the name of its version.
pub(crate) fn is_ours(version: &str) -> bool {
    version.starts_with("parlor-")
}

/// True when a read with a timeout is to be tried again, or its timeout is over.
fn is_retry(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
