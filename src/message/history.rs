//! History: what the store records, what sessions ask of it, and its answers.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::{AccountId, Event, EventId, Rank, SavedRoom, SavedUser};
use crate::name::{RoomName, UserName};

/// Something to record. Records are kept in the order of their events.
#[derive(Clone, Debug)]
pub enum Record {
    /// An event in a room. One that concerns several rooms is recorded in each of them.
    Event {
        room: RoomName,
        /// Not everybody could join the room at the time: see [`Readable::closed_since`].
        is_closed: bool,
        event: Event,
    },
    /// The room's own limit was set, or removed. A limit of no lines deletes the room's history.
    Limit { room: RoomName, limit: Option<HistoryLimit>, at: SystemTime },
    /// This message is removed.
    Redaction { room: RoomName, id: EventId },
    /// A message between users of two accounts, the smaller number first. One of them may be [`AccountId::NONE`].
    Whispered { between: [AccountId; 2], event: Event },
    /// The user of an account stays without connections. Replaces what was recorded of it.
    Stays(Box<SavedUser>),
    /// The user of this account does not stay any longer.
    StaysNot(AccountId),
    /// A user that stays has joined this room, or its rank there has changed; without a rank it has left.
    Seat { account: AccountId, room: RoomName, rank: Option<Rank> },
    /// The owner of an account has read this room, or the messages of this user, up to this time. By folded name.
    Marker { account: AccountId, of: Box<str>, at: SystemTime },
    /// The last event that a device of an account has heard.
    Heard { account: AccountId, device: Box<str>, event: EventId },
    /// The owner of an account was here at this time.
    Seen { account: AccountId, at: SystemTime },
    /// Metadata of an account was set, or removed.
    Metadata { account: AccountId, key: Box<str>, value: Option<Box<str>> },
    /// A room is registered, or its state has changed.
    Room(Box<SavedRoom>),
    /// A room is not registered any longer, or has another name.
    RoomDropped(RoomName),
    /// What follows in this list was recorded after this event. Of what two nodes record of the same thing, the later
    /// prevails.
    #[cfg(feature = "cluster")]
    After(EventId),
    /// A room has another name from now on, and its history follows it. What an earlier room of the new name has left
    /// is deleted.
    RoomRenamed { from: RoomName, to: RoomName },
}

/// The most that is kept and shown of a room's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryLimit {
    /// The number of messages.
    pub lines: u32,
    /// The age of the oldest.
    pub age: Duration,
}

/// The part of a room's past that somebody may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readable {
    pub room: RoomName,
    /// Events recorded while the room was closed are readable from this one on: earlier ones belong to earlier members
    /// of a room that had the same name.
    pub closed_since: EventId,
}

/// The part of the past that a question is about. Whoever asks may read all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Room(Readable),
    /// The private messages of two accounts, the smaller number first.
    Talk([AccountId; 2]),
    /// All private messages of an account.
    Talks(AccountId),
}

impl Scope {
    /// The private messages of two accounts, which may be the same.
    pub fn talk(one: AccountId, other: AccountId) -> Self {
        Self::Talk(AccountId::sorted(one, other))
    }
}

impl From<Readable> for Scope {
    fn from(readable: Readable) -> Self {
        Self::Room(readable)
    }
}

/// A question to the store.
#[derive(Clone, Debug)]
pub enum Query {
    /// Events, each selection answered on its own.
    Events(Vec<Selection>),
    /// The last message in an interval of each room and talk that has some.
    Targets {
        scopes: Vec<Scope>,
        interval: Interval,
        /// Most messages in the answer.
        most: usize,
    },
    /// Messages that contain all of these words, ignoring letter case.
    Search {
        scopes: Vec<Scope>,
        words: Vec<String>,
        /// Only by users of this name.
        from: Option<UserName>,
        interval: Interval,
        /// Most messages in the answer.
        most: usize,
    },
    /// One message.
    Message { of: Scope, id: EventId },
}

impl Query {
    /// The number of scopes that it is about, each as often as it is named, and at least 1.
    pub fn scopes(&self) -> usize {
        match self {
            Self::Events(selections) => selections.len().max(1),
            Self::Targets { scopes, .. } | Self::Search { scopes, .. } => scopes.len().max(1),
            Self::Message { .. } => 1,
        }
    }
}

/// Events of one scope.
#[derive(Clone, Debug)]
pub struct Selection {
    pub of: Scope,
    pub interval: Interval,
    /// Joins, mode changes and so on, besides messages.
    pub with_events: bool,
    /// Most events in the answer.
    pub most: usize,
}

/// An interval of the past, without its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Later than this.
    pub after: EventId,
    /// Earlier than this.
    pub before: EventId,
    /// Where to begin if there is more than is wanted.
    pub first: First,
}

/// Which end of an interval is wanted first. Answers are always in the order of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Oldest,
    Newest,
}

impl Interval {
    /// All of the past, newest first.
    pub const LATEST: Self = Self { after: EventId::MIN, before: EventId::MAX, first: First::Newest };
}

/// The answer to a [`Query`].
#[derive(Clone, Debug)]
pub enum Answer {
    /// For each selection its events, in order.
    Events(Vec<Selected>),
    /// The last messages of rooms and talks in the interval, in order.
    Targets(Vec<Event>),
    /// Messages that were found, in order.
    Found(Vec<Event>),
    /// The message, if there is such.
    Message(Option<Event>),
    /// This store cannot search.
    #[cfg(feature = "cluster")]
    Unsearchable,
    /// The store has failed.
    Failed,
}

/// The events of one [`Selection`], in order.
#[derive(Clone, Debug)]
pub struct Selected {
    pub of: Scope,
    pub events: Vec<Event>,
    /// The end of the interval that was wanted first.
    pub first: First,
    /// There are no more in the interval.
    pub is_all: bool,
}

/// What a session asks the store, and why.
#[derive(Clone, Debug)]
pub struct Recall {
    pub query: Query,
    pub purpose: RecallFor,
}

/// Why a session asks for the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecallFor {
    /// `CHATHISTORY` with this subcommand for a room, or a user of this name.
    Chathistory { subcommand: Cow<'static, str>, target: Box<str>, of: Scope },
    /// `CHATHISTORY TARGETS`.
    Targets,
    /// `PLAY` of `znc.in/playback`.
    Play,
    /// `LIST` of `znc.in/playback`.
    ListPlayable,
    /// `SEARCH`, from this end of the interval.
    Search(First),
    /// After joining rooms, for clients that cannot ask.
    Replay,
    /// For a device that has missed something.
    Missed,
    /// `REDACT` of a message in this room.
    Redaction { room: RoomName, id: EventId, reason: String },
}
