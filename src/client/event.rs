//! Events of the client library: plain values, the same on both wires.

use std::time::SystemTime;

/// An event from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientEvent {
    /// When it happened, by the server's clock, if the server says so.
    pub time: Option<SystemTime>,
    /// The id of the message (IRCv3 `msgid`), the same live and in the history, if the server gives it one.
    pub id: Option<String>,
    /// We did it ourselves, such as a message that the server sends back.
    pub is_own: bool,
    /// Another device of our account did it, which is also our own. Only known of what we say: on IRC if the server
    /// labels its answers, on the CrazyIt wire if we are logged in to an account.
    pub is_other_device: bool,
    /// The server has handled everything up to this mark, which [`Speaker::send`](super::Speaker::send) returned.
    pub answers: Option<u64>,
    /// What happened.
    pub kind: ClientEventKind,
}

/// The kinds of events. Names are spelled as the server sends them: other servers allow other names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientEventKind {
    /// Somebody spoke to everybody in a room.
    Said {
        /// Where; `None` on the CrazyIt wire, which knows only one room.
        room: Option<String>,
        /// Who.
        from: String,
        /// What.
        text: String,
        /// How.
        manner: Manner,
    },
    /// Somebody spoke to one user: to us, or we to them.
    Whispered {
        /// Who.
        from: String,
        /// To whom; `None` if that can only be us.
        to: Option<String>,
        /// What.
        text: String,
        /// How.
        manner: Manner,
    },
    /// Somebody joined a room. If we did, [`ClientEventKind::Present`] follows.
    Joined {
        /// Where.
        room: String,
        /// Who.
        who: String,
    },
    /// Somebody left a room.
    Parted {
        /// Where.
        room: String,
        /// Who.
        who: String,
        /// Why; may be empty.
        reason: String,
    },
    /// Somebody left the server.
    Quit {
        /// Who.
        who: String,
        /// Why; may be empty.
        reason: String,
    },
    /// Somebody was removed from a room.
    Kicked {
        /// Where.
        room: String,
        /// Who.
        who: String,
        /// By whom.
        by: String,
        /// Why; may be empty.
        reason: String,
    },
    /// Somebody changed their name.
    Renamed {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// The topic of a room.
    Topic {
        /// Which.
        room: String,
        /// The topic; empty if there is none.
        topic: String,
        /// The user who has just set it; `None` if it was set before we joined.
        by: Option<String>,
    },
    /// Who is in a room.
    Present {
        /// Which.
        room: String,
        /// Who.
        members: Vec<Member>,
    },
    /// The server puts us into another room than the one we asked for. [`ClientEventKind::Joined`] follows.
    Forwarded {
        /// The room we asked for.
        from: String,
        /// The room we get.
        to: String,
        /// Why.
        text: String,
    },
    /// Somebody is invited to a room.
    Invited {
        /// Which.
        room: String,
        /// Who.
        who: String,
        /// By whom.
        by: String,
    },
    /// The modes of a room or a user changed, or a rank in a room.
    Changed {
        /// Whose.
        of: String,
        /// By whom.
        by: String,
        /// The changes in IRC's letters, such as `+o bob`.
        changes: String,
    },
    /// A text from the server itself, for people.
    Notice(String),
    /// Messages of a room: the answer to [`Request::History`](super::Request::History). Some servers send it after a
    /// join, without a request.
    History {
        /// Where.
        room: String,
        /// The messages, usually in order of time.
        events: Vec<ClientEvent>,
        /// The server says that there is no more of what was asked for.
        is_all: bool,
    },
    /// We have exchanged private messages with this user: an answer to [`Request::Talks`](super::Request::Talks).
    TalkedWith {
        /// Whom.
        who: String,
        /// The time of the last message.
        last: Option<SystemTime>,
    },
    /// How far we have read, also on another device. Some servers send it after a join, without a request.
    ReadMarker {
        /// The room, or the user who wrote to us.
        of: String,
        /// The time of the last message that we have read; `None` if the server does not know.
        at: Option<SystemTime>,
    },
    /// The messages that were found: the answer to [`Request::Search`](super::Request::Search).
    Found(Vec<ClientEvent>),
    /// The server refused a request.
    Refused {
        /// The command that it refused, if the answer is a `FAIL`.
        command: Option<String>,
        /// The numeric or the code of `FAIL`.
        code: String,
        /// The name, room or command that it is about, if any.
        about: Option<String>,
        /// Why.
        text: String,
    },
    /// Information from the server, such as the message of the day.
    Info(String),
    /// The server named its program.
    Server {
        /// The program and its version.
        version: String,
    },
    /// The server has handled something that we sent; see [`ClientEvent::answers`].
    Taken,
    /// The server regards us as the owner of this account.
    LoggedIn {
        /// Its name.
        account: String,
    },
    /// The server does not regard us as the owner of an account any more.
    LoggedOut,
    /// The server ends the connection, for this reason.
    Closing(String),
}

/// True if `version` names our own server.
pub(crate) fn is_parlord(version: &str) -> bool {
    version.starts_with("parlor-")
}

/// How somebody spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Manner {
    /// A message.
    Message,
    /// A message of a program that wants no answer.
    Notice,
    /// An action, such as `waves`.
    Action,
}

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// IRC's signs for the rank: `@` operator, `+` voice, usually empty.
    pub rank: String,
    /// Who.
    pub name: String,
}
