//! What nodes tell each other: operations, which change the shared state in the order of the log, and messages.

use std::time::SystemTime;

use super::{
    Account, AccountId, Ban, Command, ConnectionId, DeviceState, Epoch, Event, EventId, LogIndex, Node,
    NodeId, PastState, Profile, Rank, RoomChange, RoomState, UserId, UserState,
};
use crate::name::{RoomName, UserName};
use crate::network::Network;

/// An entry of the log: what one node did while it had the lock.
#[derive(Clone, Debug)]
pub struct LogEntry {
    pub index: LogIndex,
    pub node: NodeId,
    pub epoch: Epoch,
    /// The time of all its operations.
    pub time: SystemTime,
    pub operations: Vec<Dated>,
    /// The number of users after it, to find out when states differ.
    pub users: u32,
    /// The number of rooms after it.
    pub rooms: u32,
}

/// An operation with the last event id before it: it produces the same ids everywhere.
#[derive(Clone, Debug)]
pub struct Dated {
    pub after: EventId,
    pub operation: Operation,
}

/// A change of shared state: a call of the hub that has succeeded. Connections are those of the node that made it; users
/// have the same ids on all nodes.
#[derive(Clone, Debug)]
pub enum Operation {
    /// The node is up; a newcomer needs a snapshot of the state after this. `attempt` counts from 0.
    Hello {
        node: Node,
        attempt: u32,
    },
    /// The node has founded the cluster anew: the state before is void.
    Reset,
    /// This node is down, and its users leave.
    Down {
        node: NodeId,
        epoch: Epoch,
    },
    LogIn {
        connection: ConnectionId,
        name: UserName,
        profile: Profile,
    },
    EnterAccount {
        connection: ConnectionId,
        device: Box<str>,
        profile: Profile,
        account: Box<Account>,
    },
    Identify {
        user: UserId,
        connection: ConnectionId,
        device: Box<str>,
        profile: Profile,
        account: Box<Account>,
        /// The last event that the device of the account before has certainly heard.
        heard: Option<EventId>,
    },
    LogOut {
        user: UserId,
        connection: ConnectionId,
        profile: Profile,
        heard: Option<EventId>,
    },
    /// A connection has ended. `heard` is the last event that has certainly reached its device.
    Detach {
        user: UserId,
        connection: ConnectionId,
        heard: Option<EventId>,
    },
    /// Users leave together, each for a reason.
    Leave(Vec<(UserId, String)>),
    /// Any command but messages.
    Command(UserId, Command),
    ChangeRoom {
        user: UserId,
        room: RoomName,
        changes: Vec<RoomChange>,
    },
    LeaveDevice {
        user: UserId,
        connection: ConnectionId,
        away: Option<Box<str>>,
    },
    SetAlwaysOn {
        user: UserId,
        always_on: Option<bool>,
    },
    AddAccount(AccountId, UserName),
    RemoveAccount(UserName),
    DropAccount(UserName),
    RegisterRoom {
        user: UserId,
        room: RoomName,
    },
    UnregisterRoom {
        user: UserId,
        room: RoomName,
    },
    OfferRoom {
        user: UserId,
        room: RoomName,
        heir: (AccountId, UserName),
    },
    AcceptRoom {
        user: UserId,
        room: RoomName,
    },
    TransferRoom {
        user: UserId,
        room: RoomName,
        heir: (AccountId, UserName),
    },
    SetLastingRanks {
        user: UserId,
        room: RoomName,
        who: (AccountId, UserName),
        changes: Vec<(Rank, bool)>,
    },
    SetRanks {
        user: UserId,
        room: RoomName,
        changes: Vec<RoomChange>,
    },
    /// The number is that of the variant of `hub::Clearing`.
    ClearRoom {
        user: UserId,
        room: RoomName,
        what: u8,
    },
    RenameRoom {
        user: UserId,
        from: RoomName,
        to: RoomName,
        reason: String,
    },
    /// Nobody else checks who is the author.
    Redact {
        user: UserId,
        room: RoomName,
        message: EventId,
        reason: String,
    },
    MarkRead {
        user: UserId,
        of: Box<str>,
        target: Box<str>,
        at: SystemTime,
    },
    SetMetadata {
        user: UserId,
        of: Described,
        key: Box<str>,
        value: Option<Box<str>>,
    },
    ClearMetadata {
        user: UserId,
        of: Described,
    },
    Ban {
        user: UserId,
        ban: Ban,
    },
    Unban {
        user: UserId,
        network: Network,
    },
    TellOperators(String),
    /// Devices end, because `by` wants it: each at its node, under the number that it has there.
    EndDevices {
        user: UserId,
        devices: Vec<(NodeId, ConnectionId)>,
        by: Box<str>,
        reason: Box<str>,
    },
    /// A user of a node that has rejoined is back.
    Return(Box<Returning>),
}

/// Whose metadata an operation changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Described {
    User(UserId),
    Room(RoomName),
}

/// A user as its node brings it back when it has rejoined.
#[derive(Clone, Debug)]
pub struct Returning {
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
    /// Its connection, if it has no account.
    pub connection: Option<ConnectionId>,
    /// Its account and the devices on the node.
    pub account: Option<(Box<Account>, Vec<DeviceState>)>,
    /// The rooms that it was in, with its ranks, and with their settings in case that they do not exist any longer.
    pub rooms: Vec<(Box<RoomState>, Rank)>,
    /// Its metadata, if it has no account.
    pub metadata: Vec<(Box<str>, Box<str>)>,
}

/// A user in a snapshot.
#[derive(Clone, Debug)]
pub struct NodeUser {
    pub id: UserId,
    /// The node of a user without an account.
    pub node: Option<NodeId>,
    /// Identifies its login: see `Relayed`.
    pub login: u64,
    pub state: UserState,
    /// The devices of the account's user, each with its node.
    pub devices: Vec<(NodeId, DeviceState)>,
}

/// The whole shared state after a log entry.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The last entry that is part of it.
    pub index: LogIndex,
    /// The SHA-1 of this entry, in hexadecimal digits.
    pub digest: Box<str>,
    pub last_event: EventId,
    pub nodes: Vec<Node>,
    /// Users by ascending id.
    pub users: Vec<NodeUser>,
    /// Ids that are free, in the order in which they became so: the last is used next.
    pub vacant: Vec<UserId>,
    /// Rooms with their members, in order, and their ranks.
    pub rooms: Vec<(RoomState, Vec<(UserId, Rank)>)>,
    /// Most recent first.
    pub past: Vec<PastState>,
    pub accounts: Vec<(AccountId, UserName)>,
    pub bans: Vec<Ban>,
    /// The last number given to a guest.
    pub last_guest: u32,
    /// The last number given to a login.
    pub last_login: u64,
}

/// A message for users on other nodes.
#[derive(Clone, Debug)]
pub struct Relayed {
    pub node: NodeId,
    pub epoch: Epoch,
    /// Counts the messages of this life of the node, from 1.
    pub number: u64,
    /// The last log entry that the node knew.
    pub after: LogIndex,
    /// What was said, `Said` or `Whispered`, by a user.
    pub event: Event,
    /// The author.
    pub from: Login,
    /// The addressee of a private message, unless its account's user is not here.
    pub to: Option<Login>,
}

/// A user who is here, and its login, since ids are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: UserId,
    pub login: u64,
}

/// A message that a node's hub gives to the others.
#[derive(Clone, Debug)]
pub struct Relay {
    pub event: Event,
    pub from: Login,
    pub to: Option<Login>,
    /// Where it must go.
    pub route: Route,
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// To whoever reads the shard of its room.
    Shard,
    /// To these nodes.
    Inboxes(Vec<NodeId>),
}
