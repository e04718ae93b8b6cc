//! Fair requests that are declined.

use std::fmt;

use super::MaskList;
use crate::name::{NameError, RoomName, UserName};

/// Why a request is declined; the session tells the peer in the words of its wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody has this name, perhaps in another letter case.
    NameTaken(UserName),
    /// This is not a name.
    NameNotAllowed(NameError),
    /// Nobody here has this name.
    NobodyCalled(UserName),
    /// The request needs a name, and this session has none.
    NotLoggedIn,
    /// The session has a name already.
    AlreadyLoggedIn,
    /// There is no such room, or none that this user may know of.
    NoSuchRoom(RoomName),
    /// The user is not in this room.
    NotInRoom(RoomName),
    /// Somebody else is not in this room.
    TheyAreNotInRoom(UserName, RoomName),
    /// Somebody is in this room already.
    TheyAreInRoom(UserName, RoomName),
    /// The user may not speak in this room, and why.
    CannotSpeak(RoomName, Mute),
    /// Only an operator of this room may do that.
    NotOperator(RoomName),
    /// Only an operator of the server may do that.
    NotServerOperator,
    /// The room is open to who is invited.
    InviteOnly(RoomName),
    /// The room has as many members as it may have.
    RoomIsFull(RoomName),
    /// The user is banned from this room.
    Banned(RoomName),
    /// The room has a key, and this is not it.
    WrongKey(RoomName),
    /// The user is in as many rooms as one may be in.
    TooManyRooms {
        /// The room that would be one too many.
        room: RoomName,
        /// How many one may be in.
        most: usize,
    },
    /// There are as many rooms as there may be.
    NoMoreRooms {
        /// The room that would be one too many.
        room: RoomName,
        /// How many there may be.
        most: usize,
    },
    /// There is no memory for another room.
    NoMemoryForRoom {
        /// The room that would be one too many.
        room: RoomName,
        /// How many bytes all rooms may take, or those that were opened from one address.
        most: usize,
        /// It is the user's address that has no more.
        of_address: bool,
    },
    /// There is no memory for more in this room.
    NoMemoryInRoom {
        /// Which room.
        room: RoomName,
        /// How many bytes all rooms may take, or those that were opened from one address.
        most: usize,
        /// It is the address from which the room was opened that has no more.
        of_address: bool,
    },
    /// There is no memory for more that a user has.
    NoMemoryForUser {
        /// How many bytes all users and rooms may take, or those of one address.
        most: usize,
        /// It is the user's address that has no more.
        of_address: bool,
    },
    /// A list of masks has as many as it may have.
    ListFull {
        /// Of this room.
        room: RoomName,
        /// Which list.
        list: MaskList,
        /// The mask that would be one too many.
        mask: String,
        /// How many it may have.
        most: usize,
    },
    /// A list of watched names has as many as it may have.
    WatchListFull {
        /// The name that would be one too many.
        name: UserName,
        /// How many it may have.
        most: usize,
    },
}

/// Why somebody may not speak in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mute {
    /// Only members may, and they are none.
    Outside,
    /// Only who has a rank may.
    Moderated,
    /// They are banned.
    Banned,
    /// It takes no requests from client to client (CTCP).
    Ctcp,
}

impl Refusal {
    /// Which kind it is, in a word that stays the same between versions: refusals are counted by it.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NameTaken(_) => "name-taken",
            Self::NameNotAllowed(_) => "name-not-allowed",
            Self::NobodyCalled(_) => "no-such-user",
            Self::NotLoggedIn => "not-logged-in",
            Self::AlreadyLoggedIn => "already-logged-in",
            Self::NoSuchRoom(_) => "no-such-room",
            Self::NotInRoom(_) => "not-in-room",
            Self::TheyAreNotInRoom(..) => "they-are-not-in-room",
            Self::TheyAreInRoom(..) => "they-are-in-room",
            Self::CannotSpeak(..) => "cannot-speak",
            Self::NotOperator(_) => "not-room-operator",
            Self::NotServerOperator => "not-server-operator",
            Self::InviteOnly(_) => "invite-only",
            Self::RoomIsFull(_) => "room-full",
            Self::Banned(_) => "banned",
            Self::WrongKey(_) => "wrong-key",
            Self::TooManyRooms { .. } => "too-many-rooms",
            Self::NoMoreRooms { .. } => "no-more-rooms",
            Self::NoMemoryForRoom { .. } => "no-memory-for-room",
            Self::NoMemoryForUser { .. } => "no-memory-for-user",
            Self::NoMemoryInRoom { .. } => "no-memory-in-room",
            Self::ListFull { .. } => "list-full",
            Self::WatchListFull { .. } => "watch-list-full",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken(name) => write!(f, "the name {name} is taken, choose another"),
            Self::NameNotAllowed(why) => write!(f, "{why}"),
            Self::NobodyCalled(name) => write!(f, "nobody here is called {name}"),
            Self::NotLoggedIn => f.write_str("log in before you speak"),
            Self::AlreadyLoggedIn => f.write_str("you are logged in already"),
            Self::NoSuchRoom(room) => write!(f, "there is no room {room}"),
            Self::NotInRoom(room) => write!(f, "you are not in {room}, join it first"),
            Self::TheyAreNotInRoom(name, room) => write!(f, "{name} is not in {room}"),
            Self::TheyAreInRoom(name, room) => write!(f, "{name} is in {room} already"),
            Self::CannotSpeak(room, Mute::Outside) => {
                write!(f, "only members may speak in {room}, join it first")
            }
            Self::CannotSpeak(room, Mute::Moderated) => {
                write!(f, "{room} is moderated, ask one of its operators for a voice")
            }
            Self::CannotSpeak(room, Mute::Banned) => {
                write!(f, "you are banned from speaking in {room}, ask one of its operators to lift the ban")
            }
            Self::CannotSpeak(room, Mute::Ctcp) => {
                write!(f, "{room} takes no CTCP requests but /me, send it to one person or ask for mode -C")
            }
            Self::NotOperator(room) => write!(f, "only an operator of {room} may do that"),
            Self::NotServerOperator => f.write_str("only an operator of the server may do that, see OPER"),
            Self::InviteOnly(room) => write!(f, "{room} is open to who is invited, ask somebody inside"),
            Self::RoomIsFull(room) => {
                write!(f, "{room} has as many members as its operators allow, try again when one has left")
            }
            Self::Banned(room) => {
                write!(f, "you are banned from {room}, ask one of its operators to lift the ban")
            }
            Self::WrongKey(room) => write!(f, "{room} has a key, and this is not it"),
            Self::TooManyRooms { room, most } => {
                write!(f, "you are in {most} rooms, leave one before you join {room}")
            }
            Self::NoMoreRooms { most, .. } => {
                write!(f, "there are {most} rooms already, join one of them or try again in a few minutes")
            }
            Self::NoMemoryForRoom { most, of_address: true, .. } => write!(
                f,
                "the rooms opened from your address take the {most} bytes that they may, leave one or remove masks"
            ),
            Self::NoMemoryForRoom { most, of_address: false, .. } => write!(
                f,
                "all rooms take the {most} bytes that they may, join one of them or try again in a few minutes"
            ),
            Self::NoMemoryInRoom { room, most, of_address: true } => write!(
                f,
                "{room} and the other rooms opened from one address take the {most} bytes that they may, remove masks"
            ),
            Self::NoMemoryInRoom { most, of_address: false, .. } => write!(
                f,
                "all rooms take the {most} bytes that they may, remove masks or try again in a few minutes"
            ),
            Self::NoMemoryForUser { most, of_address: true } => write!(
                f,
                "users of one address and their rooms take the {most} bytes that they may, leave some or watch less"
            ),
            Self::NoMemoryForUser { most, of_address: false } => {
                write!(f, "users and rooms take the {most} bytes that they may, try again in a few minutes")
            }
            Self::ListFull { room, mask, most, .. } => {
                write!(f, "this list of {room} has {most} masks, remove one before you add {mask}")
            }
            Self::WatchListFull { name, most } => {
                write!(f, "you watch {most} names, remove one before you add {name}")
            }
        }
    }
}
