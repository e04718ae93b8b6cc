//! The half of a connection that sends.

use std::sync::Arc;

use super::account::Account;
use super::error::Error;
use super::event::Manner;
use super::history_offer::HistoryOffer;
use super::request::Request;
use super::shared_connection::SharedConnection;
use super::{crazyit, irc};
use crate::name::{RoomName, UserName};
use crate::wire::Wire;

/// The half of a connection that sends. [`Events`](super::Events) report the results.
#[derive(Debug)]
pub struct Speaker {
    connection: Arc<SharedConnection>,
    wire: Wire,
    /// The room to speak in. On the CrazyIt wire it has no name.
    room: Option<RoomName>,
    /// The last mark that was used.
    mark: u64,
}

impl Speaker {
    pub(super) fn new(connection: Arc<SharedConnection>, wire: Wire) -> Self {
        Self { connection, wire, room: None, mark: 0 }
    }

    /// Asks to join a room. The first one becomes the room to speak in. Does nothing on the CrazyIt wire, where
    /// everybody is in the only room.
    pub fn join(&mut self, room: &RoomName) -> Result<(), Error> {
        if self.wire == Wire::Irc {
            self.send(&Request::Join { room: room.to_string(), key: None })?;
        }
        self.room.get_or_insert_with(|| room.clone());
        Ok(())
    }

    /// Leaves a room. If it was the room to speak in, there is none until the next `join` or `turn_to`.
    pub fn part(&mut self, room: &RoomName) -> Result<(), Error> {
        self.send(&Request::Part { room: room.to_string(), reason: String::new() })?;
        self.room.take_if(|here| here == room);
        Ok(())
    }

    /// Makes this the room to speak in.
    pub fn turn_to(&mut self, room: &RoomName) {
        self.room = Some(room.clone());
    }

    /// Asks for another name. An event reports the result.
    pub fn nick(&mut self, name: &UserName) -> Result<(), Error> {
        self.send(&Request::Nick(name.to_string())).map(|_| ())
    }

    /// Logs in to an account, on IRC. [`ClientEventKind::LoggedIn`](super::ClientEventKind::LoggedIn) or
    /// [`ClientEventKind::Refused`](super::ClientEventKind::Refused) reports the result. The server may give us the
    /// name of the account.
    pub fn log_in(&mut self, account: &Account) -> Result<(), Error> {
        match self.wire {
            Wire::Irc => irc::log_in_to_account(account, &self.connection),
            Wire::CrazyIt => Err(Error::Unsupported { what: "logins to accounts later on" }),
        }
    }

    /// Registers our name as an account with the password of `account`, on IRC.
    /// [`ClientEventKind::Notice`](super::ClientEventKind::Notice) or
    /// [`ClientEventKind::Refused`](super::ClientEventKind::Refused) reports the result.
    pub fn register(&mut self, account: &Account) -> Result<(), Error> {
        match self.wire {
            Wire::Irc => irc::register(account, &self.connection),
            Wire::CrazyIt => Err(Error::Unsupported { what: "registration" }),
        }
    }

    /// Says something to everybody in the room.
    pub fn say(&mut self, text: &str) -> Result<(), Error> {
        self.speak(text, Manner::Message)
    }

    /// Sends an action to everybody in the room, such as `waves`.
    pub fn act(&mut self, text: &str) -> Result<(), Error> {
        self.speak(text, Manner::Action)
    }

    /// Says something to one user. An event reports if there is no such user.
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

    /// Sends a request, in several messages if it is too long for one. If the server confirms messages, returns the
    /// mark of the last one, which comes back in [`ClientEvent::answers`](super::ClientEvent::answers).
    pub fn send(&mut self, request: &Request) -> Result<Option<u64>, Error> {
        let mut mark = None;
        for piece in self.pieces(request) {
            mark = self.send_piece(&piece)?;
        }
        Ok(mark)
    }

    /// Splits the request into pieces of one message each.
    pub(crate) fn pieces(&self, request: &Request) -> Vec<Request> {
        match self.wire {
            Wire::Irc => irc::pieces(&self.connection.name(), request),
            Wire::CrazyIt => crazyit::pieces(request),
        }
    }

    /// Sends a request of one message.
    pub(crate) fn send_piece(&mut self, request: &Request) -> Result<Option<u64>, Error> {
        let offer = self.connection.history_offer();
        let is_marked = match self.wire {
            Wire::Irc => is_answered(request) && self.connection.has_labels(),
            // Our messages come back in the same order.
            Wire::CrazyIt => matches!(request, Request::Say { .. }),
        };
        let mark = is_marked.then_some(self.mark + 1);
        let bytes = match self.wire {
            Wire::Irc => irc::encode(request, mark, offer)?,
            Wire::CrazyIt => crazyit::encode(request)?,
        };
        if let (Wire::CrazyIt, Request::Nick(name)) = (self.wire, request)
            && let Ok(name) = UserName::new(name)
        {
            self.connection.want_name(name);
        }
        if let (Wire::CrazyIt, Request::Say { text, .. }) = (self.wire, request) {
            self.connection.say(text);
        }
        self.mark = mark.unwrap_or(self.mark);
        self.connection.send(&bytes)?;
        Ok(mark)
    }

    /// Which requests for history the server answers. Complete once we are in a room.
    pub fn history_offer(&self) -> HistoryOffer {
        self.connection.history_offer()
    }

    /// Asks an IRC server to confirm everything up to now. The confirmation is an event with the returned mark.
    /// `None` on the CrazyIt wire, which cannot confirm.
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

    /// Finishes sending. The server handles what it has received, sends what is due, and closes; then
    /// [`Events`](super::Events) ends. Read events until then: on IRC our side only ends when the server has confirmed
    /// everything, because some servers drop what they have not handled by then.
    pub fn finish(self) -> Result<(), Error> {
        match self.wire {
            Wire::Irc => {
                self.connection.drain();
                self.connection.send(&irc::end_of_speech())
            }
            Wire::CrazyIt => self.connection.close(),
        }
    }

    /// Ends our side at once, if the server has already taken everything.
    pub(crate) fn close(&self) -> Result<(), Error> {
        self.connection.close()
    }

    /// Leaves at once, which others see as quitting. The server closes the connection.
    pub fn quit(self) -> Result<(), Error> {
        self.say_goodbye()
    }

    pub(crate) fn say_goodbye(&self) -> Result<(), Error> {
        match self.wire {
            Wire::Irc => {
                // Later answers do not matter.
                self.connection.leave();
                self.connection.send(irc::QUIT)
            }
            Wire::CrazyIt => self.connection.close(),
        }
    }
}

/// True for a request whose answer has its label.
fn is_answered(request: &Request) -> bool {
    use Request::{History, Say, Search, Talks, Whisper};
    matches!(request, Say { .. } | Whisper { .. } | History { .. } | Talks { .. } | Search { .. })
}
