//! The commands of sessions to the hub.

use std::sync::Arc;

use super::{ConnectionId, Peer, Rank, Speech};
use crate::name::{RoomName, UserName};

/// A request of one user, which succeeds or is refused as a whole.
#[derive(Clone, Debug)]
pub enum Command {
    /// Change the user's name.
    Rename(UserName),
    /// Join a room, which is created if it does not exist.
    Join {
        room: RoomName,
        /// The room's key, if it has one.
        key: Option<String>,
    },
    /// Leave a room.
    Part {
        room: RoomName,
        /// The reason; may be empty.
        reason: String,
    },
    /// Send a message to a room.
    Say {
        room: RoomName,
        /// Only to members with one of these ranks; to all if it is empty.
        to_rank: Rank,
        speech: Speech,
        /// The speaker's own connection that does not get a copy.
        unheard_by: Option<ConnectionId>,
    },
    /// Send a message to one user.
    Whisper {
        to: UserName,
        speech: Speech,
        /// The speaker's own connection that does not get a copy.
        unheard_by: Option<ConnectionId>,
    },
    /// Set the topic of a room; an empty one removes it.
    SetTopic { room: RoomName, topic: String },
    /// Remove a user from a room.
    Kick {
        room: RoomName,
        /// The user to remove.
        who: UserName,
        reason: String,
    },
    /// Invite a user to a room.
    Invite { room: RoomName, who: UserName },
    /// Change the user's own settings.
    Change(UserChange),
    /// Close a user's connections. For operators of the server.
    Kill { who: UserName, reason: String },
    /// Change a user's visible username and host. For operators of the server.
    SetHost {
        who: UserName,
        /// The part before the `@` on IRC.
        username: String,
        /// The host that others see instead of the address.
        host: String,
    },
    /// Send a text to server operators and all who asked for such messages. For operators of the server.
    Wallops(String),
    /// Leave all rooms and log out.
    Leave {
        /// The reason that others see.
        reason: String,
    },
}

/// A change to the user's own settings.
#[derive(Clone, Debug)]
pub enum UserChange {
    /// The away message; `None` for back.
    Away(Option<String>),
    /// The real name.
    Realname(String),
    /// Only visible to users who share a room.
    Invisible(bool),
    /// Wants to hear `WALLOPS`.
    Wallops(bool),
    /// Is a program.
    Bot(bool),
    /// Is a server operator. The session has checked the password.
    Operator(bool),
}

/// What the hub needs to know of a new user besides the name.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The whole path to the user is encrypted or local.
    pub is_secure: bool,
    /// The part before the `@` on IRC.
    pub username: Arc<str>,
    /// The host that others see instead of the address.
    pub host: String,
    /// The real name, or any text the user chose.
    pub realname: Arc<str>,
    /// The address.
    pub peer: Peer,
    /// The away message with which the user comes.
    #[cfg(feature = "store")]
    pub away: Option<Arc<str>>,
}
