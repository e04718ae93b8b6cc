//! How to connect, where the usual is not wanted.

use std::sync::Arc;
use std::time::Duration;

use super::connection::Connection;
use super::error::Error;
use super::incoming::Incoming;
use super::stream::Stream;
use super::{ANSWER_TIMEOUT, CONNECT_TIMEOUT, Client, Login, SEND_TIMEOUT, irc};
use crate::address::Address;
use crate::wire::Wire;

/// What to speak, and how long to wait. Made by [`Client::builder`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Builder {
    wire: Wire,
    connect_timeout: Duration,
    answer_timeout: Duration,
    send_timeout: Duration,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            wire: Wire::default(),
            connect_timeout: CONNECT_TIMEOUT,
            answer_timeout: ANSWER_TIMEOUT,
            send_timeout: SEND_TIMEOUT,
        }
    }

    /// The protocol to speak, instead of IRC.
    pub fn wire(self, wire: Wire) -> Self {
        Self { wire, ..self }
    }

    /// How long connecting may take, for each address of the server, instead of [`CONNECT_TIMEOUT`]. Not zero.
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
        let reader = Stream::connect(server, self.connect_timeout)?;
        let connection = reader.set_write_timeout(Some(self.send_timeout));
        let connection = connection.and_then(|()| Connection::new(server.clone(), reader.try_clone()?));
        let connection = connection.map_err(|error| Error::Connect { server: server.clone(), error })?;
        let login = match self.wire {
            Wire::Irc => Login::Irc(irc::Greeting::default()),
            Wire::CrazyIt => Login::CrazyIt,
        };
        Ok(Client {
            connection: Arc::new(connection),
            incoming: Incoming::new(reader),
            login,
            answer_timeout: self.answer_timeout,
        })
    }
}
