//! A client before it is split into halves: it logs in.

use std::sync::Arc;
use std::time::Duration;

use super::account::Account;
use super::error::Error;
use super::event::ClientEvent;
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
    Irc(Box<irc::Greeting>),
    CrazyIt(Option<Account>),
}

impl Client {
    /// Logs in, with the server's password if it has one. With an account, the server gives us its name, and
    /// [`Error::Account`] tells why it does not. After [`Error::NameRefused`] you can call it again with
    /// another name; after any other error the connection is unusable.
    pub fn login(&mut self, name: &UserName, password: Option<&str>) -> Result<(), Error> {
        let (connection, incoming, within) = (&self.connection, &mut self.incoming, self.answer_timeout);
        let name = match &mut self.login {
            Login::Irc(greeting) => irc::log_in(greeting, name, password, connection, incoming, within)?,
            Login::CrazyIt(account) => {
                crazyit::log_in(name, password, account.as_ref(), connection, incoming, within)?
            }
        };
        self.connection.open(&name);
        Ok(())
    }

    /// The name under which the server knows us; empty before the login.
    pub fn name(&self) -> String {
        self.connection.name()
    }

    /// Splits the connection into the half that sends and the half that receives.
    pub fn split(self) -> Result<(Speaker, Events), Error> {
        let (speaker, connection, listening) = self.halves();
        Ok((speaker, Events::new(connection, listening)?))
    }

    /// Calls `hear` for each event, on a thread of its own, until it returns false or the connection ends. The last
    /// item is an error, or `None` after an orderly end. For programs that also wait for other things.
    pub fn listen(
        self,
        hear: impl FnMut(Option<Result<ClientEvent, Error>>) -> bool + Send + 'static,
    ) -> Result<(Speaker, Reader), Error> {
        let (speaker, connection, listening) = self.halves();
        Ok((speaker, Reader::start(connection, listening, hear)?))
    }

    fn halves(self) -> (Speaker, Arc<SharedConnection>, Listening) {
        let wire = match self.login {
            Login::Irc(_) => Wire::Irc,
            Login::CrazyIt(_) => Wire::CrazyIt,
        };
        let speaker = Speaker::new(Arc::clone(&self.connection), wire);
        let listening = Listening::new(Arc::clone(&self.connection), self.incoming, wire);
        (speaker, self.connection, listening)
    }
}
