use std::fmt;

use log::Level;

use super::house::House;
use crate::hub::Hub;
use crate::logging::PeerLog;
#[cfg(feature = "store")]
use crate::message::CertificateHash;
use crate::message::{Effects, Now, Peer};

/// What a session works with while it handles one input.
pub struct Context<'a> {
    /// The users and rooms.
    pub hub: &'a mut Hub,
    /// Collects what is sent and which connections are closed.
    pub out: &'a mut Effects,
    /// The time of this turn.
    pub now: Now,
    /// The peer's address.
    pub peer: Peer,
    /// The whole path to the peer is encrypted or local.
    pub is_secure: bool,
    /// The peer speaks WebSocket.
    #[cfg(feature = "web")]
    pub is_framed: bool,
    /// The certificate whose key the peer has, if it has shown one.
    #[cfg(feature = "store")]
    pub certificate: Option<CertificateHash>,
    /// The server's identity and config.
    pub house: &'a House,
    /// The number of open connections, logged in or not.
    pub connections: usize,
    /// The log for lines that the peer causes.
    pub log: &'a mut PeerLog,
}

impl Context<'_> {
    /// True when the peer can only speak IRC, because WebSocket carries nothing else.
    pub(super) fn is_irc_only(&self) -> bool {
        #[cfg(feature = "web")]
        return self.is_framed;
        #[cfg(not(feature = "web"))]
        false
    }

    /// Logs a line caused by the peer.
    pub(super) fn log(&mut self, level: Level, line: fmt::Arguments<'_>) {
        self.log.line(level, self.peer, self.now.instant, line);
    }
}
