//! Users and rooms as values, for those who do not have them yet: other nodes, or a program that takes the place of this.

use std::sync::Arc;
use std::time::SystemTime;

use super::{Account, AccountId, ConnectionId, EventId, Peer, Profile, SavedRoom};
use crate::name::{RoomName, UserName};

/// A user without its connections and rooms.
#[derive(Clone, Debug)]
pub struct UserState {
    pub name: UserName,
    pub profile: Profile,
    pub is_invisible: bool,
    pub is_operator: bool,
    pub is_bot: bool,
    pub hears_wallops: bool,
    /// When it logged in.
    pub since: SystemTime,
    /// When it last spoke.
    pub spoke: SystemTime,
    pub invitations: Vec<(RoomName, SystemTime)>,
    pub account: Option<Box<Account>>,
    /// When the last connection of the account's user ended.
    pub seen: SystemTime,
    pub is_dismissed: bool,
    /// Its own metadata, which others see while it has no account.
    pub metadata: Vec<(Box<str>, Box<str>)>,
}

/// A device of an account's user.
#[derive(Clone, Debug)]
pub struct DeviceState {
    pub connection: ConnectionId,
    pub name: Box<str>,
    pub peer: Peer,
    pub is_secure: bool,
    pub since: SystemTime,
    pub heard: EventId,
    pub away: Option<Arc<str>>,
}

/// A room without its members. Of a room that is not registered, the founder is nobody.
#[derive(Clone, Debug)]
pub struct RoomState {
    pub saved: SavedRoom,
    /// The account to which the founder offers it.
    pub heir: Option<(AccountId, UserName)>,
    /// The names of the founder and of the accounts with ranks.
    pub names: Vec<(AccountId, UserName)>,
}

/// A user who was here.
#[derive(Clone, Debug)]
pub struct PastState {
    pub name: UserName,
    pub username: Box<str>,
    pub host: Box<str>,
    pub realname: Box<str>,
    pub peer: Peer,
    pub left: SystemTime,
    pub is_bot: bool,
    /// It was logged in to the account of its name.
    pub has_account: bool,
}
