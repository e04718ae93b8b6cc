//! How to connect, where the usual is not wanted.

use std::sync::Arc;
use std::time::Duration;

use super::blocking_socket::{BlockingSocket, ConnectError};
use super::ends::{ReadEnd, WriteEnd};
use super::error::Error;
use super::incoming::Incoming;
use super::irc;
use super::login::{Client, Login};
use super::shared_connection::SharedConnection;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::address::Address;
use crate::wire::Wire;

/// How long connecting may take, for each address that the host name stands for; and then, how long beginning TLS.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the server may take to answer a login. Some look up who we are before they do.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the server may refuse to take what is sent.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(30);

impl Client {
    /// Connects to a server, and waits as long as is usual: see [`Client::builder`] for what else there is.
    pub fn connect(server: &Address, wire: Wire) -> Result<Self, Error> {
        Self::builder().wire(wire).connect(server)
    }

    /// Connects in another way than is usual.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

/// What to speak, whether in the open, and how long to wait. Made by [`Client::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    wire: Wire,
    connect_timeout: Duration,
    answer_timeout: Duration,
    send_timeout: Duration,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            wire: Wire::default(),
            connect_timeout: CONNECT_TIMEOUT,
            answer_timeout: ANSWER_TIMEOUT,
            send_timeout: SEND_TIMEOUT,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// The protocol to speak, instead of IRC.
    pub fn wire(self, wire: Wire) -> Self {
        Self { wire, ..self }
    }

    /// Speaks over TLS, with whom this tells, instead of in the open.
    #[cfg(feature = "tls")]
    pub fn tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// How long connecting may take, for each address of the server, and then beginning TLS, instead of
    /// [`CONNECT_TIMEOUT`]. Not zero.
    pub fn connect_timeout(self, connect_timeout: Duration) -> Self {
        Self { connect_timeout, ..self }
    }

    /// How long the server may take to answer a login, instead of [`ANSWER_TIMEOUT`]. Not zero.
    pub fn answer_timeout(self, answer_timeout: Duration) -> Self {
        Self { answer_timeout, ..self }
    }

    /// How long the server may refuse to take what is sent, instead of [`SEND_TIMEOUT`]. Not zero.
    pub fn send_timeout(self, send_timeout: Duration) -> Self {
        Self { send_timeout, ..self }
    }

    /// Connects.
    pub fn connect(self, server: &Address) -> Result<Client, Error> {
        let failed = |error| Error::Connect { server: server.clone(), error };
        let stream = BlockingSocket::connect(server, self.connect_timeout).map_err(failed)?;
        let control = stream.set_write_timeout(Some(self.send_timeout)).and_then(|()| stream.try_clone());
        let control = control.map_err(ConnectError::Socket).map_err(failed)?;
        let (source, sink) = self.ends(server, stream)?;
        let login = match self.wire {
            Wire::Irc => Login::Irc(irc::Greeting::default()),
            Wire::CrazyIt => Login::CrazyIt,
        };
        Ok(Client {
            connection: Arc::new(SharedConnection::new(server.clone(), sink, control)),
            incoming: Incoming::new(source),
            login,
            answer_timeout: self.answer_timeout,
        })
    }

    fn ends(&self, server: &Address, stream: BlockingSocket) -> Result<(ReadEnd, WriteEnd), Error> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let ends = tls.begin(server, stream, self.connect_timeout);
            let (source, sink) = ends.map_err(|error| Error::Tls { server: server.clone(), error })?;
            return Ok((ReadEnd::Tls(source), WriteEnd::Tls(sink)));
        }
        let reading = stream.try_clone().map_err(ConnectError::Socket);
        let reading = reading.map_err(|error| Error::Connect { server: server.clone(), error })?;
        Ok((ReadEnd::plain(reading), WriteEnd::Plain(stream)))
    }
}
