//! Valid requests that the hub refuses.

use std::fmt;

use super::MaskList;
use crate::name::{NameError, RoomName, UserName};

/// Why a request is refused. The session translates it for the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The name is taken, perhaps in another letter case.
    NameTaken(UserName),
    /// The name is that of an account, or looks like one.
    #[cfg(feature = "store")]
    NameRegistered(UserName),
    /// A user with an account has the account's name.
    #[cfg(feature = "store")]
    NamedByAccount(UserName),
    /// Only users with an account may join the room.
    #[cfg(feature = "store")]
    AccountsOnly(RoomName),
    /// Only users with an account may do that.
    #[cfg(feature = "store")]
    NoAccount,
    /// The account was deleted after the client had proven to be its owner.
    #[cfg(feature = "store")]
    AccountDropped(UserName),
    /// The room belongs to the server and cannot be registered.
    #[cfg(feature = "store")]
    RoomOfServer(RoomName),
    /// The room is registered already.
    #[cfg(feature = "store")]
    RoomRegistered(RoomName),
    /// The room is not registered.
    #[cfg(feature = "store")]
    NotRegistered(RoomName),
    /// Only the founder of this room may do that.
    #[cfg(feature = "store")]
    NotFounder(RoomName),
    /// Nobody has offered this room to the user's account.
    #[cfg(feature = "store")]
    NotOffered(RoomName),
    /// No more rooms can be registered.
    #[cfg(feature = "store")]
    TooManyRegistered {
        room: RoomName,
        most: usize,
        /// True for the limit of the account, false for that of all.
        of_account: bool,
    },
    /// The list of accounts with ranks is full.
    #[cfg(feature = "store")]
    RanksFull { room: RoomName, most: usize },
    /// The account has as many connections as are allowed.
    #[cfg(feature = "store")]
    TooManyDevices { name: UserName, most: usize },
    /// The name is not valid.
    NameNotAllowed(NameError),
    /// No user has this name.
    NobodyCalled(UserName),
    /// The session is not logged in.
    NotLoggedIn,
    /// The session is already logged in.
    AlreadyLoggedIn,
    /// The room does not exist or is not visible to the user.
    NoSuchRoom(RoomName),
    /// The user is not in this room.
    NotInRoom(RoomName),
    /// The other user is not in this room.
    TheyAreNotInRoom(UserName, RoomName),
    /// The other user is already in this room.
    TheyAreInRoom(UserName, RoomName),
    /// The user may not speak in this room.
    CannotSpeak(RoomName, Mute),
    /// Only operators of this room may do that.
    NotOperator(RoomName),
    /// Only operators of the server may do that.
    NotServerOperator,
    /// Only invited users may join the room.
    InviteOnly(RoomName),
    /// The room has reached its limit of members.
    RoomIsFull(RoomName),
    /// The user is banned from this room.
    Banned(RoomName),
    /// The room's key is missing or wrong.
    WrongKey(RoomName),
    /// The user has reached the limit of rooms per user.
    TooManyRooms { room: RoomName, most: usize },
    /// The server has reached the limit of rooms.
    NoMoreRooms { room: RoomName, most: usize },
    /// Not enough memory for another room.
    NoMemoryForRoom {
        room: RoomName,
        /// The limit in bytes, for all rooms or for those opened from one address.
        most: usize,
        /// True for the limit of the user's address.
        of_address: bool,
    },
    /// Not enough memory to change this room.
    NoMemoryInRoom {
        room: RoomName,
        /// The limit in bytes, for all rooms or for those opened from one address.
        most: usize,
        /// True for the limit of the address that opened the room.
        of_address: bool,
    },
    /// Not enough memory for more data of this user.
    NoMemoryForUser {
        /// The limit in bytes, for all users and rooms or for those of one address.
        most: usize,
        /// True for the limit of the user's address.
        of_address: bool,
    },
    /// A list of masks is full.
    ListFull { room: RoomName, list: MaskList, mask: String, most: usize },
    /// A watch list is full.
    WatchListFull { name: UserName, most: usize },
}

/// Why a user may not speak in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mute {
    /// Only members may, and the user is none.
    Outside,
    /// Only members with a rank may.
    Moderated,
    /// The user is banned.
    Banned,
    /// The room does not allow CTCP requests.
    Ctcp,
    /// Only users with accounts may, and members with a rank.
    #[cfg(feature = "store")]
    NoAccount,
}

impl Refusal {
    /// A stable name of the variant, for metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NameTaken(_) => "name-taken",
            #[cfg(feature = "store")]
            Self::NameRegistered(_) => "name-registered",
            #[cfg(feature = "store")]
            Self::NamedByAccount(_) => "named-by-account",
            #[cfg(feature = "store")]
            Self::AccountsOnly(_) => "accounts-only",
            #[cfg(feature = "store")]
            Self::NoAccount => "no-account",
            #[cfg(feature = "store")]
            Self::AccountDropped(_) => "account-dropped",
            #[cfg(feature = "store")]
            Self::RoomOfServer(_) => "room-of-server",
            #[cfg(feature = "store")]
            Self::RoomRegistered(_) => "room-registered",
            #[cfg(feature = "store")]
            Self::NotRegistered(_) => "not-registered",
            #[cfg(feature = "store")]
            Self::NotFounder(_) => "not-founder",
            #[cfg(feature = "store")]
            Self::NotOffered(_) => "not-offered",
            #[cfg(feature = "store")]
            Self::TooManyRegistered { .. } => "too-many-registered-rooms",
            #[cfg(feature = "store")]
            Self::RanksFull { .. } => "ranks-full",
            #[cfg(feature = "store")]
            Self::TooManyDevices { .. } => "too-many-devices",
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
            #[cfg(feature = "store")]
            Self::NameRegistered(name) => write!(
                f,
                "the name {name} is registered: log in to it with SASL or PASS {name}:PASSWORD, or choose another name"
            ),
            #[cfg(feature = "store")]
            Self::NamedByAccount(name) => {
                write!(f, "you are logged in as {name}: send NS LOGOUT before you take another name")
            }
            #[cfg(feature = "store")]
            Self::TooManyDevices { name, most } => {
                write!(f, "{name} is here with {most} connections already, end one of them first")
            }
            Self::NameNotAllowed(why) => write!(f, "{why}"),
            #[cfg(feature = "store")]
            Self::NoAccount => {
                f.write_str("only users with an account may do that, see /msg NickServ HELP REGISTER")
            }
            #[cfg(feature = "store")]
            Self::AccountDropped(name) => {
                write!(f, "the account {name} was deleted meanwhile: register it again, or take another name")
            }
            #[cfg(feature = "store")]
            Self::RoomOfServer(room) => write!(f, "{room} belongs to the server and cannot be registered"),
            #[cfg(feature = "store")]
            Self::RoomRegistered(room) => {
                write!(f, "{room} is registered already, see /msg ChanServ INFO {room}")
            }
            #[cfg(feature = "store")]
            Self::NotRegistered(room) => {
                write!(
                    f,
                    "{room} is not registered, its operator can do that with /msg ChanServ REGISTER {room}"
                )
            }
            #[cfg(feature = "store")]
            Self::NotFounder(room) => {
                write!(f, "only the founder of {room} may do that, see /msg ChanServ INFO {room}")
            }
            #[cfg(feature = "store")]
            Self::NotOffered(room) => {
                write!(f, "{room} is not offered to you, ask its founder for TRANSFER {room}")
            }
            #[cfg(feature = "store")]
            Self::TooManyRegistered { most, of_account: true, .. } => {
                write!(f, "one account may have {most} rooms, unregister or transfer one first")
            }
            #[cfg(feature = "store")]
            Self::TooManyRegistered { most, of_account: false, .. } => {
                write!(f, "{most} rooms are registered, and this server allows no more")
            }
            #[cfg(feature = "store")]
            Self::RanksFull { room, most } => {
                write!(f, "{most} accounts have a rank in {room}, take that of one before you add another")
            }
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
                write!(f, "{room} allows no CTCP requests but /me, send it to one person or ask for mode -C")
            }
            #[cfg(feature = "store")]
            Self::CannotSpeak(room, Mute::NoAccount) => {
                write!(
                    f,
                    "only users with accounts may speak in {room}: log in, or ask its operators for a voice"
                )
            }
            #[cfg(feature = "store")]
            Self::AccountsOnly(room) => {
                write!(f, "only users with accounts may join {room}: log in first, NS HELP says how")
            }
            Self::NotOperator(room) => write!(f, "only an operator of {room} may do that"),
            Self::NotServerOperator => f.write_str("only an operator of the server may do that, see OPER"),
            Self::InviteOnly(room) => write!(f, "{room} is invite-only, ask a member for an invitation"),
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
                "the rooms opened from your address have reached their limit of {most} bytes, leave one or remove masks"
            ),
            Self::NoMemoryForRoom { most, of_address: false, .. } => write!(
                f,
                "all rooms have reached their limit of {most} bytes, join one of them or try again in a few minutes"
            ),
            Self::NoMemoryInRoom { room, most, of_address: true } => write!(
                f,
                "{room} and the other rooms opened from one address have reached their limit of {most} bytes, remove masks"
            ),
            Self::NoMemoryInRoom { most, of_address: false, .. } => write!(
                f,
                "all rooms have reached their limit of {most} bytes, remove masks or try again in a few minutes"
            ),
            Self::NoMemoryForUser { most, of_address: true } => write!(
                f,
                "users of one address and their rooms have reached their limit of {most} bytes, leave some or watch less"
            ),
            Self::NoMemoryForUser { most, of_address: false } => {
                write!(
                    f,
                    "users and rooms have reached their limit of {most} bytes, try again in a few minutes"
                )
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
