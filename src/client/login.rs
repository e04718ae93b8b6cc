//! A client before it is divided into halves: it logs in, and the halves are made of it.

use std::sync::Arc;
use std::time::Duration;

use super::error::Error;
use super::event::Event;
use super::events::{Events, Reader};
use super::incoming::Incoming;
use super::listening::Listening;
use super::shared_connection::SharedConnection;
use super::speaker::Speaker;
use super::{crazyit, irc};
use crate::name::UserName;
use crate::wire::Wire;

/// A connection to a server, until it is logged in.
#[derive(Debug)]
pub struct Client {
    pub(super) connection: Arc<SharedConnection>,
    pub(super) incoming: Incoming,
    pub(super) login: Login,
    pub(super) answer_timeout: Duration,
}

/// How to log in on a wire.
#[derive(Debug)]
pub(super) enum Login {
    Irc(irc::Greeting),
    CrazyIt,
}

impl Client {
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

    fn halves(self) -> (Speaker, Arc<SharedConnection>, Listening) {
        let wire = match self.login {
            Login::Irc(_) => Wire::Irc,
            Login::CrazyIt => Wire::CrazyIt,
        };
        let speaker = Speaker::new(Arc::clone(&self.connection), wire);
        let listening = Listening::new(Arc::clone(&self.connection), self.incoming, wire);
        (speaker, self.connection, listening)
    }
}
