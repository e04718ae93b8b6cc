//! What a session asks of the hub.

use std::rc::Rc;

use super::{ConnectionId, Peer, Rank, Speech};
use crate::name::{RoomName, UserName};

/// Something that one user asks for, and that is done or refused as a whole.
#[derive(Clone, Debug)]
pub enum Command {
    /// Take another name.
    Rename(UserName),
    /// Enter a room, which is made when there is none.
    Join {
        /// Which.
        room: RoomName,
        /// The key to it, where it has one.
        key: Option<String>,
    },
    /// Leave a room.
    Part {
        /// Which.
        room: RoomName,
        /// Why; empty for no reason given.
        reason: String,
    },
    /// Tell everybody in a room.
    Say {
        /// Where.
        room: RoomName,
        /// Only those who have one of these ranks, where there is one.
        to_rank: Rank,
        /// What.
        speech: Speech,
        /// The speaker does not hear it at this connection, where it said it.
        unheard_by: Option<ConnectionId>,
    },
    /// Tell one user.
    Whisper {
        /// Who shall hear it.
        to: UserName,
        /// What.
        speech: Speech,
        /// The speaker does not hear it at this connection, where it said it.
        unheard_by: Option<ConnectionId>,
    },
    /// Set the topic of a room; an empty one takes it away.
    SetTopic {
        /// Which room.
        room: RoomName,
        /// The topic.
        topic: String,
    },
    /// Remove somebody from a room.
    Kick {
        /// Which room.
        room: RoomName,
        /// Whom.
        who: UserName,
        /// Why.
        reason: String,
    },
    /// Invite somebody to a room.
    Invite {
        /// Which room.
        room: RoomName,
        /// Whom.
        who: UserName,
    },
    /// Change something about oneself.
    Change(UserChange),
    /// End somebody's connection. For operators of the server.
    Kill {
        /// Whose.
        who: UserName,
        /// Why.
        reason: String,
    },
    /// Have somebody seen under another username and host. For operators of the server.
    SetHost {
        /// Whom.
        who: UserName,
        /// What IRC shows before the `@`.
        username: String,
        /// What others see in place of the address.
        host: String,
    },
    /// Tell all operators of the server, and who else wants to know. For operators of the server.
    Wallops(String),
    /// Leave all rooms and give the name back.
    Leave {
        /// What others are told.
        reason: String,
    },
}

/// A change of one's own that concerns no room.
#[derive(Clone, Debug)]
pub enum UserChange {
    /// Away, and why; or back.
    Away(Option<String>),
    /// The name in real life.
    Realname(String),
    /// Seen only by those who share a room.
    Invisible(bool),
    /// Wants to hear what operators tell all.
    Wallops(bool),
    /// Is a program.
    Bot(bool),
    /// Is an operator of the server. The session has checked the password.
    Operator(bool),
}

/// What a user brings along besides a name.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Nobody on the way can read what the user says and hears.
    pub is_secure: bool,
    /// What IRC shows before the `@`.
    pub username: Rc<str>,
    /// What others see in place of the address.
    pub host: String,
    /// The name in real life, or whatever the user put there.
    pub realname: Rc<str>,
    /// The address.
    pub peer: Peer,
}
