//! What a session works with.

use std::fmt;

use log::Level;

use super::house::House;
use crate::hub::Hub;
use crate::logging::PeerLog;
use crate::message::{Effects, Now, Peer};

/// What a session works with while it handles something.
pub struct Context<'a> {
    /// Who is here.
    pub hub: &'a mut Hub,
    /// What is to be sent, and who is to be closed.
    pub out: &'a mut Effects,
    /// The time of this turn.
    pub now: Now,
    /// The peer's address.
    pub peer: Peer,
    /// Nobody on the way can read what goes over the connection.
    pub is_secure: bool,
    /// What the server says of itself, and what it asks of its guests.
    pub house: &'a House,
    /// How many connections are open, logged in or not.
    pub connections: usize,
    /// Where what the peer causes is logged.
    pub log: &'a mut PeerLog,
}

impl Context<'_> {
    /// Logs a line that the peer has caused.
    pub(super) fn log(&mut self, level: Level, line: fmt::Arguments<'_>) {
        self.log.line(level, self.peer, self.now.instant, line);
    }
}
