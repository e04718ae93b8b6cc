//! How to connect: protocol, TLS and timeouts.

use std::sync::Arc;
use std::time::Duration;

use super::account::Account;
use super::ends::{ReadEnd, WriteEnd};
use super::error::Error;
use super::incoming::Incoming;
use super::irc;
use super::login::{Client, Login};
use super::shared_connection::SharedConnection;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::address::Address;
use crate::blocking_socket::{BlockingSocket, ConnectError};
use crate::wire::Wire;

/// Timeout for connecting to each address of the host, and then for the TLS handshake.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Timeout for the answer to a login. Some servers look up the client's host name first.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Timeout for sending, while the server does not read.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(30);

impl Client {
    /// Connects to a server in plain text, with the default timeouts. [`Client::builder`] has more options.
    pub fn connect(server: &Address, wire: Wire) -> Result<Self, Error> {
        Self::builder().wire(wire).connect(server)
    }

    /// Connects with other options than the defaults.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

/// The options of a connection: protocol, TLS, timeouts. Made by [`Client::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    wire: Wire,
    connect_timeout: Duration,
    answer_timeout: Duration,
    send_timeout: Duration,
    account: Option<Account>,
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
            account: None,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Sets the protocol. The default is IRC.
    pub fn wire(self, wire: Wire) -> Self {
        Self { wire, ..self }
    }

    /// Uses TLS, and trusts the servers that `tls` names. The default is plain text.
    #[cfg(feature = "tls")]
    pub fn tls(self, tls: Tls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Logs in to this account, as a part of [`Client::login`]. On IRC with SASL: by SCRAM-SHA-256, which does not show
    /// the password to anybody, or else by PLAIN, but only over TLS or on this machine. The default is no account.
    pub fn account(self, account: Account) -> Self {
        Self { account: Some(account), ..self }
    }

    /// Sets the timeout for connecting to each address, and for the TLS handshake. Not zero. The default is
    /// [`CONNECT_TIMEOUT`].
    pub fn connect_timeout(self, connect_timeout: Duration) -> Self {
        Self { connect_timeout, ..self }
    }

    /// Sets the timeout for the answer to a login. Not zero. The default is [`ANSWER_TIMEOUT`].
    pub fn answer_timeout(self, answer_timeout: Duration) -> Self {
        Self { answer_timeout, ..self }
    }

    /// Sets the timeout for sending. Not zero. The default is [`SEND_TIMEOUT`].
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
        let connection = SharedConnection::new(server.clone(), sink, control);
        let login = match self.wire {
            Wire::Irc => {
                Login::Irc(Box::new(irc::Greeting::new(self.account.clone(), connection.is_private)))
            }
            Wire::CrazyIt => Login::CrazyIt(self.account.clone()),
        };
        Ok(Client {
            connection: Arc::new(connection),
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
