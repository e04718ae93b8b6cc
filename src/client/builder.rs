//! How to connect, where the usual is not wanted.

use std::sync::Arc;
use std::time::Duration;

use super::connection::Connection;
use super::ends::{Sink, Source};
use super::error::Error;
use super::incoming::Incoming;
use super::stream::Stream;
#[cfg(feature = "tls")]
use super::tls::Tls;
use super::{ANSWER_TIMEOUT, CONNECT_TIMEOUT, Client, Login, SEND_TIMEOUT, irc};
use crate::address::Address;
use crate::wire::Wire;

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
        let stream = Stream::connect(server, self.connect_timeout)?;
        let control = stream.set_write_timeout(Some(self.send_timeout)).and_then(|()| stream.try_clone());
        let control = control.map_err(|error| Error::Connect { server: server.clone(), error })?;
        let (source, sink) = self.ends(server, stream)?;
        let login = match self.wire {
            Wire::Irc => Login::Irc(irc::Greeting::default()),
            Wire::CrazyIt => Login::CrazyIt,
        };
        Ok(Client {
            connection: Arc::new(Connection::new(server.clone(), sink, control)),
            incoming: Incoming::new(source),
            login,
            answer_timeout: self.answer_timeout,
        })
    }

    fn ends(&self, server: &Address, stream: Stream) -> Result<(Source, Sink), Error> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let (source, sink) = tls.begin(server, stream, self.connect_timeout)?;
            return Ok((Source::Tls(source), Sink::Tls(sink)));
        }
        let reading = stream.try_clone().map_err(|error| Error::Connect { server: server.clone(), error })?;
        Ok((Source::plain(reading), Sink::Plain(stream)))
    }
}
