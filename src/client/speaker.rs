//! The half of a connection that speaks.

use std::sync::Arc;

use super::error::Error;
use super::event::Manner;
use super::request::Request;
use super::shared_connection::SharedConnection;
use super::{crazyit, irc};
use crate::name::{RoomName, UserName};
use crate::wire::Wire;

/// The half of a connection that speaks. What comes of it, [`super::Events`] tells.
#[derive(Debug)]
pub struct Speaker {
    connection: Arc<SharedConnection>,
    wire: Wire,
    /// Where we speak. On the CrazyIt wire it has no name.
    room: Option<RoomName>,
    /// The last mark that was given.
    mark: u64,
}

impl Speaker {
    pub(super) fn new(connection: Arc<SharedConnection>, wire: Wire) -> Self {
        Self { connection, wire, room: None, mark: 0 }
    }

    /// Asks to come into a room. The first one is where we speak from then on. On the CrazyIt wire everybody is in
    /// the one room there is, and this does nothing.
    pub fn join(&mut self, room: &RoomName) -> Result<(), Error> {
        if self.wire == Wire::Irc {
            self.send(&Request::Join { room: room.to_string(), key: None })?;
        }
        self.room.get_or_insert_with(|| room.clone());
        Ok(())
    }

    /// Leaves a room. Who spoke there speaks nowhere until they join another, or turn to one.
    pub fn part(&mut self, room: &RoomName) -> Result<(), Error> {
        self.send(&Request::Part { room: room.to_string(), reason: String::new() })?;
        self.room.take_if(|here| here == room);
        Ok(())
    }

    /// Speaks in this room from now on.
    pub fn turn_to(&mut self, room: &RoomName) {
        self.room = Some(room.clone());
    }

    /// Asks for another name. Whether we have it, an event tells.
    pub fn nick(&mut self, name: &UserName) -> Result<(), Error> {
        self.send(&Request::Nick(name.to_string())).map(|_| ())
    }

    /// Tells everybody in the room.
    pub fn say(&mut self, text: &str) -> Result<(), Error> {
        self.speak(text, Manner::Message)
    }

    /// Does something before everybody in the room, such as `waves`.
    pub fn act(&mut self, text: &str) -> Result<(), Error> {
        self.speak(text, Manner::Action)
    }

    /// Tells one user. Whether there is such a user, the server tells as an event.
    pub fn whisper(&mut self, to: &str, text: &str) -> Result<(), Error> {
        let (to, text) = (to.to_owned(), text.to_owned());
        self.send(&Request::Whisper { to, text, manner: Manner::Message }).map(|_| ())
    }

    fn speak(&mut self, text: &str, manner: Manner) -> Result<(), Error> {
        let room = self.room.as_ref().map(RoomName::to_string);
        if self.wire == Wire::Irc && room.is_none() {
            return Err(Error::NoRoom);
        }
        self.send(&Request::Say { room, text: text.to_owned(), manner }).map(|_| ())
    }

    /// Sends a request, in several messages where one cannot hold it. Where the server tells when it has dealt with
    /// a message, this is the mark that stands in [`super::Event::answers`] then, of the last of them.
    pub fn send(&mut self, request: &Request) -> Result<Option<u64>, Error> {
        let mut mark = None;
        for piece in self.pieces(request) {
            mark = self.send_piece(&piece)?;
        }
        Ok(mark)
    }

    /// The same request in pieces of one message each.
    pub(crate) fn pieces(&self, request: &Request) -> Vec<Request> {
        match self.wire {
            Wire::Irc => irc::pieces(&self.connection.name(), request),
            Wire::CrazyIt => crazyit::pieces(request),
        }
    }

    /// Sends a request that is one message.
    pub(crate) fn send_piece(&mut self, request: &Request) -> Result<Option<u64>, Error> {
        let is_talk = matches!(request, Request::Say { .. } | Request::Whisper { .. });
        let is_marked = match self.wire {
            Wire::Irc => is_talk && self.connection.has_labels(),
            // What we said comes back, in the same order.
            Wire::CrazyIt => matches!(request, Request::Say { .. }),
        };
        let mark = is_marked.then_some(self.mark + 1);
        let bytes = match self.wire {
            Wire::Irc => irc::encode(request, mark),
            Wire::CrazyIt => crazyit::encode(request)?,
        };
        if let (Wire::CrazyIt, Request::Nick(name)) = (self.wire, request)
            && let Ok(name) = UserName::new(name)
        {
            self.connection.want_name(name);
        }
        self.mark = mark.unwrap_or(self.mark);
        self.connection.send(&bytes)?;
        Ok(mark)
    }

    /// Asks an IRC server to tell when it has dealt with everything until now. The answer is an event with this
    /// mark; the CrazyIt wire has none, and `None`.
    pub fn confirm(&mut self) -> Result<Option<u64>, Error> {
        match self.wire {
            Wire::Irc => {
                self.mark += 1;
                self.connection.send(&irc::confirm(self.mark))?;
                Ok(Some(self.mark))
            }
            Wire::CrazyIt => Ok(None),
        }
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

    /// Ends our side at once, for who knows that the server has taken everything.
    pub(crate) fn close(&self) -> Result<(), Error> {
        self.connection.close()
    }

    /// Leaves at once; the others are told so. The server closes the connection.
    pub fn quit(self) -> Result<(), Error> {
        self.say_goodbye()
    }

    pub(crate) fn say_goodbye(&self) -> Result<(), Error> {
        match self.wire {
            Wire::Irc => {
                // Whatever it answers from here on is no loss.
                self.connection.leave();
                self.connection.send(irc::QUIT)
            }
            Wire::CrazyIt => self.connection.close(),
        }
    }
}
