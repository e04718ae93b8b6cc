//! The half of a connection that speaks.

use std::sync::Arc;

use super::connection::Connection;
use super::error::Error;
use super::event::Manner;
use super::{crazyit, irc};
use crate::name::RoomName;
use crate::wire::Wire;

/// The half of a connection that speaks. What comes of it, [`super::Events`] tells.
#[derive(Debug)]
pub struct Speaker {
    connection: Arc<Connection>,
    wire: Wire,
    /// Where we speak. On the CrazyIt wire it has no name.
    room: Option<RoomName>,
}

impl Speaker {
    pub(super) fn new(connection: Arc<Connection>, wire: Wire) -> Self {
        Self { connection, wire, room: None }
    }

    /// Asks to come into a room. The first one is where we speak from then on. On the CrazyIt wire everybody is in
    /// the one room there is, and this does nothing.
    pub fn join(&mut self, room: &RoomName) -> Result<(), Error> {
        match self.wire {
            Wire::Irc => self.connection.send(&irc::join(room.as_str()))?,
            Wire::CrazyIt => {}
        }
        self.room.get_or_insert_with(|| room.clone());
        Ok(())
    }

    /// Speaks in this room from now on.
    pub fn turn_to(&mut self, room: &RoomName) {
        self.room = Some(room.clone());
    }

    /// Tells everybody in the room.
    pub fn say(&mut self, text: &str) -> Result<(), Error> {
        self.speak(None, text, Manner::Message)
    }

    /// Does something before everybody in the room, such as `waves`.
    pub fn act(&mut self, text: &str) -> Result<(), Error> {
        self.speak(None, text, Manner::Action)
    }

    /// Tells one user. Whether there is such a user, the server tells as an event.
    pub fn whisper(&mut self, to: &str, text: &str) -> Result<(), Error> {
        self.speak(Some(to), text, Manner::Message)
    }

    fn speak(&mut self, to: Option<&str>, text: &str, manner: Manner) -> Result<(), Error> {
        let bytes = match self.wire {
            Wire::CrazyIt => crazyit::speech(to, text, manner)?,
            Wire::Irc => {
                let to = to.or(self.room.as_ref().map(RoomName::as_str)).ok_or(Error::NoRoom)?;
                irc::speech(&self.connection.name(), to, text, manner)
            }
        };
        self.connection.send(&bytes)
    }

    /// Sends no more. The server handles what it has been sent, sends what is due, and closes; [`super::Events`]
    /// ends then, and must be listened to until it does: on IRC it hears the server confirm that it has taken
    /// everything, and only then ends our side, because some servers drop what they have not handled by then.
    pub fn finish(self) -> Result<(), Error> {
        match self.wire {
            Wire::Irc => {
                self.connection.drain();
                self.connection.send(&irc::end_of_speech())
            }
            Wire::CrazyIt => self.connection.close(),
        }
    }

    /// Leaves at once; the others are told so. The server closes the connection.
    pub fn quit(self) -> Result<(), Error> {
        match self.wire {
            Wire::Irc => {
                // Whatever it answers from here on is no loss.
                self.connection.leave();
                self.connection.send(&irc::quit())
            }
            Wire::CrazyIt => self.connection.close(),
        }
    }
}
